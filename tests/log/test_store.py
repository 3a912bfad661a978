"""A run in a store: its folder here, what goes up and in which order, what comes down and what of it is refused."""

import asyncio
import itertools
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
import pytest
from logs import lines, values

from simrun import Run, load, run
from simrun.agents.backends.scripted import Scripted
from simrun.config.errors import ConfigError
from simrun.log import chain
from simrun.log.chain import FIRST, LogError, RunLog, playing, read, segments
from simrun.log.manifest import Manifest
from simrun.log.places import there
from simrun.log.store import address, sending, taking
from simrun.log.store.bucket import Bucket, StoreError, Taken
from simrun.log.store.sending import Sender, Sending, Unsent, sealed, sent
from simrun.report.run import judge, rebuild, resume

pytestmark = pytest.mark.skipif(find_spec("fsspec") is None, reason="pip install 'simrun[store]'")
ASKED = ("scenario=recruitment", "backend=scripted", "cases=4", "seed=3", "design.controls=[same]")
_NUMBER = itertools.count()


@pytest.fixture(autouse=True, scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Other tests look at what is in the state folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("apart")))
        yield


@pytest.fixture
def store() -> str:
    """The URL of a store of this process that holds nothing."""
    return f"memory://store{next(_NUMBER)}/runs"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Go on at a machine, which has a state folder of its own."""
    return lambda name: monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))


def put(url: str, files: dict[str, bytes]) -> None:
    from fsspec.core import url_to_fs

    found, at = url_to_fs(url)
    for name, content in files.items():
        found.pipe_file(f"{at}/{name}", content)


def whole(url: str) -> dict[str, bytes]:
    bucket = Bucket(url)
    return {name: b"".join(bucket.read(name, found.size)) for name, found in bucket.listed().items()}


def url_of(found: Run) -> str:
    url = address.url(found.path)
    assert url
    return url


@pytest.fixture(scope="module")
def kept() -> Run:
    """A run of four cases in a store, begun here."""
    return run(*ASKED, "out=memory://kept/runs")


@pytest.fixture
def other(kept: Run, store: str) -> str:
    """The same, copied to where nobody here began it."""
    url = f"{store}/recruitment/{kept.path.name}"
    put(url, whole(url_of(kept)))
    return url


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


def test_what_stands_there_is_a_run(kept):
    found = whole(url_of(kept))
    assert {name.partition("/")[0] for name in found} == {
        *("manifest.json", "plan.parquet", "pace.jsonl", "log", "sealed", "report")
    }
    assert all(found[name] == (kept.path / name).read_bytes() for name in found)


def part(url: str) -> Path:
    path = address.folder(url)
    path.mkdir()
    return path


def written(path: Path, *told: int) -> RunLog:
    log = RunLog(path)
    for value in told:
        log.write("call", {"value": value})
    return log


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


# Down


@pytest.mark.slow
def test_another_machine_has_the_run_by_its_url(kept, machine, command, capsys, tmp_path, monkeypatch):
    url = url_of(kept)
    machine("b")
    monkeypatch.chdir(tmp_path)
    assert load(url).outcomes.equals(kept.outcomes)
    assert Run(url).episodes.equals(kept.episodes)
    assert command("show", url)[0] == 0
    code, told, _ = command("replay", url)
    assert (code, "report identical" in told) == (0, True)
    code, told, _ = command("export", "csv", url, "-o", tmp_path / "csv")
    assert code == 0
    code, told, _ = command("list", "runs", "out=memory://kept/runs")
    assert told.split() == [kept.path.name, url]
    assert load("last", out="memory://kept/runs").path == address.folder(url)
    assert load(kept.path.name[-4:], out="memory://kept/runs").path == address.folder(url)
    assert rebuild(url)[1] is True


@pytest.mark.slow
def test_who_reads_sends_nothing(other, command):
    before = whole(other)
    for words in (("show", other), ("replay", other), ("compare", other, other)):
        command(*words)
    assert whole(other) == before


@pytest.mark.slow
def test_a_report_that_is_written_anew_goes_up(other, command):
    put(other, {"report/report.md": b"old"})
    assert command("report", other)[0] == 0
    assert whole(other)["report/report.md"] != b"old"


@pytest.mark.slow
def test_judges_that_are_asked_later_go_up_and_are_heard_elsewhere(other, machine):
    machine("a")
    judge(other, "judge=observer", "roles.judge.backend=scripted", trust=True)
    machine("b")
    assert Manifest.read(load(other).path).judges == ("observer",)
    assert b'"kind":"judged"' in b"".join(lines(load(other).path))


@pytest.mark.parametrize(
    "name",
    [
        *("../../../escaped", "log/../../escaped", "log/00001.jsonl/x", "report/.hidden.js", "log/x.jsonl", "lib.so"),
        *("report/a/b.html", "report/sub/../../../x.html", "log/00001.\u0435.jsonl", "sealed/episodes.parquet.sh"),
    ],
)
def test_only_what_a_run_has_is_taken(name):
    assert taking.NAMES.fullmatch(name) is None


def test_what_is_no_file_of_a_run_stays_there(other, machine, tmp_path):
    put(other, {"lib.so": b"x", "report/.x.js": b"x", "log/evil.sh": b"x", "sub/manifest.json": b"x"})
    machine("b")
    found = load(other).path
    assert {file.name for file in found.rglob("*")} & {"lib.so", ".x.js", "evil.sh", "sub"} == set()


def test_a_file_that_is_smaller_than_was_listed_is_refused(other, machine, monkeypatch):
    before = Bucket.listed
    monkeypatch.setattr(
        Bucket,
        "listed",
        lambda bucket: {name: found._replace(size=found.size + 9) for name, found in before(bucket).items()},
    )
    machine("b")
    with pytest.raises(StoreError, match=r"has not the .* bytes that were listed"):
        load(other)


def test_more_than_there_is_room_for_is_not_begun(other, machine, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 0, 10))
    machine("b")
    with pytest.raises(LogError, match=r"bytes to be taken down, and .* room for 10; make room, or set XDG_STATE_HOME"):
        load(other)


def test_a_changed_log_is_refused_as_of_any_run(other, machine):
    log = whole(other)["log/00000.jsonl"]
    put(other, {"log/00000.jsonl": log.replace(b'"text":"', b'"text":"x', 1)})
    machine("b")
    with pytest.raises(LogError, match="the log was changed"):
        load(other)


def test_where_there_is_no_run_it_says_so(store, machine):
    machine("b")
    with pytest.raises(ConfigError, match=r"is no run: it has no manifest.json\. Give the URL of a run"):
        load(f"{store}/recruitment/20261129-000000-abc")


# Whose it is


@pytest.mark.slow
def test_a_run_that_was_begun_here_is_not_asked_about_when_it_comes_back(store, machine):
    machine("a")
    url = url_of(run(*ASKED, f"out={store}"))
    shutil.rmtree(address.root())  # the list of begun runs is beside it
    assert resume(url).complete
    machine("b")
    with pytest.raises(ConfigError, match=r"was not begun here by you.*Add trust=true"):
        resume(url)
    assert resume(url, trust=True).complete


@pytest.mark.slow
def test_a_manifest_that_was_changed_on_the_way_is_asked_about(store, machine):
    machine("a")
    found = run(*ASKED, f"out={store}")
    url = url_of(found)
    put(
        url,
        {
            "manifest.json": whole(url)["manifest.json"]
            .replace(b'"created"', b'"created" ')
            .replace(b"seed", b"seed", 1)
        },
    )
    shutil.rmtree(address.root())
    assert resume(url).complete  # the same in other words
    config = found.manifests[0].config
    changed = found.manifests[0].told(
        config=config.model_copy(update={"backend": {"name": "server", "url": "http://x"}})
    )
    changed.write(found.path)
    put(url, {"manifest.json": (found.path / "manifest.json").read_bytes()})
    shutil.rmtree(address.root())
    with pytest.raises(ConfigError, match=r"was not begun here by you.*asks x \(backend.url\)"):
        resume(url)


# Two machines


def interrupted(url: str, keep: int) -> None:
    """As a run stands that was killed after so many lines had been sent."""
    there = whole(url)
    path = address.folder(url)
    manifest = Manifest.read(path, trust=True).told(heads={}, complete=False)
    manifest.write(path)
    told = there["log/00000.jsonl"].splitlines(keepends=True)
    put(url, {"log/00000.jsonl": b"".join(told[:keep]), "manifest.json": (path / "manifest.json").read_bytes()})


@pytest.mark.slow
def test_parts_that_another_machine_has_overtaken_are_laid_aside(kept, other, machine, tmp_path):
    machine("a")
    resume(other, trust=True)
    interrupted(other, 20)
    shutil.rmtree(address.root())
    here = load(other).path
    log = written(here)  # ten lines here that are never sent
    for line in (kept.path / "log/00000.jsonl").read_bytes().splitlines()[20:30]:
        fields = orjson.loads(line)
        log.write(fields.pop("kind"), {key: value for key, value in fields.items() if key != "prev"})
    log.close()
    machine("b")
    assert resume(other, trust=True).complete
    machine("a")
    with pytest.warns(UserWarning, match=r"was gone on with by another machine, which had not been sent 1 parts"):
        found = load(other)
    assert found.complete
    (aside,) = here.parent.glob("aside/*/*.jsonl")
    assert aside.read_bytes().count(b"\n") == 10
    assert rebuild(other, trust=True)[1] is True


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
