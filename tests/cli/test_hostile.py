"""Runs that somebody sent: nothing of them is executed, followed or obeyed, and what is wrong is said in a line."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from simrun.config.options import Config
from simrun.log.chain import chained
from simrun.log.manifest import Manifest
from simrun.log.trust import note

READERS = ("show", "replay", "report", "resume", "judge", "compare")
"""All commands that are told of a run."""
OBEYED = [chr(each) for each in (*range(0x20), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F))]
OBEYED += [chr(each) for each in (*range(0x2066, 0x206A), 0x200B, 0xFEFF, 0x2028, 0x2029, 0xE0041)]
MODULE = """
from pathlib import Path
Path({canary!r}).touch()
from simrun.scenarios.clinic.consultation import Clinic
class Evil(Clinic):
    pass
"""


def edit(run: Path, change: Callable[[dict[str, Any]], None], whole: bool = True) -> Path:
    """Change a manifest; `whole`, so that its own digest fits again."""
    told = json.loads((run / "manifest.json").read_bytes())
    change(told)
    if whole:
        told["digest"] = Config.model_validate(told["config"]).digest()
    (run / "manifest.json").write_bytes(orjson.dumps(told))
    return run


def merge(told: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(told.get(key), dict):
            merge(told[key], value)
        else:
            told[key] = value


def changed(run: Path, **config: Any) -> Path:
    return edit(run, lambda told: merge(told["config"], config))


def rewrite(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change lines of the log, chained again and with their head in the manifest: what a forger would do."""
    (file,) = (run / "log").glob("*.jsonl")
    head, lines = "0" * 32, []
    for line in file.read_bytes().splitlines():
        fields = json.loads(line) | {"prev": head}
        change(fields)
        lines.append(orjson.dumps(fields) + b"\n")
        head = chained(lines[-1])
    file.write_bytes(b"".join(lines))
    edit(run, lambda told: told.update(heads={"": head}))


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """What must not be there."""
    return tmp_path / "executed"


