"""A disk that fills up: one clear error wherever it happens, and the run goes on once there is room."""

import os
import subprocess
import sys

import pytest

from simrun import load
from simrun.log.chain import read
from simrun.log.manifest import Manifest
from simrun.log.trust import note
from simrun.report.run import resume

PLAY = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), -1))
from simrun.cli.main import main
main(sys.argv[2:])
"""


@pytest.fixture(autouse=True)
def own_list(tmp_path, monkeypatch):
    """A list that is short: it must fit under the limits here."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


ASKED = ["scenario=clinic", "backend=scripted", "design.controls=[same]", "cases=4", "repeats=2"]


def limited(size: int, *line: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process whose files may be of so many bytes."""
    return subprocess.run([sys.executable, "-c", PLAY, str(size), *line], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("size", [100, 2_000, 5_000, 9_000, 20_000, 40_000, 60_000])
@pytest.mark.parametrize(
    "more", [[], pytest.param(["workers=2"], marks=pytest.mark.slow)], ids=["one process", "workers"]
)
def test_no_room_is_said_once_and_the_run_goes_on(tmp_path, size, more):
    out = f"out={tmp_path / 'runs'}"
    done = limited(size, *ASKED, *more, out)
    told = [line for line in done.stderr.splitlines() if line.startswith("simrun:")]
    assert "Traceback" not in done.stderr
    assert (done.returncode, len(told)) == (3, 1), done.stderr
    assert "cannot write" in told[0]
    begun = [file.parent for file in tmp_path.glob("runs/clinic/*/manifest.json")]
    if not begun:  # there was no room to begin one, and nothing is left of it
        assert not list(tmp_path.glob("runs/clinic/*"))
        return
    played = sum(1 for line in read(begun[0]) if line.kind == "call")
    again = resume(begun[0])
    assert again.complete
    assert len(again.calls) == 24 * 7 >= played
    assert sorted(each.name for each in (begun[0] / "sealed").iterdir()) == sorted(
        f"{name}.parquet" for name in ("calls", "episodes", "outcomes", "turns")
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", ["report", "replay", "resume", "show"])
def test_a_run_that_is_looked_at_without_room_stays_as_it_is(complete, command):
    note(Manifest.read(complete), complete)
    (complete / "sealed" / "calls.parquet").unlink()
    before = {file: file.read_bytes() for file in complete.rglob("*") if file.is_file() and "sealed" not in file.parts}
    done = limited(1_000, command, str(complete))
    assert (done.returncode, done.stderr.count("simrun:"), "Traceback" in done.stderr) == (3, 1, False), done.stderr
    after = {file: file.read_bytes() for file in complete.rglob("*") if file.is_file() and "sealed" not in file.parts}
    assert {file: after[file] for file in before if file.name != "pace.jsonl"} == {
        file: told for file, told in before.items() if file.name != "pace.jsonl"
    }
    assert load(complete).complete


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_to_write_is_named(complete, command):
    (complete / "sealed" / "calls.parquet").unlink()
    (complete / "sealed").chmod(0o500)
    code, _, told = command("show", complete)
    assert (code, "Permission denied" in told) == (3, True)
