"""Slurs are shown by their first letter; what only looks like one stays, and logs keep what was said."""

import json
from pathlib import Path

import pytest

from simrun.agents import slurs
from simrun.agents.printable import indented, one_line, printable, printable_json
from simrun.log.chain import read

SAID = "Those wetbacks and t-r-a-n-n-i-e-s"


@pytest.fixture(autouse=True)
def hidden():
    yield
    slurs.show(False)


@pytest.mark.parametrize(
    "word",
    ["wetback", "Wetbacks", "WETBACKS", "w3tback", "w.e.t.b.a.c.k", "wettback", "wet-back", "wetback's", "_wetback_"],
)
def test_a_slur_keeps_its_first_letter(word):
    shown = slurs.masked(f"He said {word}, twice.")
    assert "etback" not in shown.lower()
    assert word.strip("_")[0] + slurs.MARK in shown
    assert shown.startswith("He said ")
    assert shown.endswith(" twice.")


@pytest.mark.parametrize(
    "text",
    [
        "a chink in the armour",
        "spic and span",
        "spices and spicy food",
        "from Pakistan to Nigeria and Niger",
        "a snigger, a niggling doubt",
        "fire retardant",
        "Scunthorpe",
        "the digest f49 and 5p1c9",
        "conspicuous dragons",
        "a whoreson in Shakespeare",
    ],
)
def test_other_words_stay(text):
    assert slurs.masked(text) == text


def test_all_that_shows_words_masks_them():
    for show in (printable, one_line, indented):
        assert "etback" not in show(SAID)
        assert "a-n-n" not in show(SAID)
    told = printable_json(json.dumps({"wetback": f"\n{SAID}\u2019wetback"}))
    assert "etback" not in told
    assert "a-n-n" not in told
    assert list(json.loads(told)) == ["w" + slurs.MARK * 6]
    slurs.show()
    assert printable(SAID) == SAID


def test_transcript_and_report_are_masked_and_the_log_is_not(command, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    rules = (
        f"backend.rules=[{{role: assistant, say: '{SAID}'}}, {{role: judge, say: {{manner: biased, span: wetbacks}}}}]"
    )
    given = ["scenario=dialogue", "backend=scripted", "cases=2", rules, "design.controls=[]", f"out={tmp_path}"]
    code, out, _ = command(*given, "roles.judge.backend=scripted")
    assert code == 0
    assert "can hold slurs" in out
    path = next(Path(tmp_path).glob("*/*/manifest.json")).parent
    pages = [(path / "report" / name).read_text() for name in ("report.md", "report.json")]
    shown = [command("show", path, *form)[1] for form in (["0"], ["0", "--json"])]
    for text in (out, *pages, *shown):
        assert "etback" not in text
    assert "w" + slurs.MARK in shown[0]
    code, out, _ = command("show", path, "0", "--show-slurs")
    assert SAID in out
    said = [line.fields["answer"]["text"] for line in read(path) if line.fields.get("role") == "assistant"]
    assert set(said) == {SAID}


def test_scenarios_without_such_content_have_no_note(play):
    assert "slurs" not in (play(cases=2).path / "report" / "report.md").read_text()