@pytest.fixture
def module(tmp_path: Path, canary: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A class that leaves the canary when its module is imported, to be found by whoever looks for it."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "evil_module.py").write_text(MODULE.format(canary=str(canary)))
    monkeypatch.syspath_prepend(str(folder))
    sys.modules.pop("evil_module", None)
    return "evil_module:Evil"


def typed(name: str, run: Path, *more: str) -> list[str]:
    extra = [str(run)] if name == "compare" else ["judge=observer"] if name == "judge" else []
    return [name, str(run), *extra, *more]


# Who began it


@pytest.mark.parametrize("name", ["resume", "judge"])
def test_a_run_that_was_sent_is_asked_about(command, sent, name):
    code, out, told = command(*typed(name, sent))
    assert (code, out) == (2, "")
    assert f"{sent} was not begun here by you" in told
    assert "trust=true" in told
    assert told.count("\n") == 1


def test_a_run_that_is_trusted_is_gone_on_with(command, sent):
    assert command("resume", sent, "trust=true")[0] == 0
    assert command("resume", sent)[0] == 2  # trusted for that once
    assert command("judge", sent, "judge=observer", "roles.judge.backend=scripted", "trust=true")[0] == 0


def test_all_that_it_would_do_is_named(command, sent, monkeypatch):
    monkeypatch.setenv("AWS_SECRET", "hunter2")
    changed(
        sent,
        backend={
            "name": "server",
            "url": "http://user:pass@evil.example:8080/v1,https://other.example/v1",
            "key_env": "AWS_SECRET",
            "launch": True,
            "model": "/models/llama",
            "python": "/tmp/evil/python",
            "engine": {"trust_remote_code": True},
        },
        roles={"judge": {"backend": "my.judges:Backend", "engine": {"lora": "/models/lora"}}},
        judge={"names": ["my.judges:Judge"]},
        metrics=["my.metrics:Metric"],
        scenario={"data": "/home/somebody/cases.jsonl"},
    )
    told = command("resume", sent)[2]
    for named in (
        "asks evil.example:8080",
        "asks other.example",
        "environment variable AWS_SECRET",
        "starts the program /tmp/evil/python",
        "model /models/llama",
        "trust_remote_code",
        "reads /models/lora",
        "reads /home/somebody/cases.jsonl",
        "imports my.judges:Judge (judge)",
        "imports my.judges:Backend (backend)",
        "imports my.metrics:Metric (metric)",
    ):
        assert named in told
    assert "hunter2" not in told
    assert "pass@" not in told
    assert "trust=true" in told


def test_a_role_that_asks_a_server_is_named_with_the_key_it_sends_by_default(command, sent):
    changed(sent, roles={"patient": {"backend": "server", "engine": {"url": "http://evil.example/v1"}}})
    told = command("resume", sent)[2]
    assert "asks evil.example" in told
    assert "OPENAI_API_KEY" in told


def test_levels_that_change_an_engine_are_named(command, sent):
    changed(
        sent, vary={"doctor": {"key_env": ["OPENAI_API_KEY", "AWS_SECRET"], "url": ["http://a.example", "b.example"]}}
    )
    told = command("resume", sent)[2]
    assert all(named in told for named in ("AWS_SECRET", "asks a.example", "asks b.example"))


@pytest.mark.parametrize(
    "config", [{"seed": 1}, {"backend": {"group": "Black", "effect": 0.3}}, {"repeats": 2}, {"out": "/elsewhere"}]
)
def test_a_run_of_ones_own_whose_manifest_was_changed_is_ones_own_no_more(command, complete, config):
    assert command("resume", complete)[0] == 0
    changed(complete, **config)
    code, _, told = command("resume", complete)
    assert code == 2
    assert "was not begun here by you, or was moved or changed since" in told


def test_what_is_on_the_list_cannot_be_copied_out_of_a_folder(command, complete, tmp_path):
    """Neither a run of the same folder name elsewhere, nor another one in its place."""
    other = tmp_path / "other" / complete.name
    other.parent.mkdir()
    complete.rename(other)
    assert command("resume", other)[0] == 2
    other.rename(complete)
    assert command("resume", complete)[0] == 0


@pytest.mark.parametrize("mode", [0o622, 0o606, 0o660])
def test_a_list_that_others_may_write_is_none(command, complete, state, mode):
    (file,) = state.glob("simrun/*")
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(mode)
    try:
        assert command("resume", complete)[0] == (2 if mode & 0o022 else 0)
    finally:
        file.chmod(0o600)


def test_a_list_in_the_current_folder_is_none(command, sent, tmp_path, monkeypatch, state):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here" / "simrun").mkdir(parents=True)
    note(Manifest.read(sent), sent)
    (tmp_path / "here" / "simrun" / "begun.jsonl").write_bytes((state / "simrun" / "begun.jsonl").read_bytes())
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", "here")
    assert command("resume", sent)[0] == 2


def test_a_home_that_cannot_be_written_costs_no_run(play, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    assert play("cases=2").complete


# Classes


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "config",
    [
        lambda evil: {"scenario": {"name": evil}},
        lambda evil: {"backend": {"name": evil}},
        lambda evil: {"roles": {"patient": {"backend": evil}}},
        lambda evil: {"judge": {"names": [evil]}},
        lambda evil: {"metrics": [evil]},
    ],
    ids=["scenario", "backend", "role", "judge", "metric"],
)
def test_a_class_is_not_imported(command, sent, module, canary, name, config):
    changed(sent, **config(module))
    code, _, told = command(*typed(name, sent))
    assert not canary.exists()
    if code:  # show and compare need no metric
        assert (code, "evil_module:Evil" in told, "trust=true" in told) == (2, True, True)
    else:
        assert name in ("show", "compare")
        assert not json.loads((sent / "manifest.json").read_bytes())["config"]["judge"]


@pytest.mark.parametrize("name", READERS)
def test_a_class_in_an_arm_is_not_imported(command, sent, module, canary, name):
    def arms(told: dict[str, Any]) -> None:
        told["arms"][0]["sets"].append({"role": "scenario", "what": "name", "kind": "option", "level": module})

    edit(sent, arms)
    assert command(*typed(name, sent))[0] == 2
    assert not canary.exists()


@pytest.mark.parametrize("own", [True, False], ids=["begun here", "sent"])
def test_a_class_in_the_log_is_not_imported(command, complete, sent, module, canary, own):
    run = complete if own else sent
    asked = {"judge": {"names": ["observer"]}, "roles": {"judge": {"backend": "scripted"}}}
    told = ["judge", run, "judge=observer", "roles.judge.backend=scripted", *([] if own else ["trust=true"])]
    assert command(*told)[0] == 0
    (file,) = (run / "log").glob("*.judge.jsonl")
    lines = file.read_bytes().splitlines()
    opening = json.loads(lines[0])
    opening["asked"] |= asked | {"judge": {"names": [module]}}
    file.write_bytes(orjson.dumps(opening) + b"\n")
    manifest = json.loads((run / "manifest.json").read_bytes())
    manifest["heads"]["judge"] = chained(file.read_bytes()[:])
    (run / "manifest.json").write_bytes(orjson.dumps(manifest))
    code, _, said = command("replay", run)
    assert code == 2
    assert "evil_module:Evil" in said
    assert not canary.exists()


def test_a_class_that_is_trusted_is_imported(command, sent, module, canary):
    changed(sent, scenario={"name": module})
    command("show", sent, "trust=true")
    assert canary.exists()


@pytest.mark.parametrize("where", ["current", "run", "above"])
@pytest.mark.parametrize(
    "way", [["-m", "simrun"], ["-c", "from simrun.cli.main import main; main()"]], ids=["-m", "-c"]
)
def test_a_class_is_never_taken_from_the_current_or_the_runs_folder(sent, tmp_path, canary, where, way):
    at, name = {
        "current": (tmp_path, "evil_module:Evil"),
        "run": (sent, "evil_module:Evil"),
        "above": (sent, "sent.evil_module:Evil"),
    }[where]
    (at / "evil_module.py").write_text(MODULE.format(canary=str(canary)))
    changed(sent, scenario={"name": name})
    path = os.pathsep.join(["", ".", str(sent), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, *way, "show", str(sent), "trust=true"],
        cwd=tmp_path if where == "current" else sent,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert not canary.exists()


def test_what_a_manifest_says_is_not_filled_in_from_this_machine(command, sent, monkeypatch, stub):
    monkeypatch.setenv("AWS_SECRET", "hunter2")
    changed(sent, backend={"name": "server", "url": stub.url, "model": "${oc.env:AWS_SECRET}"})
    command("judge", sent, "judge=observer", "trust=true")
    assert not any("hunter2" in json.dumps(seen.body) for seen in stub.seen)
    assert not any(b"hunter2" in file.read_bytes() for file in sent.rglob("*") if file.is_file())


# Links, pipes, numbers


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "link",
    "report report/report.md sealed sealed/calls.parquet manifest.json .manifest.json log/lock log/lock.judge log "  # noqa: SIM905
    "pace.jsonl plan.parquet log/00001.jsonl leases.sqlite anything/else".split(),
)
def test_a_link_is_neither_read_nor_written_through(command, sent, tmp_path, name, link):
    victim = tmp_path / "victim"
    at = sent / link
    at.parent.mkdir(exist_ok=True)
    if at.is_dir():
        at.rename(victim)
    else:
        victim.write_bytes(at.read_bytes() if at.is_file() else b"precious")
        at.unlink(missing_ok=True)
    at.symlink_to(victim)
    before = {file: file.read_bytes() for file in ([victim] if victim.is_file() else victim.rglob("*"))}
    code, _, told = command(*typed(name, sent, "trust=true"))
    assert (code, "is a link" in told) == (2, True)
    assert before == {file: file.read_bytes() for file in ([victim] if victim.is_file() else victim.rglob("*"))}
    assert at.is_symlink()


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("where", ["report/report.md", "pace.jsonl", "log/lock", "log/00000.jsonl", "manifest.json"])
def test_a_second_name_of_a_file_is_not_written_to(command, sent, tmp_path, name, where):
    """A hard link, which no walk can tell from a file: what is written becomes a file of its own, or is refused."""
    (sent / where).parent.mkdir(exist_ok=True)
    if not (sent / where).exists():
        (sent / where).write_bytes(b"")
    if where.startswith("log/00000"):
        with (sent / where).open("ab") as file:
            file.write(b"torn")
    os.link(sent / where, tmp_path / "victim")
    before = (tmp_path / "victim").read_bytes()
    code, _, told = command(*typed(name, sent, "trust=true"))
    assert "Traceback" not in told
    assert code in (0, 2, 3)
    assert (tmp_path / "victim").read_bytes() == before


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("where", ["report/report.md", "log/00001.jsonl", "pace.jsonl", "sealed/calls.parquet", "x"])
def test_a_pipe_does_not_make_us_wait(command, sent, name, where):
    (sent / where).unlink(missing_ok=True)
    os.mkfifo(sent / where)
    code, _, told = command(*typed(name, sent, "trust=true"))
    assert (code, "neither a file nor a folder" in told) == (2, True)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("where", ["report/report.md", "log/00000.jsonl", "sealed/calls.parquet", "pace.jsonl"])
def test_a_folder_in_the_place_of_a_file_is_named(command, sent, name, where):
    (sent / where).unlink(missing_ok=True)
    (sent / where).mkdir()
    code, _, told = command(*typed(name, sent, "trust=true"))
    assert (code, "is a folder where a run has a file" in told) == (2, True)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("trust", [[], ["trust=true"]], ids=["", "trusted"])
@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["config"].update(repeats=10**8),
        lambda told: told.update(repeats=10**8),
        lambda told: told["config"].update(cases=10**8, repeats=10**8),
        lambda told: told["config"].update(vary={"patient": {f"a{n}": [str(i) for i in range(20)] for n in range(8)}}),
        lambda told: told["config"].update(repeats=10**30),
        lambda told: told["config"].update(seed=10**30),
        lambda told: told.update(arms=[]),
        lambda told: told.update(owed=10**9),
        lambda told: told.update(cases=["nobody"]),
    ],
    ids=["repeats", "told", "cases", "levels", "beyond 64 bits", "seed", "no arms", "owed", "other cases"],
)
def test_a_number_in_a_manifest_costs_no_time(command, sent, name, trust, change):
    told = json.loads((sent / "manifest.json").read_bytes())
    change(told)
    (sent / "manifest.json").write_text(json.dumps(told))
    shutil.rmtree(sent / "sealed")
    code, out, said = command(*typed(name, sent, *trust))
    assert (code, out) == (2, "")
    assert "Traceback" not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("table", ["episodes", "turns", "calls", "outcomes"])
