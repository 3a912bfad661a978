"""Runs that somebody sent: nothing of them is followed or obeyed, and what is wrong is said in a line."""

import json
import os
import shutil
from typing import Any

import pytest
from hostile import OBEYED, READERS, edit, rewrite, typed

from simrun.log.manifest import Manifest

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


@pytest.mark.slow
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


@pytest.mark.slow
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
    pair = ["--pair", Manifest.read(sent).cases[0]]
    for more in ([], ["0"], ["--words"], ["--prompts"], ["--json"], ["0", "--json"], pair, [*pair, "--json"]):
        assert_obeyed_nothing(outcome(*command("show", sent, *more)))


@pytest.mark.slow
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
    edit(sent, lambda told: told.update(notes=[*told["notes"], forged]))
    assert command("report", sent)[0] == 0
    page = (sent / "report" / "report.md").read_text()
    assert_obeyed_nothing(page)
    assert "\n# Passed" not in page
    assert "<script" not in page
    assert "](http" not in page
    assert page.count("# Passed") == page.count("fine. # Passed") == 1


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
