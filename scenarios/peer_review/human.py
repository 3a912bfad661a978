"""What people did: the ratings and decisions of a real venue, beside which simulated ones are read."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from pydantic import Field
from scipy import stats

from simrun.agents.records import Record
from simrun.scenarios.base import Anchor, Fault
from simrun.scenarios.fields import absent, text
from simrun.scenarios.files import Source, read, rows, source
from simrun.scenarios.peer_review.loaders import decision, numbers


class Rated(Record):
    """One paper of a real venue."""

    line: int
    """Of the file."""
    title: str
    ratings: tuple[float, ...] = Field(min_length=1)
    accepted: bool | None = None


class Human(Record):
    """A venue in figures."""

    papers: int
    ratings: int
    mean: float
    """Of all ratings."""
    spread_between: float
    """Standard deviation of the papers' mean ratings (n - 1)."""
    disagreement: float | None
    """Mean over papers of the standard deviation of their ratings (n - 1), of papers with two or more."""
    icc: float | None
    """ICC(1) of a single rating, unequal numbers of ratings allowed: 1 is full agreement, 0 none."""
    accepted: float | None
    """Share of the papers with a decision that were accepted."""
    validity: float | None
    """AUC of the mean rating against the decision: .5 is chance, 1 perfect."""
    shares: Mapping[str, float]
    """Share of the ratings at each value."""


def human(path: str, encoding: str = "") -> tuple[Human, tuple[Fault, ...]]:
    """The figures of a table with the columns title, ratings (`8, 6, 3`) and decision, and rows that are none of it.

    FileNotFoundError where there is no such file, ValueError where no row of it has ratings.
    """
    found, faults = _read(source(path, "", "scenario.human", encoding))
    return figures(found), faults


def anchors(path: str, encoding: str = "") -> tuple[tuple[Anchor, ...], tuple[Fault, ...]]:
    """The papers of such a table, those that were rated and decided alike as one, and rows that are none of it.

    Errors as of `human`.
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
        ratings = numbers(own.get("ratings") if not absent(own.get("ratings")) else own.get("mean_rating"))
        if not ratings:
            raise ValueError("ratings: none; give numbers with commas between them, such as 8, 6, 3")
        return Rated(
            line=number, title=text(own.get("title"), "title"), ratings=ratings, accepted=decision(own.get("decision"))
        )

    return read(file, rows(file), made, lambda paper: str(paper.line))


def figures(found: tuple[Rated, ...]) -> Human:
    """All of it."""
    every = np.array([rating for paper in found for rating in paper.ratings])
    means = np.array([np.mean(paper.ratings) for paper in found])
    several = [np.std(paper.ratings, ddof=1) for paper in found if len(paper.ratings) > 1]
    decided = [(float(np.mean(paper.ratings)), paper.accepted) for paper in found if paper.accepted is not None]
    values, counts = np.unique(every, return_counts=True)
    return Human(
        papers=len(found),
        ratings=every.size,
        mean=float(every.mean()),
        spread_between=float(means.std(ddof=1)) if means.size > 1 else 0.0,
        disagreement=float(np.mean(several)) if several else None,
        icc=_icc([np.array(paper.ratings) for paper in found]),
        accepted=sum(accepted for _, accepted in decided) / len(decided) if decided else None,
        validity=_auc(decided),
        shares={f"{value:g}": float(count / every.size) for value, count in zip(values, counts, strict=True)},
    )


def _auc(decided: list[tuple[float, bool]]) -> float | None:
    yes = [mean for mean, accepted in decided if accepted]
    no = [mean for mean, accepted in decided if not accepted]
    if not yes or not no:
        return None
    return float(stats.mannwhitneyu(yes, no).statistic / (len(yes) * len(no)))


def _icc(groups: list[Any]) -> float | None:
    """ICC(1) by one-way analysis of variance. Source: Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420."""
    sizes = np.array([group.size for group in groups])
    total, n = int(sizes.sum()), len(groups)
    if n < 2 or total <= n:
        return None
    grand = np.concatenate(groups).mean()
    between = sum(group.size * (group.mean() - grand) ** 2 for group in groups) / (n - 1)
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (total - n)
    size = (total - (sizes**2).sum() / total) / (n - 1)
    whole = between + (size - 1) * within
    return float((between - within) / whole) if whole > 0 else None
