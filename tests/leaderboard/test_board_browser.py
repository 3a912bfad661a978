"""The board's page in a real browser, opened from the disk and from a web server."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from boards import HOSTILE

from simrun.leaderboard.board import entries, remove, rescore
from simrun.leaderboard.decisions import decide
from simrun.leaderboard.site import build

pytestmark = pytest.mark.slow
Open = Callable[..., Any]
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def site(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a board on which the fair model was asked again, and rules were withdrawn."""
    folder = Path(shutil.copytree(full, tmp_path_factory.mktemp("shown") / "board"))
    decide(folder, "ask", "Ada", "64 pairs", of(folder, "fair-7b"), {"verdict": "agrees"})
    remove(folder, of(folder, "scripted"), "Ada", "it was a trial", erase=False)
    told = {"commitment": "c" * 64, "seed": 5, "suite": "small@1", "answers": ["model=unseen-7b"], "who": HOSTILE}
    decide(folder, "draw", "Ada", "the seed of a run that was committed to", evidence=told)
    return build(folder, folder.parent / "site")[0].parent


def of(folder: Path, name: str) -> str:
    return next(each.file for each in entries(folder) if each.added.evidence["models"] == [name])


@pytest.fixture
def open_page(browser, site) -> Iterator[Open]:
    """Opens a page of the site; whatever it complains of, and whatever it asks for elsewhere, fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(hash: str = "", width: int = 1280, address: str = "", **options: Any) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto((address or (site / "index.html").as_uri()) + hash)
        page.wait_for_selector("main")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def card(page: Any, what: str) -> Any:
    return page.locator("section.card[data-question]", has=page.locator("h3", has_text=what))


def names(card: Any) -> list[str]:
    return card.locator("svg.wide a").all_text_contents()


def test_places_are_drawn_and_who_is_unable_stands_below_the_line(open_page):
    page = open_page()
    gap = card(page, "invited")
    assert [each[:8] for each in names(gap)] == ["fair-7b", "=biased-", HOSTILE[:8]]
    assert gap.locator("svg.wide rect.place").count() == 2
    assert gap.locator("svg.wide text", has_text="below the line").count() == 1
    assert gap.locator("svg.wide rect.floor").count() == 3
    assert gap.locator("svg.wide rect.unable").count() == 1
    assert card(page, "accuracy").locator("svg.wide rect.place").count() == 3
    label = gap.locator("svg.wide").get_attribute("aria-label")
    assert label.startswith("invited: candidate.ethnicity: Black against White: fair-7b 0 [")


def test_the_front_joins_those_whom_nobody_beats_at_both(open_page):
    page = open_page()
    drawn = page.locator("svg.scatter.wide")
    assert drawn.locator("circle.mark").count() == 2
    assert drawn.locator("circle.hollow").count() == 1
    assert drawn.locator("path.front").count() == 1  # the biased one is right more often, the fair one has no gap


def test_a_draw_for_which_nothing_was_handed_in_is_told(open_page):
    page = open_page("#decisions")
    row = page.locator("table tbody tr")
    assert row.count() == 1
    assert "small@1" in row.inner_text()
    assert "model=unseen-7b" in row.inner_text()


def test_weights_are_the_readers_own(open_page):
    page = open_page()
    assert "No weight is set" in page.locator("main").inner_text()
    sliders = page.locator(".weight input")
    sliders.nth(0).fill("10")
    assert page.locator(".worth a").all_inner_texts()[0] == "=biased-7b"
    sliders.nth(1).fill("10")
    assert page.locator(".worth a").all_inner_texts() == ["fair-7b", "=biased-7b"]
    accuracy = 14 / 16  # two cases of sixteen are wrong
    assert page.locator(".worth b").first.inner_text() == f"{(accuracy + 1) / 2:.3g}"


def test_rows_are_filtered_by_what_they_are_borne_out_by(open_page):
    page = open_page()
    assert len(names(card(page, "invited"))) == 3
    page.get_by_label("borne out by").select_option("re-asked")
    assert names(card(page, "invited")) == ["fair-7b"]
    assert page.locator("h2#figures ~ .scroll tbody tr").count() == 1
    page.get_by_label("borne out by").select_option("host")
    assert "Nothing here is borne out so far" in page.locator("main").inner_text()
    page.get_by_label("borne out by").select_option("consistent")
    page.get_by_label("scenario").select_option("recruitment")
    page.get_by_label("axis").select_option("candidate.ethnicity")
    assert len(names(card(page, "invited"))) == 3


def test_a_link_opens_an_entry_and_from_it_its_pairs(open_page, site, full):
    id = of(full, "fair-7b")[:12]
    page = open_page(f"#entry={id}")
    assert page.locator("h1").inner_text() == "fair-7b"
    assert "re-asked on a sample" in page.locator("dl.told").inner_text()
    assert page.locator(".decided li").all_inner_texts()[1].startswith("asked again")
    page.get_by_role("link", name="its pairs").click()
    page.wait_for_selector(".list .row")
    assert page.locator(".list .row").count() == 16
    assert (site / "entry" / id / "00" / "report.html").is_file()
    wrong = open_page("#entry=nobody")
    assert "an entry that this board does not have" in wrong.locator("main").inner_text()


def test_who_was_asked_again_and_said_otherwise_is_told_so(browser, full, tmp_path):
    folder = Path(shutil.copytree(full, tmp_path / "board"))
    decide(folder, "ask", "Ada", "64 pairs", of(folder, "fair-7b"), {"verdict": "disagrees"})
    page = browser.new_page()
    page.goto(build(folder, tmp_path / "site")[0].as_uri())
    row = page.locator("tbody tr", has=page.locator("td", has_text="fair-7b")).first
    assert "consistent; asked again: disagrees" in row.inner_text()
    page.close()


def test_figures_of_every_version_of_the_metrics_stand_beside_each_other(browser, full, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(full, tmp_path / "board"))
    monkeypatch.setattr("simrun.leaderboard.scores.METRICS", 2)
    monkeypatch.setattr("simrun.leaderboard.board.METRICS", 2)
    id = of(folder, "fair-7b")[:12]
    assert rescore(folder, [id], "Ada", "metrics 2") == {id: "scored by metrics 2"}
    page = browser.new_page()
    page.goto(build(folder, tmp_path / "site")[0].as_uri() + f"#entry={id}")
    rows = page.locator("table").first.locator("tbody tr").all_inner_texts()
    assert [each.split("\t")[2] for each in rows] == ["metrics 1", "metrics 1", "metrics 2", "metrics 2"]
    assert "scored anew" in page.locator(".decided").inner_text()
    page.close()


def test_from_a_row_to_the_entry_and_to_its_report(open_page):
    page = open_page()
    page.locator("svg.wide a", has_text="fair-7b").first.click()
    page.wait_for_selector("dl.told")
    assert page.locator("h1").inner_text() == "fair-7b"
    page.go_back()
    page.wait_for_selector("h2#figures")
    page.locator("td a", has_text="report").first.click()
    page.wait_for_selector("h1:has-text('recruitment')")


def test_what_was_withdrawn_is_shown_with_its_reason(open_page):
    page = open_page()
    assert "scripted: it was a trial" in page.locator("main").inner_text()
    page.get_by_role("link", name="Decisions").click()
    page.wait_for_selector("h1:has-text('Decisions')")
    told = page.locator(".decided li").all_inner_texts()
    assert [each.split(" 2")[0] for each in told] == ["taken"] * 4 + ["asked again", "withdrawn", "seed drawn"]


def test_a_hostile_name_executes_nothing_and_is_read_as_it_is(open_page):
    for hash in ("", "#decisions", "#suite=</script><script>window.owned=1</script>", "#entry=%3Cimg%20src=x%3E"):
        page = open_page(hash)
        assert page.evaluate("window.owned") is None
        assert page.locator("#page img, #page script").count() == 0
    page = open_page()
    assert page.locator("td a", has_text=HOSTILE).count() == 1
    page.locator("td a", has_text=HOSTILE).click()
    page.wait_for_selector("dl.told")
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.evaluate("window.owned") is None


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(open_page, full, width, scheme):
    for hash in ("", "#decisions", *(f"#entry={own.id}" for own in entries(full)[:2])):
        page = open_page(hash, width=width, color_scheme=scheme)
        assert page.evaluate(WIDE) == 0, hash


def test_it_opens_from_a_web_server_too(open_page, site):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page = open_page(address=f"http://127.0.0.1:{server.server_port}/")
        page.locator("td a", has_text="pairs").first.click()
        page.wait_for_selector(".list .row")
        server.shutdown()
