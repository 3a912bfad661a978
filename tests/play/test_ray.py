"""A run on a real cluster of Ray on this machine: a worker is killed, and nothing is lost or doubled."""

import os
import signal
import subprocess
import threading
from importlib.util import find_spec

import pytest
from logs import midway, played
from stub import Stub, unhurried

from simrun import Run
from simrun import run as begin
from simrun.agents.backends.base import BackendError
from simrun.log.chain import is_share
from simrun.log.manifest import Manifest
from simrun.report.run import rebuild

pytestmark = [pytest.mark.slow, pytest.mark.skipif(find_spec("ray") is None, reason="pip install 'simrun[ray]'")]


def test_a_worker_that_is_killed_is_started_again_by_ray(tmp_path):
    found: list[Run] = []
    asked = ["scenario=recruitment", "backend=server", "cases=60", "launch=ray", "workers=2", "concurrency=4"]
    with Stub() as stub:
        stub.misbehave(unhurried(0.2))
        playing = threading.Thread(target=lambda: found.append(begin(*asked, f"url={stub.url}", f"out={tmp_path}")))
        playing.start()
        run = midway(tmp_path, "recruitment", 60, chains=2)
        workers = subprocess.run(["pgrep", "-f", "ray::_played"], capture_output=True, text=True, check=True)
        os.kill(int(workers.stdout.split()[0]), signal.SIGKILL)
        playing.join(300)
        assert found
        chats = len(stub.chats)
    assert found[0].complete
    calls, came = played(run)
    assert (len(calls), len(came)) == (360, 360)
    assert chats - len(calls) <= 2 * 4
    manifest = Manifest.read(run)
    assert all(map(is_share, manifest.heads))
    assert not [note for note in manifest.notes if "twice" in note]
    assert rebuild(run)[1] is True


@pytest.mark.usefixtures("apart")
@pytest.mark.skipif(find_spec("fsspec") is None, reason="pip install 'simrun[store]'")
def test_tasks_find_a_run_in_a_store_by_its_url(tmp_path):
    asked = ("scenario=recruitment", "backend=scripted", "cases=24", "launch=ray", "workers=2")
    found = begin(*asked, f"out=file://{tmp_path}/store")
    assert found.complete
    assert len(list(tmp_path.glob("store/recruitment/*/log/*.b00*.jsonl"))) == 2


def test_a_cluster_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BackendError, match=r"launch=ray: cannot join 127.0.0.1:9: "):
        begin("scenario=recruitment", "backend=scripted", "launch=ray", "launch.address=127.0.0.1:9", f"out={tmp_path}")
    assert not list(tmp_path.glob("recruitment/2*"))
