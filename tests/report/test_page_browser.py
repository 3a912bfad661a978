"""The page of a run in a real browser, opened from the disk as a person would: Debian's chromium."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simrun import Run, compare, run
from simrun.cli.serving import Serving
from simrun.report.render.comparison import compared_page
from simrun.report.render.page import page as made
from simrun.report.run import snapshot
from simrun.report.written import write

pytestmark = pytest.mark.slow
TWO = {"patient": {"ethnicity": ["White", "Black"]}}
HOSTILE = (
    "</script><script>window.owned=1</script><img src=x onerror=\"window.owned=1\"><svg onload='window.owned=1'> "
    "javascript:window.owned=1 \u2028\u202e wetback " + "long" * 400
)
Open = Callable[..., Any]


@pytest.fixture
def open_page(browser) -> Iterator[Open]:
    """Opens the page of a run from the disk; whatever it complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(done: Run | Path | str, hash: str = "", width: int = 1280, **options: Any) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        file = done.path / "report" / "report.html" if isinstance(done, Run) else done
        page.goto((file.as_uri() if isinstance(file, Path) else file) + hash)
        page.wait_for_selector("main")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Run:
    """Pairs that come out differently, and transcripts in files beside the page."""
    out = str(tmp_path_factory.mktemp("runs"))
    asked = ("scenario=clinic", "backend=scripted", "backend.group=Black", "backend.effect=0.5", "cases=10")
    return run(*asked, "design.controls=[same,placebo]", vary=TWO, out=out, render={"single": False})


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Run:
    rules = [{"role": "patient", "say": HOSTILE}]
    asked = ("scenario=clinic", "backend=scripted", "cases=2", "design.controls=[same]")
    return run(*asked, backend={"rules": rules}, vary=TWO, out=str(tmp_path_factory.mktemp("runs")))


def flips(done: Run) -> int:
    of = {each.outcome: each for each in done.scored.contrasts if each.arm == "patient.ethnicity=Black"}
    return round((of["solved"].flip_rate or 0) * of["solved"].pairs)


def rows(page: Any) -> list[str]:
    return [each.inner_text() for each in page.query_selector_all(".list .row .case")]


def test_findings_are_first_with_a_sentence_and_a_picture(open_page, done):
    page = open_page(done)
    first = page.locator("main section.card").first
    assert "patient.ethnicity: Black against White" in first.inner_text()
    assert first.locator("svg.forest.wide rect.floor").count() == 1
    assert first.locator(".badge").count() == 1
    assert page.locator("h2", has_text="How it was played").count() == 1


def test_a_table_is_sorted_both_ways_and_says_what_its_columns_mean(open_page, done):
    page = open_page(done)
    table = page.locator("table").first
    cells = lambda: table.locator("tbody tr td:first-child").all_inner_texts()  # noqa: E731
    before = cells()
    head = table.locator("thead button").first
    head.click()
    assert cells() == sorted(before)
    head.click()
    assert cells() == sorted(before, reverse=True)
    assert table.locator("th").first.get_attribute("aria-sort") == "descending"
    legend = page.locator("dl.legend").first
    assert not legend.is_visible()
    page.locator("button.plain", has_text="What the columns mean").first.click()
    assert legend.is_visible()
    page.emulate_media(media="print")
    assert page.locator("dl.legend").last.is_visible()


def test_on_paper_it_is_dark_on_light(open_page, done):
    page = open_page(done, color_scheme="dark")
    ink = "getComputedStyle(document.body).color"
    assert page.evaluate(ink) == "rgb(232, 233, 236)"
    page.emulate_media(media="print")
    assert page.evaluate(ink) == "rgb(29, 33, 41)"


def test_pairs_are_filtered(open_page, done):
    page = open_page(done, "#pairs")
    assert len(rows(page)) == 10
    page.get_by_role("button", name="came out differently").click()
    assert len(rows(page)) == flips(done) > 0
    page.get_by_role("button", name="came out differently").click()
    name = rows(page)[3]
    page.get_by_role("searchbox").fill(name[:7])
    assert set(rows(page)) == {each for each in done.manifests[0].cases if name[:7] in each}
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Arms").select_option(label="placebo against patient.ethnicity=White (placebo)")
    assert page.locator(".count").inner_text().startswith("10 pairs, 0 of them")
    page.get_by_role("button", name="refused").click()
    assert rows(page) == []


def test_a_pair_stands_side_by_side_with_its_declared_difference(open_page, done):
    page = open_page(done, "#pairs")
    page.locator(".list .row").first.click()
    page.wait_for_selector(".said")
    marks = page.locator(".prompts mark.declared").all_inner_texts()
    assert marks == ["White", "Black"]
    assert page.locator(".prompts mark:not(.declared)").count() == 0
    assert page.locator(".moves .strong").inner_text().split() == ["solved", "1", "→", "0"]
    assert page.locator("mark:not(.declared)").count() > 0  # what the doctor said of them
    assert page.locator("summary", has_text="What it was told").count() > 2