@pytest.mark.parametrize("left", [b"", b"PAR1", b"garbage" * 99, None, 0.5])
@pytest.mark.parametrize("trust", [[], ["trust=true"]], ids=["", "trusted"])
def test_tables_that_are_broken_are_made_again(command, complete, sent, table, left, trust):
    for run in (complete, sent):
        file = run / "sealed" / f"{table}.parquet"
        whole = file.read_bytes()
        if left is None:
            file.unlink()
        else:
            file.write_bytes(left if isinstance(left, bytes) else whole[: int(len(whole) * left)])
        (run / "plan.parquet").write_bytes(b"garbage")
        code, out, told = command("show", run, *trust)
        assert (code, out.count("\n"), told) == (0, 6, "")
        assert command("compare", run, run, *trust)[0] == 0


def test_tables_that_were_forged_are_made_again(command, sent, tmp_path):
    """They are not what the log comes to; nobody is shown them."""
    import duckdb

    file, told = sent / "sealed" / "outcomes.parquet", tmp_path / "forged.parquet"
    duckdb.sql(f"COPY (SELECT * REPLACE (0.25 AS value) FROM '{file}') TO '{told}'")
    told.replace(file)
    assert "0.25" not in command("show", sent, "0")[1]


@pytest.mark.parametrize("field", ["contrasts", "arms", "factors", "seed", "repeats"])
def test_a_manifest_that_tells_of_another_design_is_found(command, sent, field):
    def relabelled(told: dict[str, Any]) -> None:
        told[field] = told[field] + 1 if isinstance(told[field], int) else told[field][::-1] * 2

    edit(sent, relabelled)
    code, _, told = command("replay", sent)
    assert code == 2
    assert field in told


