"""Papers of others: PeerRead's JSON, OpenReview's notes of both API versions, tables, and PDFs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from simrun.scenarios.base import Fault
from simrun.scenarios.fields import absent, cut, ident, table, text
from simrun.scenarios.files import Source, columns, read, require, rows, source
from simrun.scenarios.peer_review.papers import Paper

FORMS = (
    "a table with title, abstract and perhaps ratings and decision; PeerRead's JSON (title and abstract, or metadata with "
    "sections); OpenReview's notes (content.title, content.abstract, as texts or as {value: text}); or a PDF"
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_RATED = ("rating", "recommendation", "overall", "score", "overall_recommendation", "final_rating")
_LEAST = 200
"""Characters without which a PDF is a scan and not a text."""


def papers(path: str, encoding: str = "") -> tuple[tuple[Paper, ...], tuple[Fault, ...]]:
    """The papers of a file, or of all files of a folder, and what is none.

    FileNotFoundError where there is nothing, ValueError where nothing can be read as a paper.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return _file(source(path, "", "scenario.data", encoding))
    found: list[Paper] = []
    faults: list[Fault] = []
    for each in sorted(
        each for each in folder.rglob("*") if each.suffix.lower() in (".json", ".jsonl", ".csv", ".tsv", ".pdf")
    ):
        try:
            own, wrong = _file(source(str(each), "", "scenario.data", encoding))
        except ValueError as error:
            faults.append(Fault(file=str(each), line=0, field="-", why=str(error)))
            continue
        found += own
        faults += wrong
    known: dict[str, Paper] = {}
    for paper in found:
        if paper.id in known:
            faults.append(Fault(file=str(folder), line=0, field="id", why=f"{cut(paper.id)} stands in two files"))
        known.setdefault(paper.id, paper)
    if not known:
        why = f"; first fault: {faults[0]}" if faults else ""
        raise ValueError(f"{folder}: no paper in it; a file holds {FORMS}{why}")
    return tuple(known.values()), tuple(faults)


def _file(file: Source) -> tuple[tuple[Paper, ...], tuple[Fault, ...]]:
    if file.ending == ".pdf":
        return (_pdf(file),), ()
    there = list(_rows(file))
    if file.ending in (".csv", ".tsv"):
        require({"title": "title"}, columns(there), file)
    return read(file, there, lambda row, number: _paper(row, f"{file.stem}-{number}"), lambda paper: paper.id)


def _rows(file: Source) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    """Rows; a JSON file that is one paper, or OpenReview's {notes: [...]}, is read as such."""
    if file.ending == ".json" and isinstance(whole := _json(file), dict):
        notes = whole.get("notes")
        for number, note in enumerate(notes if isinstance(notes, list) else [whole], 1):
            yield (
                number,
                note if isinstance(note, dict) else Fault(file=str(file), line=number, field="-", why="no object"),
            )
        return
    yield from rows(file)


def _json(file: Source) -> Any:
    try:
        return orjson.loads(file.text())
    except orjson.JSONDecodeError:
        return None  # `rows` says what is wrong with it


def _paper(row: Mapping[str, Any], otherwise: str) -> Paper:
    if isinstance(row.get("content"), dict):
        return _note(row, otherwise)
    if isinstance(row.get("metadata"), dict):
        return _parsed(row, otherwise)
    own = {str(name).strip().lower(): value for name, value in row.items()}
    body = own.get("text") if not absent(own.get("text")) else own.get("abstract")
    return Paper(
        id=ident(own.get("id"), ident(own.get("rank"), otherwise)),
        title=text(own.get("title"), "title"),
        text=text(body, "abstract"),
        rating=_rating(own),
        accepted=_accepted(own),
    )


