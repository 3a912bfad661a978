"""What people gave a paper and decided, as files say it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simrun.scenarios.fields import absent, cut
from simrun.scenarios.peer_review.forms import HIGH, LOW

RATED = ("final_rating", "rating", "recommendation", "overall", "overall_recommendation", "overall_assessment", "score")
"""What the rating of a review is called, the later one first."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_BETWEEN = re.compile(r"[,;|\s]+")


def numbers(value: Any, field: str = "ratings") -> tuple[float, ...]:
    """The numbers of a cell, such as `8, 6, 3`, or of a list.

    ValueError for one that no scale holds, and for what is no number: half of a cell has another mean.
    """
    cells = value if isinstance(value, list) else [value]
    parts = [part for cell in cells if not absent(cell) for part in _BETWEEN.split(str(cell).strip("[]() \t\n"))]
    return tuple(_within(_number(part, field), field) for part in parts if not absent(part))


def rating(review: Mapping[str, Any]) -> float | None:
    """The rating in a review, which may have words behind it (`6: marginally above`); None without one.

    ValueError for one that no scale holds.
    """
    for name in RATED:
        given = review.get(name)
        found = None if given is None or isinstance(given, bool) else _NUMBER.match(str(given).strip())
        if found:
            return _within(float(found[0]), name)
    return None


def mean(given: Sequence[float | None]) -> float | None:
    """Of those that there are."""
    known = [each for each in given if each is not None]
    return sum(known) / len(known) if known else None


def decision(value: Any) -> bool | None:
    """Whether a decision in words accepts; None where it says neither."""
    said = str(value or "").lower()
    if re.search(r"reject|withdraw|declin", said):
        return False
    return True if re.search(r"accept|oral|poster|spotlight|talk|notable", said) else None


def _number(part: str, field: str) -> float:
    if not _NUMBER.fullmatch(part):
        raise ValueError(f"{field}: {cut(part)} is no number; give numbers with commas between them, such as 8, 6, 3")
    return float(part)


def _within(number: float, field: str) -> float:
    if not LOW <= number <= HIGH:
        raise ValueError(
            f"{field}: {cut(number)} is outside {LOW:g} to {HIGH:g}, within which every scale lies; give ratings on "
            "one that does"
        )
    return number
