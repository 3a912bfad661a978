"""A run in a store: its folder here, and what goes up in which order."""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from logs import lines, values
from stores import ASKED, STORED, part, put, url_of, whole, written

from simrun import run
from simrun.agents.backends.scripted import Scripted
from simrun.config.errors import ConfigError
from simrun.log import chain
from simrun.log.chain import FIRST, playing, read, segments
from simrun.log.manifest import Manifest
from simrun.log.places import there
from simrun.log.store import address, sending
from simrun.log.store.bucket import Bucket, StoreError, Taken
from simrun.log.store.sending import Sender, Sending, Unsent, sealed, sent
from simrun.report.run import resume

pytestmark = STORED


# The URL and the folder


def test_a_folder_is_found_again_by_its_url_alone(store):
    folder = address.folder(f"{store}/clinic/20261129-000000-abc")
    assert folder == address.folder(f"{store}/clinic/20261129-000000-abc/")
    assert folder.name == "20261129-000000-abc"
    assert address.url(folder) == address.told(folder) == f"{store}/clinic/20261129-000000-abc"


def test_what_a_folder_says_of_itself_sends_it_nowhere(tmp_path):
    (tmp_path / "url").write_text("s3://somebody/else")
    assert address.url(tmp_path / "run") is None
    assert address.told(tmp_path / "run") == str(tmp_path / "run")


@pytest.mark.parametrize("place", ["runs", "/runs/x", "C:\\x", "s3:/bucket", "last"])
def test_what_is_no_url(place):
    assert not address.is_url(place)


@pytest.mark.parametrize(
    "url", ["s3://", "s3://b/../c", "s3://b//c", "s3://b/c?x=1", "s3://b/c#d", "s3://b/\x1b[2J", "s3://b/."]
)
def test_a_url_that_names_no_place_is_refused(url):
    with pytest.raises(ConfigError, match="not a place in a store; give SCHEME://BUCKET/PREFIX"):
        address.cleaned(url)


def test_a_password_is_not_written_into_a_manifest():
    with pytest.raises(ConfigError, match="sftp://host/runs: a password in a URL") as refused:
        address.cleaned("sftp://me:secret@host/runs")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["s3://bucket", "s3://b/.hidden", "s3://b/a b"])
def test_a_url_that_can_be_no_runs_is_refused(url):
    with pytest.raises(ConfigError, match="not the URL of a run"):
        address.folder(url)


# Up


@pytest.mark.slow
def test_what_stands_there_is_a_run(store):
    kept = run(*ASKED, f"out={store}")
    found = whole(url_of(kept))
    assert {name.partition("/")[0] for name in found} == {
        *("manifest.json", "plan.parquet", "pace.jsonl", "log", "sealed", "report")
    }
    assert all(found[name] == (kept.path / name).read_bytes() for name in found)


