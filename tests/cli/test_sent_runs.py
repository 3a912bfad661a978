"""Runs that somebody sent: whose they are is asked, and no class that they name is imported."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from hostile import MODULE, READERS, changed, edit, typed

from simrun.log.chain import chained
from simrun.log.manifest import Manifest
from simrun.log.trust import note


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


# Who began it


@pytest.mark.parametrize("name", ["resume", "judge"])
def test_a_run_that_was_sent_is_asked_about(command, sent, name):
    code, out, told = command(*typed(name, sent))
    assert (code, out) == (2, "")
    assert f"{sent} was not begun here by you" in told
    assert "trust=true" in told
    assert told.count("\n") == 1


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_a_torn_line_of_the_list_costs_no_run(command, complete, state, play):
    with (state / "simrun" / "begun.jsonl").open("ab") as file:
        file.write(b'{"what": "run", "pa')
    assert command("resume", play("cases=2").path)[0] == 0
    assert command("resume", complete)[0] == 0


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


@pytest.mark.slow
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


@pytest.mark.slow
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
