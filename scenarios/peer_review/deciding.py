"""Which papers are accepted: by a threshold, at an exact rate by rank, or by what the chair says."""

import math
from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np

Rule = Literal["threshold", "rate", "chair", "none"]
"""`none`: nothing is decided, and scores are all that comes out."""
FINE = 9
"""Mean scores that agree to so many places are tied: the order in which they were summed decides nothing."""


def places(rate: float, papers: int) -> int:
    """How many of so many papers are accepted at a rate: rate x papers, halves rounded up."""
    return math.floor(rate * papers + 0.5 + 1e-9)


def above(scores: Mapping[str, float | None], threshold: float) -> dict[str, bool | None]:
    """Accepted is whose score is at least the threshold; None without a score."""
    return {paper: None if score is None else round(score, FINE) >= threshold for paper, score in scores.items()}


def ranked(scores: Mapping[str, float | None], count: int, rng: np.random.Generator) -> dict[str, bool | None]:
    """The best `count` papers are accepted, ties by lot; a paper without a score is not decided, and takes no place.

    The lot is drawn for all papers in the order in which they stand, so that it is the same in every arm.
    """
    lot = dict(zip(scores, rng.permutation(len(scores)), strict=True))
    known = [paper for paper, score in scores.items() if score is not None]
    order = sorted(known, key=lambda paper: (-round(scores[paper] or 0.0, FINE), lot[paper]))
    best = set(order[:count])
    return {paper: None if score is None else paper in best for paper, score in scores.items()}


def decided(
    rule: Rule,
    scores: Mapping[str, float | None],
    said: Mapping[str, bool | None],
    declined: Collection[str],
    threshold: float,
    count: int,
    rng: np.random.Generator,
) -> dict[str, bool | None]:
    """What becomes of every paper in `scores`, in which each stands: one that was declined at the desk is not accepted.

    `said` is what the chair would do, `count` the papers that are accepted at the rate. None where the rule finds
    nothing to decide by.
    """
    match rule:
        case "threshold":
            found = above(scores, threshold)
        case "rate":
            found = ranked(scores, count, rng)
        case "chair":
            found = {paper: said.get(paper) for paper in scores}
        case _:
            return dict.fromkeys(scores)
    return found | dict.fromkeys((paper for paper in scores if paper in declined), False)
