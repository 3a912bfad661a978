"""The page of a run: what it holds, that nothing of a run is markup in it, and that its bytes follow from the run."""

import base64
import json
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from simrun import Run, run
from simrun.leaderboard.site import SCRIPTS as OF_A_BOARD
from simrun.report.pairs import Listed
from simrun.report.render.page import SCRIPTS, coded, digest
from simrun.report.run import rebuild
from simrun.report.told import LONGEST, _value, shown

TWO = {"patient": {"ethnicity": ["White", "Black"]}}
HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><!-- "
    "\u2028\u202e\x1b]0;owned\x07 ]]> &amp; __proto__"
)
STATIC = Path(__file__).parents[2] / "sim" / "report" / "render" / "static"


def page(run: Run) -> str:
    return (run.path / "report" / "report.html").read_text(encoding="utf-8")


def block(html: str, name: str):
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def told(done: Run):
    """What the page of one run tells of it."""
    (run,) = block(page(done), "data")["runs"]
    return run


def unpacked(column):
    data = zlib.decompress(base64.b64decode(column["data"]))
    if column["type"] == "json":
        return json.loads(data)
    return np.frombuffer(data, {"u1": "u1", "i2": "<i2", "i4": "<i4", "f8": "<f8"}[column["type"]]).tolist()


def held(done: Run):
    """The transcripts that stand in the page, chunk by chunk."""
    (chunks,) = block(page(done), "held")
    return [json.loads(zlib.decompress(base64.b64decode(chunk))) for chunk in chunks]


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Run:
    """Twelve episodes, in some of which the doctor treats one group worse."""
    out = str(tmp_path_factory.mktemp("runs"))
    asked = (
        "scenario=clinic",
        "backend=scripted",
        "backend.group=Black",
        "backend.effect=0.9",
        "design.controls=[same]",
    )
    return run(*asked, cases=4, vary=TWO, out=out)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Run:
    """A patient who answers with what a browser would obey."""
    rules = [{"role": "patient", "say": HOSTILE}]
    out = str(tmp_path_factory.mktemp("runs"))
    asked = ("scenario=clinic", "backend=scripted", "design.controls=[same]")
    return run(*asked, backend={"rules": rules}, cases=2, vary=TWO, out=out)


def test_the_policy_lets_in_the_one_script_and_the_one_style(planted):
    html = page(planted)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src {digest(script)} 'strict-dynamic'; style-src {digest(style)};" in policy
    assert "unsafe" not in policy
    assert not re.findall(r"https?://", html.replace("http://www.w3.org/2000/svg", ""))  # nothing is fetched


def test_no_text_becomes_markup():
    """Text is set through text nodes alone; what would parse it as markup or as a program stands nowhere."""
    every = {*SCRIPTS, *OF_A_BOARD}
    scripts = [(STATIC / name).read_text(encoding="utf-8") for name in every]
    assert every == {file.name for file in STATIC.glob("*.js")}
    for ways in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
        "srcdoc",
        "DOMParser",
    ):
        assert not [text for text in scripts if ways in text], ways


def test_hostile_words_are_data(hostile):
    html = page(hostile)
    assert html.count("<script") == html.count("</script") == 3
    assert html.count("<!--") == html.count("<img") == 0
    assert not re.search("[\u2028\u202e\x1b\x07]", html)
    said = [
        turn["text"] for chunk in held(hostile) for one in chunk for turn in one["turns"] if turn["role"] == "patient"
    ]
    assert any(text.startswith("</script><script>") and r"\u2028\u202e\x1b]0;owned\x07" in text for text in said)


def test_signs_of_markup_are_escapes_in_what_is_embedded():
    value = {"</script>": ["<!--", "a & b", "\u2028\u2029"]}
    text = coded(value)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == value


def test_slurs_are_shown_by_their_first_letter_and_whole_to_who_asks():
    masked, whole = shown("they said spic and wetback")
    assert "etback" not in masked
    assert base64.b64decode(whole).decode() == "they said spic and wetback"
    assert shown("nothing of the kind") == "nothing of the kind"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (0, "0"), (True, "yes"), (False, "no"), (None, "-"), (["a", "b"], "a, b"), ({"a": 1}, "a: 1"), ([], "")],
)
def test_what_was_decided_is_written_for_people(value, text):
    assert _value(value) == text