def until(true: Callable[[], Any]) -> None:
    """Whatever thread has to do it does it soon."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(("limit", "value"), [("SIZE", 1), ("AGE", 0.01)])
def test_an_open_part_is_sealed_when_it_is_large_or_old(store, monkeypatch, limit, value):
    monkeypatch.setattr(chain, limit, value)
    path = part(f"{store}/x/run")
    log = written(path, 1)
    until(lambda: len(segments(path)) == 2)
    log.write("call", {"value": 2})
    until(lambda: len(segments(path)) == 3)
    assert list(sealed(path)) == segments(path)[:2]
    log.close()
    assert list(sealed(path)) == segments(path)
    assert values(path) == [1, 2]
    assert next(read(path)).fields["prev"] == FIRST


def test_the_log_of_a_run_that_is_kept_here_alone_stays_one_part(tmp_path, monkeypatch):
    monkeypatch.setattr(chain, "AGE", 0.01)
    monkeypatch.setattr(chain, "SIZE", 1)
    log = written(tmp_path, *range(200))
    log.close()
    assert len(segments(tmp_path)) == 1


def test_of_a_part_that_a_kill_has_torn_the_whole_lines_go_up_and_what_is_recovered_is_the_same(store):
    path = part(f"{store}/x/run")
    written(path, 1, 2).close()
    file = segments(path)[0]
    kept = file.read_bytes()
    file.write_bytes(kept + b'{"kind":"ca')
    sender = Sender(path, f"{store}/x/run")
    sender.parts()
    assert whole(f"{store}/x/run") == {"log/00000.jsonl": kept}
    written(path, 3).close()
    sender.parts()
    assert set(whole(f"{store}/x/run")) == {"log/00000.jsonl", "log/00001.jsonl"}


def slowly(reply: Callable[..., Any]) -> Callable[..., Any]:
    async def replied(backend: Scripted, chat: Any) -> Any:
        await asyncio.sleep(0.005)
        return await reply(backend, chat)

    return replied


def test_what_stands_there_is_a_whole_state_after_every_write(store, monkeypatch, machine, tmp_path):
    """A reader of any moment: where there is a manifest there is a run, whose log has what the manifest says of it."""
    monkeypatch.setattr(chain, "SIZE", 1)
    monkeypatch.setattr(chain, "_WAIT", 0.001)
    monkeypatch.setattr(sending, "EVERY", 0.001)
    monkeypatch.setattr(Scripted, "reply", slowly(Scripted.reply))
    seen: list[int] = []

    def look(bucket: Bucket) -> None:
        there = whole(bucket.url)
        if "manifest.json" not in there:
            return
        copy = tmp_path / f"look{len(seen)}"
        for name, content in there.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(content)
        manifest = Manifest.read(copy, trust=True)
        seen.append(sum(1 for _ in read(copy, manifest.tip())))

    for name in ("put", "create"):
        before = getattr(Bucket, name)

        def after(bucket: Bucket, *given: Any, _before: Any = before) -> Any:
            told = _before(bucket, *given)
            look(bucket)
            return told

        monkeypatch.setattr(Bucket, name, after)
    machine("a")
    assert run(*ASKED, "concurrency=1", f"out={store}").complete
    assert seen[0] == 0
    assert seen == sorted(seen)
    assert len(set(seen)) > 5


def faulty(monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], times: int) -> list[str]:
    """The store fails so many times to write files whose names begin so."""
    failed: list[str] = []
    for name in ("put", "create"):
        before = getattr(Bucket, name)

        def tried(bucket: Bucket, file: str, content: Any, _before: Any = before) -> Any:
            if file.startswith(names) and len(failed) < times:
                failed.append(file)
                raise StoreError("the store is away")
            return _before(bucket, file, content)

        monkeypatch.setattr(Bucket, name, tried)
    monkeypatch.setattr(sending, "WAITS", (0.0, 0.0))
    return failed


@pytest.mark.slow
def test_what_could_not_be_sent_is_tried_again(store, monkeypatch):
    failed = faulty(monkeypatch, ("log/", "report/"), 3)
    found = run(*ASKED, f"out={store}")
    assert failed == ["log/00000.jsonl"] * 3
    assert set(whole(url_of(found))) >= {"log/00000.jsonl", "report/report.json"}


@pytest.mark.slow
def test_what_was_not_sent_is_kept_and_sent_by_who_resumes(store, monkeypatch):
    with monkeypatch.context() as patch:
        faulty(patch, ("log/",), 1000)
        with pytest.raises(
            Unsent, match=r"nothing is lost: it is kept in .*; the same command, or simrun resume memory"
        ):
            run(*ASKED, f"out={store}")
    (url,) = there(store)
    assert not [name for name in whole(url) if name.startswith("log/")]
    before = lines(address.folder(url))
    assert resume(url).complete
    assert lines(address.folder(url)) == before
    assert b"".join(content for name, content in sorted(whole(url).items()) if name.startswith("log/")) == b"".join(
        before
    )


def test_a_store_that_cannot_be_written_to_leaves_no_run(store, monkeypatch, machine, tmp_path):
    def refused(bucket: Bucket) -> None:
        raise StoreError(f"{bucket.url} cannot be written to")

    monkeypatch.setattr(Bucket, "writable", refused)
    machine("a")
    with pytest.raises(StoreError, match="cannot be written to"):
        run(*ASKED, f"out={store}")
    assert not list((tmp_path / "a").rglob("manifest.json"))


@pytest.mark.parametrize(
    ("out", "hidden", "told"),
    [
        ("memory://x/runs", "fsspec", r"needs fsspec: pip install 'simrun\[store\]'"),
        ("s3://x/runs", "s3fs", r"a package for this kind of store is missing .*pip install 'simrun\[store\]'"),
        ("nothing://x/runs", "", "Protocol not known: nothing"),
    ],
)
def test_what_is_missing_is_said_before_there_is_a_run(monkeypatch, machine, tmp_path, out, hidden, told):
    for name in [name for name in sys.modules if hidden and name.partition(".")[0] == hidden]:
        monkeypatch.delitem(sys.modules, name)
    if hidden:
        monkeypatch.setitem(sys.modules, hidden, None)
        if hidden == "fsspec":
            monkeypatch.setitem(sys.modules, "fsspec.core", None)
    machine("a")
    with pytest.raises(ConfigError, match=told):
        run(*ASKED, f"out={out}")
    assert not list((tmp_path / "a").rglob("manifest.json"))


# Beside others


def test_of_two_that_play_the_same_the_first_that_sends_counts(store):
    url = f"{store}/x/run"
    path = part(url)
    written(path, 1).close()
    put(url, {"log/00000.jsonl": b'{"other":1}\n'})
    sender = Sender(path, url)
    with pytest.raises(Taken, match=r"log/00000.jsonl was written by another process.*is kept in"):
        sender.parts()
    assert whole(url) == {"log/00000.jsonl": b'{"other":1}\n'}
    told: list[str] = []
    sending_ = Sending(path, told.append, "")
    with pytest.raises(Taken):
        sending_.begin()


@pytest.mark.slow
def test_who_plays_what_another_one_has_sent_stops_and_keeps_it(store, monkeypatch):
    monkeypatch.setattr(chain, "SIZE", 1)
    monkeypatch.setattr(chain, "_WAIT", 0.001)
    monkeypatch.setattr(sending, "EVERY", 0.001)
    monkeypatch.setattr(Scripted, "reply", slowly(Scripted.reply))
    begin, found = Sender.begin, []

    def overtaken(sender: Sender) -> None:
        begin(sender)
        found.append(sender.bucket.url)
        put(sender.bucket.url, {"log/00003.jsonl": b'{"other":1}\n'})

    monkeypatch.setattr(Sender, "begin", overtaken)
    with pytest.raises(Taken, match=r"log/00003.jsonl was written by another process"):
        run(*ASKED, "cases=40", "concurrency=1", f"out={store}")
    path = address.folder(found[0])
    episodes = [line for line in lines(path) if b'"kind":"episode"' in line]
    assert 0 < len(episodes) < Manifest.read(path).owed
    assert not Manifest.read(path).complete


def test_nothing_is_sent_of_a_chain_that_is_being_written(store):
    path = part(f"{store}/x/run")
    log = written(path, 1, 2)
    assert playing(path)
    assert list(sealed(path)) == []
    log.close()
    assert list(sealed(path)) == segments(path)


def test_a_run_that_is_kept_here_alone_is_sent_nowhere(tmp_path):
    sent(tmp_path)
    nothing = Sending(tmp_path, pytest.fail)
    nothing.begin()
    nothing.end()
