"""Notes of OpenReview, of both versions of its API: submissions, and what was replied to them."""

from collections.abc import Mapping, Sequence
from typing import Any

from simrun.scenarios.fields import absent, ident, text
from simrun.scenarios.files import Row
from simrun.scenarios.peer_review.papers import Paper
from simrun.scenarios.peer_review.ratings import decision, mean, rating

Note = Mapping[str, Any]


def is_note(row: Note) -> bool:
    """Whether an object is a note."""
    return isinstance(row.get("content"), dict)


def gathered(found: Sequence[Row]) -> list[Row]:
    """The submissions, each with its replies, where a file holds both side by side; what is no note as it is."""
    replies: dict[str, list[Note]] = {}
    for _, row in found:
        if _reply(row):
            replies.setdefault(str(row.get("forum") or row.get("replyto")), []).append(row)
    return [
        (number, _answered(row, replies.get(str(row.get("forum") or row.get("id")), [])) if _note(row) else row)
        for number, row in found
        if not _reply(row)
    ]


def submission(row: Note, otherwise: str) -> Paper:
    """A submission, the mean rating of its reviews, and the decision: that of a reply, else what its venue says.

    ValueError where title or abstract are missing, or a rating is off every scale.
    """
    content = _content(row)
    details = row.get("details")
    there = details if isinstance(details, dict) else {}
    replies = there.get("directReplies") or there.get("replies") or []
    said = [_content(each) for each in replies if isinstance(each, dict)]
    decided = (decision(each.get(name)) for each in said for name in ("decision", "recommendation"))
    found = next((each for each in decided if each is not None), None)
    return Paper(
        id=ident(row.get("forum") or row.get("id"), otherwise),
        title=text(content.get("title"), "content.title"),
        text=text(content.get("abstract"), "content.abstract"),
        rating=mean([rating(each) for each in said if absent(each.get("metareview"))]),
        accepted=decision(content.get("venue")) if found is None else found,
    )


def _note(row: Any) -> bool:
    return isinstance(row, dict) and is_note(row)


def _reply(row: Any) -> bool:
    return _note(row) and bool(row.get("replyto"))


def _answered(row: dict[str, Any], replies: list[Note]) -> dict[str, Any]:
    return {**row, "details": {"directReplies": replies}} if replies else row


def _content(note: Note) -> dict[str, Any]:
    """Fields are texts or numbers (API 1), or {value: ...} (API 2)."""
    content = note.get("content")
    return {
        str(name): each["value"] if isinstance(each, dict) and "value" in each else each
        for name, each in (content if isinstance(content, dict) else {}).items()
    }
