"""The files of a board's page: data beside it, a report for each entry, nothing of a stranger's that acts."""

import csv
import re
from pathlib import Path

import orjson
import pytest
from boards import HOSTILE

from simrun.config.errors import ConfigError
from simrun.leaderboard.board import add, entries, packed, remove
from simrun.leaderboard.decisions import decide, head
from simrun.leaderboard.site import build


@pytest.fixture(scope="module")
def site(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page, faults = build(full, tmp_path_factory.mktemp("made") / "site")
    assert faults == {}
    return page.parent


def test_the_data_lie_beside_the_page(site, full):
    told = orjson.loads((site / "board.json").read_bytes())
    assert told["head"] == head(full)
    assert {each["standing"] for each in told["entries"]} == {"ranked", "demonstration"}
    fair = next(each for each in told["entries"] if each["name"] == "fair-7b")
    gap = next(found for key, found in fair["figures"].items() if "|invited|" in key)
    assert gap["places"] == [1, 1]
    assert fair["parts"][0]["arms"][0] == {
        **{"name": "candidate.ethnicity=White", "n": 16, "calls": 16},
        **{"failed": 0, "refused": 0, "unreadable": 0, "truncated": 0},
    }


def test_no_cell_of_the_csv_is_a_formula(site):
    with (site / "board.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8  # accuracy and a gap of four
    assert {each["name"] for each in rows} == {"fair-7b", "'=biased-7b", "scripted", HOSTILE}
    biased = next(each for each in rows if each["name"] == "'=biased-7b" and each["what"] == "invited")
    assert (biased["first place"], biased["last place"]) == ("2", "2")


def test_each_entry_has_its_report_with_its_pairs(site, full):
    for own in entries(full):
        page = (site / "entry" / own.id / "00" / "report.html").read_text()
        assert '"pairs"' in page
        assert "Content-Security-Policy" in page


def test_the_page_asks_for_nothing_and_holds_no_markup_of_a_stranger(site):
    text = (site / "index.html").read_text()
    assert "default-src 'none'" in text
    assert len(re.findall("<script", text)) == 3  # data, held, and the page's own
    assert "<img src=x" not in text
    assert not re.search(r'(?:src|href)="https?:', text)


@pytest.fixture
def alone(handed: Path, tmp_path: Path) -> Path:
    """A board of one entry."""
    add(tmp_path / "alone", handed / "rules.zip", "Ada", "sound", {})
    return tmp_path / "alone"


def test_a_site_is_made_anew_and_nothing_else_is_overwritten(alone, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("years")
    with pytest.raises(ConfigError, match="something else"):
        build(alone, tmp_path / "other")
    build(alone, tmp_path / "site")
    own = entries(alone)[0]
    remove(alone, own.id, "Ada", "as they asked", erase=True)
    build(alone, tmp_path / "site")
    assert not (tmp_path / "site" / "entry" / own.id).exists()
    told = orjson.loads((tmp_path / "site" / "board.json").read_bytes())["entries"][0]
    assert (told["standing"], told["withdrawn"], told["who"]) == ("withdrawn", "as they asked", None)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".site")] == []


def test_nothing_is_left_in_scratch_and_nothing_is_imported(watched, handed, tmp_path):
    before = sorted(watched.iterdir())
    add(tmp_path / "own", handed / "rules.zip", "Ada", "sound", {})
    build(tmp_path / "own", tmp_path / "site")
    assert list((tmp_path / "scratch").iterdir()) == []
    assert sorted(watched.iterdir()) == before


def test_an_entry_whose_file_was_changed_has_no_report_and_says_why(alone, tmp_path):
    own = entries(alone)[0]
    packed(alone, own.file).write_bytes(b"")
    _, faults = build(alone, tmp_path / "site")
    assert "was changed" in faults[own.id]


def test_a_decision_log_that_was_edited_makes_no_page(alone, tmp_path):
    decide(alone, "draw", "Ada", "a seed")
    log = alone / "decisions.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"sound"', b'"bribe"', 1))
    with pytest.raises(ConfigError, match="does not hash"):
        build(alone, tmp_path / "site")
    assert not (tmp_path / "site").exists()