def test_a_link_opens_a_pair_and_a_wrong_one_says_so(open_page, done):
    page = open_page(done, "#pairs")
    page.locator(".list .row").nth(2).click()
    page.wait_for_selector(".said")
    hash, title = page.evaluate("location.hash"), page.locator(".view h1").inner_text()
    assert hash.startswith("#pair=")
    again = open_page(done, hash)
    again.wait_for_selector(".said")
    assert again.locator(".view h1").inner_text() == title
    wrong = open_page(done, "#pair=nobody~0~a~b")
    assert "names a pair that this run does not have" in wrong.locator(".view").inner_text()


def test_keys_go_from_flip_to_flip_and_from_pair_to_pair(open_page, done):
    page = open_page(done)
    seen = []
    for _ in range(flips(done) + 2):  # beyond the last one nothing moves
        page.keyboard.press("n")
        page.wait_for_selector(".row[aria-current='true']")
        seen.append(page.evaluate("location.hash"))
    assert len(set(seen)) == flips(done)
    page.keyboard.press("j")
    assert page.evaluate("location.hash") not in seen
    page.keyboard.press("k")
    page.keyboard.press("p")
    assert page.evaluate("location.hash") == seen[-4]
    page.keyboard.press("Escape")
    assert page.evaluate("location.hash") == "#pairs"


def test_who_goes_by_tab_and_enter_stays_in_the_list(open_page, done):
    page = open_page(done, "#pairs")
    page.locator(".list .row").nth(1).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".said")
    assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "row"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_no_text_lies_over_another(open_page, done, scheme):
    page = open_page(done, "#pairs", color_scheme=scheme, reduced_motion="reduce")
    page.locator(".list .row").first.click()
    page.wait_for_selector(".said")
    page.emulate_media(media="print")
    hidden = (
        "[...document.querySelectorAll('.text')].filter((each) => each.scrollHeight > each.clientHeight + 1).length"
    )
    assert page.evaluate(hidden) == 0
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_hostile_words_execute_nothing_and_are_read_as_they_are(open_page, hostile):
    page = open_page(hostile, "#pairs")
    page.locator(".list .row").first.click()
    page.wait_for_selector(".said")
    text = page.locator(".said .text", has_text="</script><script>").first
    assert r"\u2028\u202e w••••••" in text.inner_text()
    page.get_by_label("show slurs").check()
    page.wait_for_selector(".said")
    assert r"\u2028\u202e wetback" in page.locator(".said .text", has_text="</script><script>").first.inner_text()
    assert page.evaluate("window.owned") is None
    assert page.locator("#page img[src='x'], #page script").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_window(open_page, hostile, width, scheme):
    page = open_page(hostile, width=width, color_scheme=scheme)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    page.evaluate("location.hash = '#pairs'")
    page.wait_for_selector(".row")
    assert page.evaluate(wide) == 0
    page.locator(".list .row").first.click()
    page.wait_for_selector(".said")
    assert page.evaluate(wide) == 0
    assert (
        page.evaluate("document.querySelector('.view').scrollWidth - document.querySelector('.view').clientWidth") == 0
    )


@pytest.fixture(scope="module")
def talk(tmp_path_factory) -> Run:
    """A dialogue in which the assistant turns biased, and a judge who copies what decides that."""
    rules = [
        {"role": "stereotype", "say": '{"manner": "biased", "span": "does not follow", "aware": false}'},
        {"role": "assistant", "turn": 1, "say": "Yes, it is true that {group} {claim}."},
        {"role": "assistant", "say": "That does not follow from anybody's group."},
    ]
    asked = ("scenario=dialogue", "backend=scripted", "cases=2", "design.controls=[]", "judge=stereotype")
    out = str(tmp_path_factory.mktemp("runs"))
    vary = {"subject": {"religion": ["none", "Muslim"]}}
    return run(*asked, "roles.judge.backend=scripted", backend={"rules": rules}, vary=vary, out=out)


def test_what_judges_point_at_is_underlined_and_judged_is_a_filter(open_page, talk):
    page = open_page(talk, "#pairs")
    page.get_by_role("button", name="judged").click()
    assert len(rows(page)) == 2
    page.locator(".list .row").first.click()
    page.wait_for_selector(".said")
    quoted = page.locator(".said .quoted")
    assert set(quoted.all_inner_texts()) == {"does not follow"}
    assert quoted.first.get_attribute("title") == "stereotype: manner biased, aware no"
    assert page.locator("h3", has_text="What judges found").count() == 1


