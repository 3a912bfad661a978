"""Several processes play one run: as one would, when a worker dies, when the parent does, and when nobody may speak."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from logs import midway, played
from stub import Stub, http

from simrun import load
from simrun.config.errors import ConfigError
from simrun.log.manifest import Manifest
from simrun.play.leases import Leases
from simrun.report.run import resume

CASES = ["cases=12", "repeats=2", "seed=3"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run, played by one process."""
    out = tmp_path_factory.mktemp("alone")
    with Stub() as stub:
        assert simrun(f"url={stub.url}", f"out={out}").wait() == 0
    return only(out)


def simrun(*options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "simrun", "scenario=clinic", "backend=server", *CASES, *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def only(out: Path) -> Path:
    (run,) = out.glob("clinic/*")
    return run


def outcomes(run: Path) -> pd.DataFrame:
    """What every trial came to, whoever played it."""
    return load(run).outcomes.drop(columns="run").sort_values(["trial", "outcome"], ignore_index=True)


def workers(run: Path) -> list[int]:
    """Process ids of the workers of a run."""
    found = subprocess.run(["pgrep", "-f", f"simrun.play.worker {run} w"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


@pytest.mark.slow
def test_two_workers_play_what_one_process_plays(alone, tmp_path):
    with Stub() as stub:
        assert simrun(f"url={stub.url}", f"out={tmp_path}", "workers=2", "concurrency=2").wait() == 0
        asked = [(chat.body["messages"], chat.body["seed"]) for chat in stub.chats]
    run = only(tmp_path)
    assert {file.name for file in (run / "log").glob("*.jsonl")} == {"00000.w1.jsonl", "00000.w2.jsonl"}
    assert played(run) == played(alone)
    assert len(asked) == len(played(alone)[0])
    # who comes late to so short a run may find nothing left to play
    assert set(Manifest.read(run).heads) == {
        file.name.split(".")[1] for file in run.glob("log/*.jsonl") if file.stat().st_size
    }
    assert outcomes(run).equals(outcomes(alone))
    code = subprocess.run([sys.executable, "-m", "simrun", "replay", run], capture_output=True, check=False)
    assert code.returncode == 0, code.stderr


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_its_leases_return(alone, tmp_path):
    with Stub() as stub:
        # an episode asks for three opinions at once: with two in flight, six calls could be lost with a worker
        parent = simrun(f"url={stub.url}", f"out={tmp_path}", "workers=2", "concurrency=1")
        run = midway(tmp_path, "clinic", 60)
        os.kill(workers(run)[0], signal.SIGKILL)
        assert parent.wait(120) == 0, parent.stderr.read()
        asked = len(stub.chats)
    calls, came = played(run)
    # each call is logged once, and every trial has the outcome that it has without a kill
    assert (calls, came) == played(alone)
    assert asked - len(calls) <= 4  # what was in flight when the worker died, and was never heard


@pytest.mark.slow
def test_workers_end_with_their_parent_and_another_session_goes_on(alone, tmp_path):
    with Stub() as stub:
        parent = simrun(f"url={stub.url}", f"out={tmp_path}", "workers=2", "concurrency=2")
        run = midway(tmp_path, "clinic", 60)
        own = workers(run)
        parent.kill()
        parent.wait()
        until = time.monotonic() + 10
        while workers(run) and time.monotonic() < until:
            time.sleep(0.05)
        assert (len(own), workers(run)) == (2, [])
        assert resume(run).complete
    assert played(run) == played(alone)


@pytest.mark.slow
def test_one_worker_that_may_not_ask_stops_them_all(tmp_path):
    with Stub() as stub:
        stub.misbehave(lambda seen: http(401) if len(stub.chats) > 40 else None)
        parent = simrun(f"url={stub.url}", f"out={tmp_path}", "workers=2", "concurrency=2")
        code, said = parent.wait(120), parent.stderr.read().decode()
    assert code == 3
    assert "stopped early" in said
    assert "401" in said
    states = load(only(tmp_path)).episodes["state"].value_counts()
    assert states["error"] <= 4
    assert states["owed"] > 0


@pytest.mark.slow
def test_a_server_that_is_not_there_is_said_once_and_leaves_no_run(tmp_path):
    parent = simrun("url=http://127.0.0.1:9/v1", f"out={tmp_path}", "workers=2")
    code, said = parent.wait(60), parent.stderr.read().decode()
    assert (code, said.count("cannot connect"), list(tmp_path.glob("clinic/*"))) == (2, 1, []), said


def test_engines_that_live_in_one_process_are_refused(play):
    with pytest.raises(ConfigError, match=r"workers=2: backend=human \(of the doctor\) lives in one process"):
        play("roles.doctor.backend=human", workers=2)


def test_a_block_is_leased_once_until_it_is_given_back(tmp_path):
    leases = Leases.new(tmp_path, 3)
    assert [leases.take("w1"), leases.take("w2"), leases.take("w1")] == [(0, False), (1, False), (2, False)]
    assert leases.take("w2") is None
    assert leases.give_back("w1") == 2
    assert [leases.take("w2"), leases.take("w2"), leases.take("w2")] == [(0, True), (2, True), None]
    leases.close()
