"""A sweep on a real cluster with Slurm, of one node: Hydra's submitit launcher submits it, a job is killed, and the
others end in one comparison."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import cluster, lacking
from logs import played
from stub import Stub, unhurried

from simrun.log.manifest import Manifest

pytest.importorskip("hydra_plugins.hydra_submitit_launcher", reason="pip install 'simrun[sweep]'")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(lacking()), reason=lacking())]
ASKED = ("scenario=clinic", "backend=server", "vary.patient.ethnicity=[White,Black]", "design.controls=[same]")
SLURM = ("hydra/launcher=submitit_slurm", "hydra.launcher.partition=debug", "hydra.launcher.timeout_min=10")


@pytest.fixture(scope="module", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with cluster(tmp_path_factory.mktemp("cluster")):
        yield


def begun(tmp_path: Path, *asked: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simrun", "-m", *ASKED, f"out={tmp_path}", *asked]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(said: str, out: Path, number: int) -> None:
    limit = time.monotonic() + 60
    while sum(bool(re.search(said, file.read_text())) for file in out.glob("sweeps/*/jobs-*/*.json")) < number:
        assert time.monotonic() < limit, subprocess.run(["squeue"], capture_output=True, text=True, check=False).stdout
        time.sleep(0.2)


def task(number: str) -> int:
    """The process of a task of the array, which Slurm's script has started through srun."""
    found = subprocess.run(["pgrep", "-f", "submitit.core._submit"], capture_output=True, text=True, check=True)
    for pid in found.stdout.split():
        if f"SLURM_ARRAY_TASK_ID={number}\0" in Path(f"/proc/{pid}/environ").read_text() and Path(
            f"/proc/{pid}/comm"
        ).read_text().startswith("python"):
            return int(pid)
    raise AssertionError(found.stdout)


def test_a_sweep_of_three_runs_of_which_a_job_is_killed(tmp_path):
    with Stub() as stub:
        stub.misbehave(unhurried(0.1))
        process = begun(tmp_path, *SLURM, f"url={stub.url}", "cases=4", "concurrency=2", "scenario.questions=5,6,7")
        until('"done":[1-9]', tmp_path, 3)
        os.kill(task("0"), signal.SIGKILL)
        told, said = process.communicate(timeout=120)
    assert process.returncode == 3, said
    assert told.count("# clinic: 2 runs side by side") == 1
    assert "| scenario.questions | 6 | 7 |" in told
    assert "#0 scenario.questions=5: lost: " in said
    whole = [run for run in tmp_path.glob("clinic/2*") if Manifest.read(run).complete]
    assert [len(played(run)[1]) for run in whole] == [12, 12]


def test_a_partition_that_there_is_not_is_said_in_slurms_words(tmp_path):
    process = begun(tmp_path, *SLURM[:1], "hydra.launcher.partition=nowhere", "url=http://127.0.0.1:9/v1", "seed=1,2")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert re.search(r"^simrun: hydra/launcher=submitit_slurm: .*nowhere", said, re.MULTILINE), said
