"""A run in object storage, of several machines: one is lost, others go on; nothing that was sent is asked again, and
nothing counts twice. The store is moto's, over HTTP; a machine is a process with a state folder of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from logs import played
from stores import STORED
from stub import Stub, unhurried

from simrun import load
from simrun import run as begin
from simrun.log.manifest import Manifest
from simrun.log.places import there
from simrun.log.store import address
from simrun.log.store.bucket import Bucket, StoreError
from simrun.report.run import rebuild, resume

pytestmark = [pytest.mark.slow, *STORED]
NEEDED = ("moto", "s3fs", "flask")
# parts of the log go up after a third of a second: a test has no five minutes
QUICK = (
    "from simrun.log import chain; from simrun.log.store import sending; chain.AGE, sending.EVERY = 0.3, 0.05; "
    "from simrun.cli.main import main; main()"
)
Call = tuple[str, str, int]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The URL of an empty bucket."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        pytest.skip(f"no {', '.join(missing)} here: pip install 'moto[server]' s3fs")
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("runs")
        yield "s3://runs"
        s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def started(state: Path, *words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", QUICK, *words]
    environment = os.environ | {"XDG_STATE_HOME": str(state)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def parts(url: str) -> dict[str, bytes]:
    """The log that stands there."""
    bucket = Bucket(url)
    return {
        name: b"".join(bucket.read(name, found.size))
        for name, found in bucket.listed().items()
        if name.startswith("log/")
    }


def calls(log: dict[str, bytes]) -> set[Call]:
    """Those that it has."""
    told = (orjson.loads(line) for part in log.values() for line in part.splitlines())
    return {(line["trial"], line["role"], line["nth"]) for line in told if line["kind"] == "call"}


def until(found: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (told := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return told


def lost(process: subprocess.Popen[bytes], state: Path) -> None:
    """A machine is gone, with its disk."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    shutil.rmtree(state)
    time.sleep(0.3)  # the server has counted what was on its way


def asked(stub: Stub) -> list[str]:
    return ["scenario=recruitment", "backend=server", f"url={stub.url}", "cases=24", "seed=3", "concurrency=4"]


def test_what_a_lost_machine_had_sent_is_not_asked_again_on_another(s3, machine, tmp_path):
    out = f"{s3}/lost"
    with Stub() as stub:
        stub.misbehave(unhurried(0.2))
        process = started(tmp_path / "a", *asked(stub), f"out={out}")
        (url,) = until(lambda: there(out))
        until(lambda: len(parts(url)) >= 3)
        lost(process, tmp_path / "a")
        sent, before = parts(url), len(stub.chats)
        stub.misbehave()
        machine("b")
        found = resume(url, trust=True)
        assert found.complete
        all_calls, came = played(found.path)
        assert 0 < len(calls(sent)) < len(all_calls)
        assert len(stub.chats) - before == len(all_calls) - len(calls(sent))
    assert (len(all_calls), len(came)) == (len(set(all_calls)), Manifest.read(found.path).owed)
    assert calls(sent) < set(all_calls)
    assert {name: parts(url)[name] for name in sent} == sent  # what stands there is never written again
    assert not [note for note in Manifest.read(found.path).notes if "twice" in note]
    machine("c")
    assert load(url).outcomes.equals(found.outcomes)
    assert rebuild(url)[1] is True


def share(state: Path, url: str, blocks: str) -> subprocess.Popen[bytes]:
    return started(state, "worker", url, f"blocks={blocks}", "trust=true", "--json")


