"""Papers of others: PeerRead's JSON, OpenReview's notes of both API versions, tables, and PDFs."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from simrun.scenarios.base import Fault
from simrun.scenarios.fields import absent, cut, ident, table, text, truth
from simrun.scenarios.files import KINDS, Row, Source, columns, listed, read, rows, source
from simrun.scenarios.peer_review.openreview import gathered, is_note, submission
from simrun.scenarios.peer_review.papers import Paper
from simrun.scenarios.peer_review.pdf import pdf
from simrun.scenarios.peer_review.ratings import decision, mean, numbers, rating

FORMS = (
    "a table with title, abstract and perhaps ratings and decision; PeerRead's JSON (title and abstract, or metadata "
    "with sections); OpenReview's notes (content.title, content.abstract, as texts or as {value: text}); or a PDF"
)
BODIES = ("text", "abstract")
"""What holds the text of a paper: the first that is there."""
Found = tuple[tuple[Paper, ...], tuple[Fault, ...]]


def papers(path: str, encoding: str = "") -> Found:
    """The papers of a file, or of all files of a folder, and what is none.

    FileNotFoundError where there is nothing, ValueError where nothing can be read as a paper.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return _file(source(path, "", "scenario.data", encoding))
    found: list[tuple[str, Paper]] = []
    faults: list[Fault] = []
    for each in sorted(each for each in folder.rglob("*") if each.suffix.lower() in (*KINDS, ".pdf")):
        try:
            own, wrong = _file(source(str(each), "", "scenario.data", encoding))
        except ValueError as error:
            own, wrong = (), (Fault(file=str(each), line=0, field="-", why=str(error)),)
        found += ((str(each), paper) for paper in own)
        faults += wrong
    known, twice = _joined(found)
    if not known:
        why = f"; first fault: {faults[0]}" if faults else ""
        raise ValueError(f"scenario.data: no paper in {folder}; a file holds {FORMS}{why}")
    return known, (*faults, *twice)


def _joined(found: Sequence[tuple[str, Paper]]) -> Found:
    """Papers of several files, each id once: PeerRead keeps reviews in one file and the whole text in another."""
    known: dict[str, Paper] = {}
    faults = []
    for file, paper in found:
        before = known.get(paper.id)
        both = paper if before is None else _whole(before, paper) or _whole(paper, before)
        if both is None:
            faults.append(Fault(file=file, line=0, field="id", why=f"{cut(paper.id)} stands in another file already"))
        known[paper.id] = both or known[paper.id]
    return tuple(known.values()), tuple(faults)


def _whole(judged: Paper, printed: Paper) -> Paper | None:
    """A paper that was judged, with the text of the same paper as it is printed; None where they are none of that."""
    if (judged.rating, judged.accepted) == (None, None) or (printed.rating, printed.accepted) != (None, None):
        return None
    return judged.model_copy(update={"text": printed.text})


@cache
def _file(file: Source) -> Found:
    if file.ending == ".pdf":
        return (pdf(file),), ()
    there = gathered(list(_rows(file)))
    if file.ending in (".csv", ".tsv"):
        _require(file, columns(there))
    return read(file, there, lambda row, number: _paper(row, f"{file.stem}-{number}"), lambda paper: paper.id)


def _require(file: Source, there: Sequence[str]) -> None:
    names = {name.strip().lower() for name in there}
    if there and ("title" not in names or not names & set(BODIES)):
        raise ValueError(f"{file}: a table of papers has the columns title and abstract (or text); {listed(there)}")


def _rows(file: Source) -> Iterator[Row]:
    """Rows; a JSON file that is one paper, or OpenReview's {notes: [...]}, is read as such."""
    whole = _object(file) if file.ending == ".json" else None
    if whole is None:
        yield from rows(file)
        return
    notes = whole.get("notes")
    for number, note in enumerate(notes if isinstance(notes, list) else [whole], 1):
        fault = Fault(file=str(file), line=number, field="-", why="expected a JSON object")
        yield number, note if isinstance(note, dict) else fault


def _object(file: Source) -> dict[str, Any] | None:
    """A file that is one object; None for another, of which `rows` says what is wrong with it."""
    try:
        whole = orjson.loads(file.text())
    except orjson.JSONDecodeError:
        return None
    return whole if isinstance(whole, dict) else None


def _paper(row: Mapping[str, Any], otherwise: str) -> Paper:
    if is_note(row):
        return submission(row, otherwise)
    if "metadata" in row:
        return _parsed(row, otherwise)
    own = {str(name).strip().lower(): value for name, value in row.items()}
    body = next((name for name in BODIES if not absent(own.get(name))), "")
    if not body:
        raise ValueError("abstract: none, and no text: a paper needs one of them")
    return Paper(
        id=ident(own.get("id"), ident(own.get("rank"), otherwise)),
        title=text(own.get("title"), "title"),
        text=text(own.get(body), body),
        rating=_rating(own),
        accepted=_accepted(own),
    )


def _parsed(row: Mapping[str, Any], otherwise: str) -> Paper:
    """A parsed PDF of PeerRead; its name is that of the file, such as 104.pdf, and the id of its reviews 104."""
    told = table(row.get("metadata"), "metadata")
    sections = told.get("sections")
    named = [("Abstract", told.get("abstractText"))]
    for each in sections if isinstance(sections, list) else []:
        own = table(each, "metadata.sections")
        named.append((own.get("heading") or "Section", own.get("text")))
    parts = [f"## {heading}\n{body}" for heading, body in named if not absent(body)]
    if not parts:
        raise ValueError("metadata.sections: no text; a scan has none until it is made readable (OCR)")
    name = ident(row.get("name"), otherwise).removesuffix(".pdf")
    return Paper(id=name, title=str(told.get("title") or name), text="\n\n".join(parts))


def _rating(own: Mapping[str, Any]) -> float | None:
    """The mean of what people gave: in reviews, of which meta-reviews are none, or in a cell."""
    reviews = own.get("reviews")
    if isinstance(reviews, list):
        lowered = [
            {str(key).lower(): value for key, value in each.items()} for each in reviews if isinstance(each, dict)
        ]
        return mean([rating(each) for each in lowered if not each.get("is_meta_review")])
    field = next((name for name in ("ratings", "rating", "mean_rating") if not absent(own.get(name))), "ratings")
    return mean(numbers(own.get(field), field))


def _accepted(own: Mapping[str, Any]) -> bool | None:
    if not absent(own.get("accepted")):
        return truth(own["accepted"], "accepted")
    return decision(own.get("decision"))
