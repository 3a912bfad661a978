"""Pairs of papers of which one was rated clearly higher than the other."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simrun.agents.quoting import disarmed, one_line
from simrun.scenarios.base import Case
from simrun.scenarios.peer_review.papers import Paper

ABSTRACT = 1500
"""Characters of a paper that are shown."""


class Pair(Case):
    """Two papers, and in which order they are read first."""

    higher: Paper
    lower: Paper
    lower_first: bool = False

    def read(self, swapped: bool = False) -> tuple[Paper, Paper]:
        """Both, in the order that was drawn, or in the opposite one."""
        order = (self.higher, self.lower)
        return order[::-1] if self.lower_first != swapped else order

    def better(self, swapped: bool = False) -> str:
        """Where the higher one is read: A or B."""
        return "B" if self.lower_first != swapped else "A"


class Pairs(Case):
    """A set of pairs."""

    pairs: tuple[Pair, ...]


def abstract(paper: Paper) -> str:
    """The abstract, or how the text begins."""
    return paper.text.removeprefix("## Abstract").strip().partition("\n\n## ")[0][:ABSTRACT]


def short(paper: Paper) -> str:
    """Title and abstract, on one line: nothing in them looks like a line of ours."""
    return disarmed(one_line(f"{paper.title}. {abstract(paper)}"))


def apart(ratings: Sequence[float], gap: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of all papers from the worst rated on, and how many of the worst each of them is better than, by `gap` or
    more.

    Pairs are counted and not listed: a venue of 5,000 papers has millions.
    """
    order = np.argsort(ratings, kind="stable")
    rated = np.asarray(ratings, dtype=float)[order]
    return order, np.searchsorted(rated, rated - gap + 1e-9, side="right")


def drawn(rated: Sequence[tuple[Paper, float]], gap: float, count: int, seed: Sequence[int]) -> tuple[Pair, ...]:
    """So many pairs by lot that differ by `gap` or more, each once, in an order by lot.

    ValueError where there are fewer.
    """
    order, below = apart([rating for _, rating in rated], gap)
    ends = np.cumsum(below)
    if not ends.size or ends[-1] < count:
        raise ValueError(
            f"scenario.pairs={count}: pairs of papers that differ by scenario.gap={gap:g} or more: "
            f"{ends[-1] if ends.size else 0}; lower one of the two, or give more papers with ratings"
        )
    rng = np.random.default_rng(seed)
    found = []
    for number in rng.choice(int(ends[-1]), count, replace=False):
        at = int(np.searchsorted(ends, number, side="right"))
        high, low = (rated[int(order[place])][0] for place in (at, int(number - ends[at] + below[at])))
        found.append(Pair(id=f"{high.id} {low.id}", higher=high, lower=low, lower_first=bool(rng.integers(2))))
    return tuple(found)
