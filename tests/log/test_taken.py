"""A run that comes out of a store: on another machine, from anybody, and after another machine has gone on with it."""

import shutil

import orjson
import pytest
from logs import lines
from stores import ASKED, STORED, put, url_of, whole, written

from simrun import Run, load, run
from simrun.config.errors import ConfigError
from simrun.log.chain import LogError
from simrun.log.manifest import Manifest
from simrun.log.store import address, taking
from simrun.log.store.bucket import Bucket, StoreError
from simrun.report.run import judge, rebuild, resume

pytestmark = STORED


@pytest.fixture(scope="module")
def kept(apart: None) -> Run:
    """A run of four cases in a store, begun here."""
    return run(*ASKED, "out=memory://kept/runs")


@pytest.fixture
def other(kept: Run, store: str) -> str:
    """The same, copied to where nobody here began it."""
    url = f"{store}/recruitment/{kept.path.name}"
    put(url, whole(url_of(kept)))
    return url


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
    with pytest.raises(ConfigError, match=rf"^{url} was not begun here by you.*Add trust=true"):
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


@pytest.mark.slow
def test_a_page_that_came_out_of_a_store_is_not_opened_but_made_here(store, machine, command):
    machine("a")
    url = url_of(run(*ASKED, f"out={store}"))
    put(url, {"report/report.html": b"<script>anything</script>"})
    code, told, _ = command("view", url)
    page = address.folder(url) / "report" / "report.html"
    assert (code, told) == (0, f"{page.as_uri()}\n")
    assert "anything" not in page.read_text()


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