def _note(row: Mapping[str, Any], otherwise: str) -> Paper:
    """A note of OpenReview: fields are texts (API 1) or {value: text} (API 2)."""
    content = {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in row["content"].items()
    }
    replies = row.get("details", {}).get("directReplies") or row.get("details", {}).get("replies") or []
    said = [_content(each) for each in replies if isinstance(each, dict)]
    ratings = [number for each in said for name in _RATED if (number := _number_of(each.get(name))) is not None]
    said_of = next(
        (
            each[name]
            for each in said
            for name in ("decision", "recommendation")
            if isinstance(each.get(name), str) and not _NUMBER.match(each[name])
        ),
        content.get("venue"),
    )
    return Paper(
        id=ident(row.get("forum") or row.get("id"), otherwise),
        title=text(content.get("title"), "content.title"),
        text=text(content.get("abstract"), "content.abstract"),
        rating=sum(ratings) / len(ratings) if ratings else None,
        accepted=decision(said_of),
    )


def _content(note: Mapping[str, Any]) -> dict[str, Any]:
    content = note.get("content")
    if not isinstance(content, dict):
        return {}
    return {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in content.items()
    }


def _parsed(row: Mapping[str, Any], otherwise: str) -> Paper:
    """A parsed PDF of PeerRead."""
    told = table(row.get("metadata"), "metadata")
    sections = told.get("sections") or []
    parts = [f"## Abstract\n{told['abstractText']}"] if told.get("abstractText") else []
    for each in sections:
        if isinstance(each, dict) and not absent(each.get("text")):
            parts.append(f"## {each.get('heading') or 'Section'}\n{each['text']}")
    if not parts:
        raise ValueError("metadata.sections: no text")
    name = str(row.get("name") or otherwise).removesuffix(".pdf")
    return Paper(id=name, title=text(told.get("title") or name, "metadata.title"), text="\n\n".join(parts))


def _rating(own: Mapping[str, Any]) -> float | None:
    """The mean of what people gave."""
    reviews = own.get("reviews")
    if isinstance(reviews, list):
        lowered = [
            {str(name).lower(): value for name, value in each.items()} for each in reviews if isinstance(each, dict)
        ]
        given = [number for each in lowered for name in _RATED if (number := _number_of(each.get(name))) is not None]
    else:
        given = list(numbers(own.get("ratings") if not absent(own.get("ratings")) else own.get("mean_rating")))
    return sum(given) / len(given) if given else None


def numbers(value: Any) -> tuple[float, ...]:
    """All numbers in a cell, such as `8, 6, 3`."""
    return () if absent(value) else tuple(float(each) for each in _NUMBER.findall(str(value)))


def _number_of(value: Any) -> float | None:
    found = _NUMBER.search(str(value)) if value is not None and not isinstance(value, bool) else None
    return float(found[0]) if found else None


def _accepted(own: Mapping[str, Any]) -> bool | None:
    if isinstance(own.get("accepted"), bool):
        return bool(own["accepted"])
    return decision(own.get("decision"))


def decision(value: Any) -> bool | None:
    """Whether a decision in words accepts; None where it says neither."""
    said = str(value or "").lower()
    if re.search(r"reject|withdraw|declin", said):
        return False
    return True if re.search(r"accept|oral|poster|spotlight|talk|notable", said) else None


def _pdf(file: Source) -> Paper:
    """The text of a PDF. ValueError where it has none, or pypdf is not installed."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise ValueError(f"{file}: reading a PDF needs pypdf: pip install 'simrun[pdf]'") from None
    try:
        with file.file.open("rb") as opened:
            reader = PdfReader(opened)
            pages = [page.extract_text() or "" for page in reader.pages]
            title = str((reader.metadata or {}).get("/Title") or "").strip()
    except (PyPdfError, OSError, ValueError, KeyError) as error:
        raise ValueError(f"{file}: no PDF that can be read ({error})") from None
    whole = "\n\n".join(page.strip() for page in pages if page.strip())
    if len(whole) < _LEAST:
        raise ValueError(
            f"{file}: {len(pages)} pages with {len(whole)} characters of text: it is a scan; make its text readable (OCR) first"
        )
    return Paper(id=file.stem, title=title or _heading(whole), text=whole)


def _heading(whole: str) -> str:
    return next(line.strip() for line in whole.splitlines() if line.strip())[:200]


def known(found: Sequence[Paper]) -> Mapping[str, int]:
    """How many papers there are, and of how many it is known what people gave and decided."""
    return {
        "papers": len(found),
        "with ratings": sum(paper.rating is not None for paper in found),
        "with a decision": sum(paper.accepted is not None for paper in found),
    }