def test_a_dialogue_has_curves_and_not_of_what_never_changes(open_page, talk):
    page = open_page(talk, "#pairs")
    page.locator(".list .row").first.click()
    page.wait_for_selector(".said")
    names = page.locator(".charts figcaption").all_inner_texts()
    assert "biased" in names
    assert "aware" not in names
    first = talk.episodes[talk.episodes["case"] == rows(page)[0]].sort_values("arm", ascending=False)["trial"]
    table = talk.outcomes[talk.outcomes["outcome"] == "biased"].sort_values("turn")
    one, other = (", ".join(f"{each:.0f}" for each in table[table["trial"] == trial]["value"]) for trial in first)
    label = page.locator("svg.chart").first.get_attribute("aria-label")
    assert label == f"biased turn by turn: reference {one}; arm {other}"


def test_a_discussion_has_a_graph_and_a_ranking_its_places(open_page, tmp_path):
    asked = ("backend=scripted", "design.controls=[]", "cases=2")
    page = open_page(run("scenario=peer_review", *asked, out=str(tmp_path)), "#pairs")
    page.locator(".list .row").first.click()
    page.locator("summary", has_text="Who heard whom").click()
    assert {"author", "reviewer 1"} <= set(page.locator("svg.graph text").all_text_contents())
    page = open_page(run("scenario=recruitment", "scenario.mode=rank", *asked, out=str(tmp_path)), "#pairs")
    page.locator(".list .row").first.click()
    page.wait_for_selector(".ranking svg")
    first = page.locator(".ranking svg").first
    assert first.locator("line").count() == 5
    assert first.locator("line.varied").count() == 1  # one applicant differs between the arms


def test_several_runs_stand_side_by_side(open_page, done, tmp_path):
    asked = ("scenario=clinic", "backend=scripted", "backend.group=Black", "backend.effect=0", "cases=10")
    other = run(*asked, "design.controls=[]", vary=TWO, out=str(tmp_path))
    write(tmp_path / "both", compared_page(compare([done, other]), [done.shown(), other.shown()], single=False))
    page = open_page(tmp_path / "both" / "report.html")
    assert page.locator("main h2").first.inner_text() == "What differs in their configs"
    first = page.locator("main section.card").first
    assert first.locator("svg.forest.wide rect.mark").count() == 2
    assert first.locator("svg.forest.wide rect.floor").count() == 1  # only one of the two has a floor
    assert first.locator(".beside .finding").count() == 2
    page.locator("main .chips .chip").nth(1).click()
    assert page.locator("main", has_text=f"digest {other.manifests[0].digest}").count() == 1
    page.evaluate("location.hash = '#pairs'")
    page.get_by_label("Run").select_option(index=1)
    assert page.locator(".count").inner_text() == "10 pairs, 0 of them came out differently"
    page.locator(".list .row").first.click()
    page.wait_for_selector(".said")
    again = open_page(tmp_path / "both" / "report.html", page.evaluate("location.hash"))
    again.wait_for_selector(".said")
    assert again.get_by_label("Run").input_value() == "1"
    again.get_by_label("Run").select_option(index=0)
    again.get_by_role("button", name="came out differently").click()
    assert len(rows(again)) == flips(done)


def test_a_run_that_is_playing_says_how_much_of_it_is_shown_and_reads_itself_anew(open_page, done, tmp_path):
    folder = tmp_path / done.path.name
    snapshot(done.path, folder, every=1)
    page = open_page(folder / "report" / "report.html")
    assert "still playing: 40 of 40 episodes" in page.locator(".bar .live").inner_text()
    page.evaluate("window.before = 1")
    with page.expect_navigation(timeout=10_000):
        pass
    page.wait_for_selector(".live")
    assert page.evaluate("window.before") is None
    page.evaluate("location.hash = '#pairs'")
    page.wait_for_selector(".row")
    page.evaluate("window.before = 1")
    page.wait_for_timeout(1500)
    assert page.evaluate("window.before") == 1  # who reads pairs is not disturbed


def test_the_same_files_work_from_a_server(open_page, done):
    with Serving(done.path / "report", 0) as serving:
        page = open_page(serving.address, "#pairs")
        page.locator(".list .row").first.click()
        page.wait_for_selector(".said")
        assert page.locator(".prompts mark.declared").all_inner_texts() == ["White", "Black"]


def test_images_are_shown_as_they_were_sent(open_page, done, tmp_path):
    url = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="
    shown = done.shown()
    place = min(shown.transcripts)
    turn = next(each for each in shown.transcripts[place]["turns"] if each.get("asked"))
    turn["images"] = [0, "https://example.org/x.png"]
    write(tmp_path, made([replace(shown, more={**shown.more, "pictures": [url]})], single=True))
    page = open_page(tmp_path / "report.html", "#pairs")
    page.get_by_role("searchbox").fill(done.layout.cases[0])
    page.locator(".list .row").first.click()
    image = page.locator("img.sent")
    page.evaluate("document.querySelectorAll('.view details').forEach((each) => { each.open = true; })")
    assert image.evaluate("(each) => each.naturalWidth") == 1
    assert page.locator(".said", has_text="not shown: https://example.org/x.png").count() == 1