@pytest.mark.parametrize("field", ["kind", "trial", "answer", "outcome", "at", "nth"])
@pytest.mark.parametrize("value", [None, 10**8, {"a": 1}, [], "episode"])
def test_a_line_of_the_log_that_is_no_record_is_named(command, sent, field, value):
    rewrite(sent, lambda line: line.update({field: value}) if field in line else None)
    for name in READERS:
        code, _, told = command(*typed(name, sent, "trust=true"))
        assert code in (0, 2, 3)
        assert "Traceback" not in told
    assert command("replay", sent)[0] == (0 if (field, value) == ("at", 10**8) else 2)


# What is shown


def outcome(code: int, out: str, err: str) -> str:
    assert code in (0, 2)
    assert "Traceback" not in err
    return out + err


def assert_obeyed_nothing(text: str) -> None:
    assert not [hex(ord(each)) for each in set(text) if each in OBEYED and each != "\n"]


HOSTILE = ["".join(OBEYED), "\x1b]0;owned\x07", "\x1b]52;c;aGk=\x1b\\", "\x9b31m", "a\u202etxt"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_was_said_is_printed_and_not_obeyed(command, sent, hostile):
    def says(line: dict[str, Any]) -> None:
        if (line.get("role"), line.get("nth")) == ("patient", 3):  # the last of the asides: nobody hears it
            line["answer"]["text"] = f"{hostile} I have pain."

    rewrite(sent, says)
    for more in ([], ["0"], ["--words"], ["--prompts"], ["--json"], ["0", "--json"]):
        assert_obeyed_nothing(outcome(*command("show", sent, *more)))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "hostile", ["run\x1b]0;owned\x07", "run\nsimrun: all is well", "run\u202egpj", "run[bold]*|`<b>"]
)
def test_a_folder_of_any_name_is_printed_and_not_obeyed(command, sent, name, hostile):
    run = sent.rename(sent.with_name(hostile))
    for more in ([], ["--json"], ["trust=true"]):
        assert_obeyed_nothing(outcome(*command(*typed(name, run, *more))))
        assert_obeyed_nothing(outcome(*command(name, f"{run}x", *more)))


