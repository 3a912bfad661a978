"""`simrun view`: the page is opened, served, made anew while a run plays; `simrun compare` writes one of several."""

import asyncio
import http.client
import json
import re
import webbrowser

import pytest

from simrun import Run, run
from simrun.cli.serving import Serving
from simrun.config.composition import compose
from simrun.config.menus import catalogue
from simrun.log.chain import Lock, playing
from simrun.log.tables import known
from simrun.report.run import Watching, snapshot, start

WINDOWS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


@pytest.fixture(autouse=True)
def nothing_opens(monkeypatch):
    for name in WINDOWS:
        monkeypatch.delenv(name, raising=False)


def data(html: str):
    found = re.search(r'id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.slow
def test_the_address_is_printed_and_said_where_no_browser_opens(command, complete):
    code, out, told = command("view", complete)
    assert (code, out) == (0, f"{(complete / 'report' / 'report.html').as_uri()}\n")
    assert "no browser could be opened" in told


def test_a_browser_is_told(command, complete, monkeypatch):
    asked = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(webbrowser, "open", lambda address: asked.append(address) or True)
    told = json.loads(command("view", complete, "--json")[1])
    assert told == {"page": (complete / "report" / "report.html").as_uri(), "opened": True}
    assert asked == [told["page"]]


def test_a_page_that_was_sent_is_not_opened_but_made_here(command, sent):
    page = sent / "report" / "report.html"
    page.write_text("<script>anything</script>")
    assert command("view", sent)[0] == 0
    assert data(page.read_text())["runs"][0]["complete"] is True


def test_what_is_served_is_the_report_alone(complete):
    (complete / "report" / "secret.txt").write_text("secret")
    with Serving(complete / "report", 0) as serving:
        host, _, port = serving.address.removeprefix("http://").rstrip("/").partition(":")

        def answer(path: str, **headers: str) -> int:
            asked = http.client.HTTPConnection(host, int(port), timeout=10)
            asked.request("GET", path, headers=headers)
            found = asked.getresponse()
            found.read()
            return found.status

        assert host == "127.0.0.1"
        assert [answer("/"), answer("/report.md"), answer("/effects.svg")] == [200, 200, 200]
        for path in ("/secret.txt", "/../manifest.json", "/transcripts/", "/%2e%2e/manifest.json"):
            assert answer(path) == 404, path
        assert answer("/", Host="attacker.example:80") == 404


def test_whether_a_run_is_playing(complete):
    assert playing(complete) is False
    lock = Lock(complete)
    assert playing(complete) is True
    lock.close()
    assert playing(complete) is False


class Looks(Watching):
    """Takes a snapshot when the first episodes are there."""

    def __init__(self, folder):
        self.folder, self.path, self.seen = folder, None, None

    def about(self, path, watch):
        self.path = path

    async def follow(self, watch):
        while watch.done < 2:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
        self.seen = (playing(self.path), snapshot(self.path, self.folder / self.path.name, every=7), watch.done)
        await asyncio.sleep(3600)


def test_a_run_that_is_playing_is_shown_as_far_as_it_is_logged(tmp_path):
    asked = ("scenario=clinic", "backend=scripted", "concurrency=1", "cases=6", "design.controls=[same]")
    config, folders = compose(
        asked, {"vary": {"patient": {"ethnicity": ["White", "Black"]}}, "out": str(tmp_path)}, None
    )
    looks = Looks(tmp_path / "live")
    done = start(config, catalogue(folders), looks)
    live, snap, count = looks.seen
    assert live is True
    told = data((looks.folder / done.path.name / "report" / "report.html").read_text())
    (shown,) = told["runs"]
    assert 2 <= shown["played"] == int((snap.episodes.state == "done").sum()) == count < shown["owed"] == 18
    assert shown["complete"] is False
    assert told["live"]["every"] == 7
    assert done.complete  # who looks disturbs nothing
    assert known(done.path / "sealed")
    assert "live" not in data((done.path / "report" / "report.html").read_text())


@pytest.mark.slow
def test_compare_writes_the_page_of_several_runs(command, tmp_path):
    out = str(tmp_path)
    asked = ("scenario=clinic", "backend=scripted", "backend.group=Black", "cases=4", "design.controls=[same]")
    vary = {"patient": {"ethnicity": ["White", "Black"]}}
    runs = [run(*asked, f"backend.effect={effect}", vary=vary, out=out) for effect in (0.9, 0.0)]
    code, _, told = command("compare", *(each.path.name for each in runs), f"out={out}")
    (page,) = tmp_path.glob("compared/*/report.html")
    assert (code, told.split()) == (0, ["page", str(page)])
    found = data(page.read_text())
    assert found["names"] == ["A: effect=0.9", "B: effect=0.0"]
    assert [each["run"] for each in found["runs"]] == [each.path.name for each in runs]
    first, table = found["compared"]["blocks"][:2]
    assert first["text"] == "What differs in their configs"
    assert table["rows"] == [[["backend.effect"], ["0.9", 0.9], ["0.0", 0.0]]]
    assert isinstance(runs[0], Run)
