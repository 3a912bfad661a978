"""What people did: the ratings and decisions of a real venue, beside which simulated ones are read."""

from collections import Counter
from functools import cache
from typing import Any

from simrun.agents.records import Record
from simrun.scenarios.anchor import Anchor
from simrun.scenarios.base import Fault
from simrun.scenarios.fields import absent, text
from simrun.scenarios.files import Source, read, rows, source
from simrun.scenarios.peer_review.ratings import decision, numbers


class Rated(Record):
    """One paper of a real venue."""

    line: int
    """Of the file."""
    title: str
    ratings: tuple[float, ...]
    """() where it was not rated, such as one that was withdrawn."""
    accepted: bool | None = None


def anchors(path: str, encoding: str = "") -> tuple[tuple[Anchor, ...], tuple[Fault, ...]]:
    """The papers of a table with the columns title, ratings (`8, 6, 3`) and decision, those that were rated and decided
    alike as one; and rows that are none of it.

    FileNotFoundError where there is no such file, ValueError where no row of it has ratings.
    """
    found, faults = _read(source(path, "", "scenario.human", encoding))
    alike = Counter((tuple(sorted(paper.ratings)), paper.accepted) for paper in found)
    return tuple(
        Anchor(ratings=ratings, accepted=accepted, count=count)
        for (ratings, accepted), count in sorted(alike.items(), key=lambda each: (each[0][0], str(each[0][1])))
    ), faults


@cache
def _read(file: Source) -> tuple[tuple[Rated, ...], tuple[Fault, ...]]:
    def made(row: dict[str, Any], number: int) -> Rated:
        own = {str(name).strip().lower(): value for name, value in row.items()}
        given = own.get("ratings") if not absent(own.get("ratings")) else own.get("mean_rating")
        ratings = () if absent(given) else numbers(given)
        return Rated(
            line=number, title=text(own.get("title"), "title"), ratings=ratings, accepted=decision(own.get("decision"))
        )

    found, faults = read(file, rows(file), made, lambda paper: str(paper.line))
    if not any(paper.ratings for paper in found):
        raise ValueError(f"{file}: no row has ratings; give a column ratings with numbers such as 8, 6, 3")
    return found, faults
