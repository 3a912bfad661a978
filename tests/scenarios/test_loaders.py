"""Papers of others: every form that is read, what is found in it, and what is said of what cannot be read."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import pytest
from conftest import shared

from simrun.scenarios.peer_review.loaders import papers
from simrun.scenarios.peer_review.ratings import decision, numbers, rating

matplotlib.use("Agg")
LINE = "We count bees in forty gardens and find that wide paths have no part in it."


def written(file: Path, content: Any) -> str:
    file.parent.mkdir(exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(file)


# Cells


@pytest.mark.parametrize(
    ("cell", "found"),
    [("8, 6, 3", (8, 6, 3)), ("[1, 3.5]", (1, 3.5)), (7, (7,)), ([4, "5"], (4, 5)), ("", ()), (None, ()), ("n/a", ())],
)
def test_numbers_of_a_cell(cell, found):
    assert numbers(cell) == found


@pytest.mark.parametrize("cell", ["11", "-1", 55])
def test_a_rating_that_no_scale_holds_is_refused(cell):
    with pytest.raises(ValueError, match=r"ratings: .* is outside 0 to 10"):
        numbers(cell)


@pytest.mark.parametrize("cell", ["8, good", "8-6", "8/10", "8: accept, 6", "good", [8, {"value": 6}]])
def test_a_cell_of_which_only_a_part_is_numbers_is_refused(cell):
    with pytest.raises(ValueError, match=r"ratings: .* is no number; give numbers with commas between them"):
        numbers(cell)


def test_the_rating_of_a_review_may_have_words_behind_it_and_the_later_one_counts():
    assert rating({"rating": "6: marginally above the threshold"}) == 6
    assert rating({"rating": 3, "final_rating": "8: accept"}) == 8
    assert rating({"rating": "Accept (Poster)", "overall": True, "comments": "I give 5."}) is None
    with pytest.raises(ValueError, match=r"recommendation: 60\.0 is outside"):
        rating({"recommendation": 60})


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ("Accept (Poster)", True),
        ("ICLR 2020 spotlight", True),
        ("Reject", False),
        ("Withdrawn Submission", False),
        ("Desk rejected, was to be accepted", False),
        ("Submitted to a venue", None),
        ("", None),
        (None, None),
    ],
)
def test_a_decision_in_words(said, accepted):
    assert decision(said) is accepted


# Tables


def test_a_table_of_title_abstract_ratings_and_decision(tmp_path):
    path = written(
        tmp_path / "venue.csv",
        'Title,Abstract,Ratings,Decision\nBees,Of bees.,"8, 5",Accept (Poster)\nTrams,Of trams.,,Reject\n'
        "Cats,Of cats.,6,\n",
    )
    found, faults = papers(path)
    assert [(each.id, each.title, each.text, each.rating, each.accepted) for each in found] == [
        ("venue-2", "Bees", "Of bees.", 6.5, True),
        ("venue-3", "Trams", "Of trams.", None, False),
        ("venue-4", "Cats", "Of cats.", 6, None),
    ]
    assert (faults, found[0].sound, found[0].quality) == ((), None, None)


def test_faults_name_file_and_line_and_the_rest_is_read(tmp_path):
    rows = [
        "id,title,abstract,ratings,accepted",
        "1,Bees,Of bees.,12,",
        "2,Trams,,5,",
        "3,Cats,Of cats.,5,yes",
        "3,Dogs,Of dogs.,5,no",
        "4,Cows,Of cows.,5,perhaps",
        "5,,Of what?,5,",
        "6,Hens,Of hens.,5,false",
    ]
    path = written(tmp_path / "venue.csv", "\n".join(rows))
    found, faults = papers(path)
    assert [(each.id, each.accepted) for each in found] == [("3", True), ("6", False)]
    assert [(each.file, each.line, each.field) for each in faults] == [
        (path, 2, "ratings"),
        (path, 3, "abstract"),
        (path, 5, "id"),
        (path, 6, "accepted"),
        (path, 7, "title"),
    ]
    assert "outside 0 to 10, within which every scale lies" in faults[0].why
    assert faults[1].why == "none, and no text: a paper needs one of them"
    assert "'3' is that of line 4 already" in faults[2].why


def test_a_table_without_texts_is_refused_with_its_columns(tmp_path):
    path = written(tmp_path / "ratings.csv", "title,ratings\nBees,5\n")
    with pytest.raises(
        ValueError, match=r"has the columns title and abstract \(or text\); its columns are title, ratings"
    ):
        papers(path)
    with pytest.raises(ValueError, match="has the columns title and abstract"):
        papers(str(shared("peer_review/iclr2020_ratings.csv")))
    with pytest.raises(FileNotFoundError, match=r"scenario\.data: no file"):
        papers(str(tmp_path / "nothing.csv"))


# PeerRead

REVIEWED = {
    "id": "104",
    "title": "Bees in gardens",
    "abstract": "Of bees.",
    "accepted": True,
    "reviews": [
        {"RECOMMENDATION": "4", "comments": "Good."},
        {"RECOMMENDATION": 3, "IS_META_REVIEW": False},
        {"RECOMMENDATION": 1, "IS_META_REVIEW": True},
        {"comments": "No score."},
    ],
}
PARSED = {
    "name": "104.pdf",
    "metadata": {
        "title": None,
        "abstractText": "Of bees.",
        "sections": [
            {"heading": "1 Bees", "text": LINE},
            {"heading": None, "text": "More."},
            {"heading": "x", "text": ""},
        ],
    },
}


def test_reviews_of_peerread(tmp_path):
    (found,), faults = papers(written(tmp_path / "104.json", REVIEWED))
    assert (found.id, found.text, found.rating, found.accepted, faults) == ("104", "Of bees.", 3.5, True, ())


def test_a_parsed_pdf_of_peerread(tmp_path):
    (found,), _ = papers(written(tmp_path / "104.pdf.json", PARSED))
    assert (found.id, found.title) == ("104", "104")
    assert found.text == f"## Abstract\nOf bees.\n\n## 1 Bees\n{LINE}\n\n## Section\nMore."
    with pytest.raises(ValueError, match=r"field 'metadata\.sections': no text; a scan has none"):
        papers(written(tmp_path / "empty.json", {"metadata": {"sections": []}}))
    with pytest.raises(ValueError, match="field 'metadata': expected an object, got nothing"):
        papers(written(tmp_path / "none.json", {"metadata": None}))


@pytest.mark.parametrize("reviews", ["a_reviews", "reviews"])
def test_a_folder_of_peerread_puts_reviews_and_text_together(tmp_path, reviews):
    written(tmp_path / reviews / "104.json", REVIEWED)
    written(tmp_path / "parsed_pdfs" / "104.pdf.json", PARSED)
    written(tmp_path / "parsed_pdfs" / "105.pdf.json", {**PARSED, "name": "105.pdf"})
    written(tmp_path / "broken.json", "{")
    found, faults = papers(str(tmp_path))
    both = next(each for each in found if each.id == "104")
    assert (both.title, both.rating, both.accepted) == ("Bees in gardens", 3.5, True)
    assert LINE in both.text
    assert len(found) == 2
    assert [Path(each.file).name for each in faults] == ["broken.json"]


def test_one_id_in_two_files_is_a_fault(tmp_path):
    written(tmp_path / "a.json", REVIEWED)
    written(tmp_path / "b.json", {**REVIEWED, "title": "Another"})
    (found,), (fault,) = papers(str(tmp_path))
    assert found.title == "Bees in gardens"
    assert (Path(fault.file).name, fault.field, fault.why) == ("b.json", "id", "'104' stands in another file already")


def test_a_folder_without_papers_says_what_would_do(tmp_path):
    with pytest.raises(ValueError, match=r"no paper in .*OpenReview's notes"):
        papers(str(tmp_path))
    written(tmp_path / "x.csv", "a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"first fault: .*x\.csv:0: .*columns title and abstract"):
        papers(str(tmp_path))


# OpenReview


def note(version: int, forum: str, replies: Any = None, **content: Any) -> dict[str, Any]:
    told = content if version == 1 else {name: {"value": value} for name, value in content.items()}
    return {
        "id": forum,
        "forum": forum,
        "content": told,
        **({"details": {"directReplies": replies}} if replies else {}),
    }


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("form", ["notes", "list", "lines"])
def test_notes_of_openreview(tmp_path, version, form):
    replies = [
        note(version, "r1", rating="6: weak accept", review="Fine."),
        note(version, "r2", rating=3),
        note(version, "r3", metareview="In all.", recommendation="Accept (Poster)", rating=10),
    ]
    notes = [
        note(version, "abc", replies, title="Bees", abstract="Of bees."),
        note(
            version,
            "def",
            [note(version, "r4", decision="Reject")],
            title="Trams",
            abstract="Of trams.",
            venue="X oral",
        ),
        note(version, "ghi", title="Cats", abstract="Of cats.", venue="A Conference 2024 poster"),
        note(version, "jkl", title="No abstract"),
    ]
    path = {
        "notes": lambda: written(tmp_path / "notes.json", {"notes": notes}),
        "list": lambda: written(tmp_path / "notes.json", notes),
        "lines": lambda: written(tmp_path / "notes.jsonl", "\n".join(map(json.dumps, notes))),
    }[form]()
    found, (fault,) = papers(path)
    assert [(each.id, each.text, each.rating, each.accepted) for each in found] == [
        ("abc", "Of bees.", 4.5, True),
        ("def", "Of trams.", None, False),
        ("ghi", "Of cats.", None, True),
    ]
    assert (fault.line, fault.field) == (4, "content.abstract")


def test_replies_beside_their_submissions_are_put_to_them(tmp_path):
    notes = [
        {**note(2, "r1", rating="8: accept"), "forum": "abc", "replyto": "abc"},
        note(2, "abc", title="Bees", abstract="Of bees."),
        {**note(2, "r2", rating="4: reject"), "forum": "abc", "replyto": "abc"},
    ]
    (found,), faults = papers(written(tmp_path / "flat.json", {"notes": notes}))
    assert (found.id, found.rating, faults) == ("abc", 6, ())


def test_a_rating_off_every_scale_is_a_fault_of_its_note(tmp_path):
    notes = [
        note(1, "abc", [note(1, "r", rating="80")], title="Bees", abstract="Of bees."),
        note(1, "def", title="Trams", abstract="Of trams."),
    ]
    (found,), (fault,) = (
        papers(written(tmp_path / "notes.json", {"notes": [*notes, "no note"]}))[0],
        papers(str(tmp_path / "notes.json"))[1][:1],
    )
    assert (found.id, fault.line, fault.field) == ("def", 1, "rating")
    assert "80.0 is outside 0 to 10" in fault.why


# PDF


def printed(file: Path, *lines: str, title: str | None = None) -> str:
    with plt.rc_context({"pdf.fonttype": 42}):
        figure = plt.figure()
        for number, line in enumerate(lines):
            figure.text(0.05, 0.9 - 0.05 * number, line, size=8)
        figure.savefig(file, format="pdf", metadata={"Title": title})
        plt.close(figure)
    return str(file)


def test_the_text_of_a_pdf(tmp_path):
    pytest.importorskip("pypdf")
    path = printed(tmp_path / "bees.pdf", "Bees in Gardens", *[LINE] * 4)
    (found,), faults = papers(path)
    assert (found.id, found.title, faults) == ("bees", "Bees in Gardens", ())
    assert found.text.count(LINE) == 4
    (named,), _ = papers(printed(tmp_path / "named.pdf", *[LINE] * 4, title="Of Bees"))
    assert named.title == "Of Bees"


def test_a_scan_and_a_broken_pdf_say_what_is_wrong(tmp_path):
    pytest.importorskip("pypdf")
    with pytest.raises(ValueError, match=r"scan\.pdf: 1 pages with 0 characters of text: it is a scan; .*OCR"):
        papers(printed(tmp_path / "scan.pdf"))
    written(tmp_path / "broken.pdf", "%PDF-1.4 and then nothing")
    with pytest.raises(ValueError, match=r"broken\.pdf: no PDF that can be read"):
        papers(str(tmp_path / "broken.pdf"))
    printed(tmp_path / "bees.pdf", *[LINE] * 4)
    found, faults = papers(str(tmp_path))
    assert [each.id for each in found] == ["bees"]
    assert [Path(each.file).name for each in faults] == ["broken.pdf", "scan.pdf"]


def test_without_pypdf_a_pdf_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(ValueError, match=r"pip install 'simrun\[pdf\]'"):
        papers(printed(tmp_path / "other.pdf", *[LINE] * 4))
