"""What people gave a paper and decided, as files say it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simrun.scenarios.fields import absent, cut
from simrun.scenarios.peer_review.forms import HIGH, LOW

RATED = ("final_rating", "rating", "recommendation", "overall", "overall_recommendation", "overall_assessment", "score")
"""What the rating of a review is called, the later one first."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def numbers(value: Any, field: str = "ratings") -> tuple[float, ...]:
    """All numbers in a cell, such as `8, 6, 3`, or in a list. ValueError for one that no scale holds."""
    cells = value if isinstance(value, list) else [value]
    return tuple(
        _within(float(each), field) for cell in cells if not absent(cell) for each in _NUMBER.findall(str(cell))
    )


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


def _within(number: float, field: str) -> float:
    if not LOW <= number <= HIGH:
        raise ValueError(
            f"{field}: {cut(number)} is outside {LOW:g} to {HIGH:g}, within which every scale lies; give ratings on "
            "one that does"
        )
    return number
