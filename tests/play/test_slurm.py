"""A run on a real cluster with Slurm, of one node: tasks are killed and preempted, and nothing is lost or doubled."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from cluster import cluster, lacking
from logs import midway, played
from stub import Stub, unhurried

from simrun import Run, load
from simrun import run as begin
from simrun.agents.backends.base import BackendError
from simrun.log.chain import is_share
from simrun.log.manifest import Manifest
from simrun.report.run import rebuild

pytest.importorskip("submitit", reason="pip install 'simrun[slurm]'")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(lacking()), reason=lacking())]
ASKED = (
    "scenario=recruitment",
    "backend=server",
    "cases=167",
    "repeats=2",
    "launch=slurm",
    "workers=3",
    "launch.time=20",
)


@pytest.fixture(scope="module", autouse=True)
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with cluster(tmp_path_factory.mktemp("cluster")):
        yield


def tasks() -> list[int]:
    """Process ids of the tasks that play."""
    found = subprocess.run(["pgrep", "-f", "submitit.core._submit"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split() if Path(f"/proc/{pid}/comm").read_text().startswith("python")]


def test_2000_episodes_of_which_a_task_is_killed_and_another_preempted(tmp_path):
    found: list[Run] = []
    with Stub() as stub:
        stub.misbehave(unhurried(0.3))
        asked = [*ASKED, f"url={stub.url}", "concurrency=4", f"out={tmp_path}"]
        playing = threading.Thread(target=lambda: found.append(begin(*asked)))
        playing.start()
        run = midway(tmp_path, "recruitment", 300, chains=3)
        os.kill(tasks()[0], signal.SIGKILL)
        # an urgent job takes the node away from those that are left, as on any cluster
        urgent = ["sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=sleep 3"]
        subprocess.run(urgent, check=True, capture_output=True)
        playing.join(600)
        assert found, (run, subprocess.run(["squeue"], capture_output=True, text=True, check=False).stdout)
        chats = len(stub.chats)
    assert found[0].complete
    manifest = Manifest.read(run)
    assert manifest.owed == 2004
    assert all(map(is_share, manifest.heads))
    assert (load(run).episodes.state == "done").all()
    calls, came = played(run)
    assert (len(calls), len(came)) == (2004, 2004)  # nothing lost, nothing doubled
    assert chats - len(calls) <= 3 * 2 * 4  # what was in flight in each task that was ended, and never heard
    assert not [note for note in manifest.notes if "twice" in note]
    assert rebuild(run)[1] is True


def test_a_cluster_that_takes_no_job_says_why(tmp_path):
    with pytest.raises(BackendError, match=r"the job array was not submitted: .*nowhere"):
        begin("scenario=recruitment", "backend=scripted", "launch=slurm", "launch.partition=nowhere", f"out={tmp_path}")
    assert not list(tmp_path.glob("recruitment/2*"))


@pytest.mark.usefixtures("apart")
@pytest.mark.skipif(find_spec("fsspec") is None, reason="pip install 'simrun[store]'")
def test_tasks_of_a_run_in_a_store_share_no_folder_with_who_began_it(tmp_path):
    """Each task has a state folder of its own, as on a machine of its own."""
    own = "launch.setup=['export XDG_STATE_HOME=$(mktemp -d)']"
    asked = ("scenario=recruitment", "backend=scripted", "cases=24", "launch=slurm", "workers=2", own)
    found = begin(*asked, f"out=file://{tmp_path}/store")
    assert found.complete
    assert set(Manifest.read(found.path).heads) == {"b000000-000000", "b000001-000002"}
    assert not list(found.path.glob("log/lock.b*"))  # nobody here has written those chains
    assert len(list(tmp_path.glob("store/recruitment/*/log/*.jsonl"))) == 2