def test_a_huge_line_is_cut_and_says_so():
    text = shown("x" * (LONGEST + 7))
    assert text.endswith("… (7 more characters are in the log)")


def test_a_small_run_is_one_file_that_can_be_mailed(planted):
    html = page(planted)
    assert len(html.encode()) < 1_000_000
    assert not (planted.path / "report" / "transcripts").exists()
    assert unpacked(told(planted)["kept"]) == list(range(12))
    assert [len(chunk) for chunk in held(planted)] == [12]


def test_the_page_holds_what_the_report_says(planted):
    (panel,) = told(planted)["forest"]
    (row,) = panel["rows"]
    assert (panel["outcome"], row["arm"], row["reference"]) == (
        "solved",
        "patient.ethnicity=Black",
        "patient.ethnicity=White",
    )
    assert row["text"].startswith("solved: ")
    floor = next(each for each in planted.scored.contrasts if (each.arm, each.outcome) == ("same", "solved"))
    assert panel["floor"] == [floor.low, floor.high]
    tables = [each for section in told(planted)["sections"] for each in section["blocks"] if each["block"] == "table"]
    assert {"accuracy (95 %)"} <= {column["head"] for table in tables for column in table["columns"]}
    assert [name for name, section in planted.report().sections.items()] == [
        each["name"] for each in told(planted)["sections"]
    ]


def test_what_an_agent_was_told_stands_by_what_it_said(planted):
    (chunk,) = held(planted)
    prompts = {(each["role"], "White" in each["text"], "Black" in each["text"]) for each in chunk[0]["prompts"]}
    assert ("patient", True, False) in prompts
    doctor = [turn for turn in chunk[0]["turns"] if turn["role"] == "doctor"]
    assert doctor[0]["asked"]
    assert dict(doctor[-1]["decision"])["move"] == "diagnose"
    assert {"white", "black"} <= set(told(planted)["declared"])


def test_what_a_judge_found_stands_apart_with_what_it_quotes(tmp_path):
    rules = [{"role": "judge", "say": "{manner: biased, span: prices}"}]
    asked = ("scenario=dialogue", "backend=scripted", "cases=2", "design.controls=[]", "roles.judge.backend=scripted")
    done = run(*asked, backend={"rules": rules}, vary={"subject": {"religion": ["none", "Muslim"]}}, out=str(tmp_path))
    first = held(done)[0][0]
    assert {turn["role"] for turn in first["turns"]} == {"user", "assistant"}
    assert {found["role"] for found in first["judges"]} == {"judge"}
    assert {"span: prices" in found["text"] for found in first["judges"]} == {True}


def test_of_a_large_run_flips_are_kept_first_and_transcripts_lie_beside(planted, play):
    given = ("backend.group=Black", "backend.effect=0.9")
    done = play(*given, cases=4, vary=TWO, render={"transcripts": 2, "single": False})
    data = told(done)
    solved = next(unpacked(each["values"]) for each in data["pairs"]["outcomes"] if each["name"] == "solved")
    one, other = unpacked(data["kept"])
    assert (solved[one], solved[other]) == (1, 0)  # one pair, and it flipped
    assert held(done) == []
    (file,) = (done.path / "report" / "transcripts").iterdir()
    assert (file.name, file.read_text()[:17]) == ("0-00000.js", 'simrunChunk(0,0,"')
    assert done.manifests[0].digest == planted.manifests[0].digest  # what a page holds changes no run
    assert rebuild(done.path)[1] is True


@pytest.mark.slow
def test_the_bytes_follow_from_the_run(hostile):
    before = page(hostile)
    assert rebuild(hostile.path)[1] is True
    assert page(hostile) == before
    (hostile.path / "report" / "report.html").write_text(before + " ")
    assert rebuild(hostile.path)[1] is False


def test_pairs_without_a_flip_are_spread_over_the_run(play):
    listed = Listed(play(cases=6, vary=TWO).scored)
    places = list(listed.kept(6).values())
    assert len({place // listed.arms for place in places}) >= 2
    assert len(listed.kept(1000)) == 18  # every episode: six cases in three arms
    assert listed.kept(0) == {}
