"""A sweep whose jobs are played in other processes, several at one time: joblib and submitit, on this machine."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from logs import played
from stub import Stub, unhurried

from simrun.log.manifest import Manifest

pytest.importorskip("hydra_plugins.hydra_joblib_launcher", reason="pip install 'simrun[sweep]'")
pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="pip install 'simrun[sweep]'")
pytestmark = pytest.mark.slow
CLINIC = ("scenario=clinic", "vary.patient.ethnicity=[White,Black]", "design.controls=[same]")


def begun(tmp_path: Path, *asked: str, **options: object) -> subprocess.Popen[str]:
    """The command, in a session of its own, as a terminal has it."""
    command = [sys.executable, "-m", "simrun", "-m", *CLINIC, f"out={tmp_path}", *asked]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen(command, start_new_session=True, **streams)


def swept(tmp_path: Path, *asked: str) -> tuple[int, str, str]:
    process = begun(tmp_path, *asked)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def runs(out: Path) -> list[Path]:
    return sorted(out.glob("clinic/2*"))


def until(said: str, out: Path, number: int) -> None:
    """Wait until so many jobs say this of themselves."""
    limit = time.monotonic() + 60
    while sum(bool(re.search(said, file.read_text())) for file in out.glob("sweeps/*/jobs-*/*.json")) < number:
        assert time.monotonic() < limit, [file.read_text() for file in out.glob("sweeps/*/jobs-*/*.json")]
        time.sleep(0.1)


@pytest.mark.parametrize("launcher", [("joblib", "hydra.launcher.n_jobs=2"), ("submitit_local",)], ids=" ".join)
def test_what_fails_is_named_and_the_others_end_in_one_comparison(tmp_path, launcher):
    chosen, *more = launcher
    asked = ("backend=scripted", "cases=3", "scenario.questions=5,-3,10", f"hydra/launcher={chosen}", *more)
    code, told, said = swept(tmp_path, *asked)
    assert code == 2
    assert told.count("verdict  ") == 2
    assert told.count("# clinic: 2 runs side by side") == 1
    assert "| scenario.questions | 5 | 10 |" in told
    assert said.splitlines()[-1].startswith("#1 scenario.questions=-3: exit code 2: scenario=clinic: questions: ")
    assert [Manifest.read(run).config.together for run in runs(tmp_path)] == [3 if not more else 2] * 2


def test_a_machine_reads_a_line_for_each_run_and_one_for_all(tmp_path):
    asked = ("backend=scripted", "cases=3", "scenario.questions=5,10", "hydra/launcher=joblib", "--json")
    code, told, _ = swept(tmp_path, *asked)
    *each, comparison = [json.loads(line) for line in told.splitlines()]
    questions = [Manifest.read(Path(one["run"])).config.scenario["questions"] for one in each]
    assert (code, questions) == (0, [5, 10])
    assert comparison["differing"] == {"scenario.questions": [5, 10]}


def test_a_terminal_shows_one_line_of_progress_for_all_jobs(tmp_path):
    ours, theirs = pty.openpty()
    process = begun(tmp_path, "backend=scripted", "cases=2", "seed=1,2", "hydra/launcher=joblib", stderr=theirs)
    os.close(theirs)
    process.communicate(timeout=120)
    shown = os.read(ours, 1_000_000).decode()
    assert process.returncode == 0
    assert "of 2 runs ended, " in shown
    assert "resume simrun resume" not in shown  # what a run by itself says: it went to the job's own file
    assert "tokens/s" not in shown


def test_ctrl_c_lets_what_is_in_flight_end_in_every_job(tmp_path):
    with Stub() as stub:
        stub.misbehave(unhurried(0.1))
        asked = ("backend=server", f"url={stub.url}", "cases=12", "concurrency=2", "hydra/launcher=joblib")
        process = begun(tmp_path, *asked, "hydra.launcher.n_jobs=2", "scenario.questions=5,6,7")
        until('"done":[1-9]', tmp_path, 2)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the jobs' processes are in the group
        told, said = process.communicate(timeout=60)
        asked_for = len(stub.chats)
    assert process.returncode == 130
    assert "side by side" not in told + said
    cut = [line for line in said.splitlines() if "exit code 130: " in line]
    assert len(cut) == 2
    assert all("are owed; go on with: simrun resume" in line for line in cut)
    assert len(runs(tmp_path)) == 2  # the third was not begun
    assert sum(len(played(run)[0]) for run in runs(tmp_path)) == asked_for  # no answer was thrown away


def test_a_job_that_is_killed_is_said_to_be_lost_and_the_others_are_waited_for(tmp_path):
    with Stub() as stub:
        stub.misbehave(unhurried(0.1))
        asked = ("backend=server", f"url={stub.url}", "cases=3", "concurrency=2", "hydra/launcher=submitit_local")
        process = begun(tmp_path, *asked, "scenario.questions=5,6,7")
        until('"run":"/', tmp_path, 3)
        first = min(tmp_path.glob("sweeps/*/.submitit/[0-9]*"), key=lambda folder: int(folder.name))
        os.kill(task(int(first.name)), signal.SIGKILL)
        told, said = process.communicate(timeout=120)
    assert process.returncode == 3
    assert told.count("# clinic: 2 runs side by side") == 1
    assert (
        "#0 scenario.questions=5: lost: the process that played it ended without a word; go on with: simrun resume "
        in said
    )


def task(controller: int) -> int:
    """The process that submitit's controller has started."""
    found = subprocess.run(["pgrep", "-P", str(controller)], capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])