def test_two_machines_play_their_blocks_one_is_lost_and_whoever_resumes_joins_them(s3, machine, tmp_path):
    out = f"{s3}/shared"
    with Stub() as stub:
        machine("a")
        begun = begin(*asked(stub), "launch=manual", "workers=2", f"out={out}")
        (url,) = there(out)
        assert f"simrun worker {url} blocks=0-0 trust=true" in begun.stopped
        stub.misbehave(unhurried(0.4))
        one = share(tmp_path / "one", url, "0/2")
        until(lambda: parts(url))
        os.kill(one.pid, signal.SIGTERM)  # it sends what it has
        assert one.wait(60) == 130
        other = share(tmp_path / "other", url, "1/2")
        until(lambda: sum("b000001" in name for name in parts(url)) >= 2)
        lost(other, tmp_path / "other")
        assert {name.split(".")[1] for name in parts(url)} == {"b000000-000000", "b000001-000002"}
        sent, before = calls(parts(url)), len(stub.chats)
        stub.misbehave()
        for state, blocks in (("one", "0/2"), ("third", "1/2")):
            told = json.loads(share(tmp_path / state, url, blocks).communicate()[0])
            assert told["done"] == told["owed"]
        assert len(stub.chats) - before == len(calls(parts(url))) - len(sent)
        before = len(stub.chats)
        found = resume(url)
        assert (found.complete, len(stub.chats)) == (True, before)
    assert set(Manifest.read(found.path).heads) == {"b000000-000000", "b000001-000002"}
    all_calls, came = played(found.path)
    assert (len(all_calls), len(came)) == (len(set(all_calls)), Manifest.read(found.path).owed)
    assert not [note for note in Manifest.read(found.path).notes if "twice" in note]
    machine("b")
    assert load(url).outcomes.equals(found.outcomes)


def test_a_name_is_given_once_in_s3(s3):
    bucket = Bucket(f"{s3}/names")
    assert bucket.create("log/00000.jsonl", b"one")
    assert not bucket.create("log/00000.jsonl", b"two")
    assert b"".join(bucket.read("log/00000.jsonl", 3)) == b"one"


def test_a_bucket_that_is_not_there_is_said_before_anything_is_played(s3, machine, tmp_path):
    machine("a")
    with pytest.raises(StoreError, match=r"bucket does not exist; is there such a bucket\? simrun makes none"):
        begin("scenario=recruitment", "backend=scripted", "cases=4", "out=s3://no-such-bucket/runs")
    assert not list((tmp_path / "a").rglob("manifest.json"))


def test_a_store_that_cannot_be_reached_is_said_before_anything_is_played(s3, machine, monkeypatch):
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    s3fs.S3FileSystem.clear_instance_cache()
    try:
        with pytest.raises(StoreError, match=r"Could not connect .*; check the name, the network.*AWS_ENDPOINT_URL"):
            load(f"{s3}/lost/recruitment/20261129-000000-abc")
    finally:
        s3fs.S3FileSystem.clear_instance_cache()


def test_pods_need_no_volume_where_the_run_is_in_a_store(machine, tmp_path):
    machine("a")
    out = f"file://{tmp_path}/store"
    given = ("launch=kubernetes", "launch.image=me/simrun", "launch.secret=s3", "launch.account=player", "workers=2")
    begun = begin("scenario=recruitment", "backend=scripted", "cases=24", *given, f"out={out}")
    (url,) = there(out)
    (written,) = address.root().glob("*/launched/*.yaml")
    pod = yaml.safe_load(written.read_text())["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert not {"volumes"} & set(pod) | {"volumeMounts"} & set(container)
    assert (pod["serviceAccountName"], container["envFrom"]) == ("player", [{"secretRef": {"name": "s3"}}])
    assert f"simrun resume {url} joins" in begun.stopped
    for index in ("0", "1"):  # what each pod would do, done on a machine of its own
        shell = container["command"][2].replace("exec simrun", f"exec {sys.executable} -m simrun")
        own = {"JOB_COMPLETION_INDEX": index, "XDG_STATE_HOME": str(tmp_path / index)}
        subprocess.run(["sh", "-c", shell], env=os.environ | own, check=True)
    assert resume(url).complete
    assert len(Manifest.read(address.folder(url)).heads) == 2