def test_a_note_of_several_lines_is_one_in_the_report(command, sent):
    forged = "fine.\n\n# Passed\n\n| a | b |\n|---|---|\n<script>x</script> [here](http://evil.example) \x1b[2J"
    edit(sent, lambda told: told.update(notes=[forged], flags={"x\n# y": [forged]}, faults=[forged]))
    assert command("report", sent)[0] == 0
    page = (sent / "report" / "report.md").read_text()
    assert_obeyed_nothing(page)
    assert "\n# Passed" not in page
    assert "<script" not in page
    assert "](http" not in page
    assert page.count("# Passed") == page.count("fine. # Passed") == 3


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J", "\n# heading", "$x^{$", "<script>", "a|b", "{evil}", "{0.__class__}", "[red]"]
)
def test_a_level_of_any_name_plays_and_is_shown(play, command, tmp_path, hostile):
    (tmp_path / "own" / "axis").mkdir(parents=True)
    levels = {"calm": {"phrase": "calm"}, hostile: {"phrase": "angry"}}
    axis = {
        "name": "mood",
        "about": "A mood.",
        "stated": "The patient is {level}.",
        "levels": levels,
        "sources": ["own"],
    }
    (tmp_path / "own" / "axis" / "mood.yaml").write_text(json.dumps(axis))
    run = play("cases=2", vary={"patient": {"mood": ["calm", hostile]}}, config_dir=tmp_path / "own")
    page = (run.path / "report" / "report.md").read_text()
    assert "\n# heading" not in page
    assert "<script>" not in page
    for file in (run.path / "report").iterdir():
        assert_obeyed_nothing(file.read_text())
    for more in ([], ["0"], ["--json"]):
        assert_obeyed_nothing(outcome(*command("show", run.path, *more)))
