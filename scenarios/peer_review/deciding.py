"""Which papers are accepted: by a threshold, at an exact rate by rank, or by what the chair says."""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

Rule = Literal["threshold", "rate", "chair"]


def places(rate: float, papers: int) -> int:
    """How many of so many papers are accepted at a rate: rate x papers, halves rounded up."""
    return math.floor(rate * papers + 0.5 + 1e-9)


def above(scores: Mapping[str, float | None], threshold: float) -> dict[str, bool | None]:
    """Accepted is whose score is at least the threshold; None without a score."""
    return {paper: None if score is None else score >= threshold for paper, score in scores.items()}


def ranked(scores: Mapping[str, float | None], count: int, rng: np.random.Generator) -> dict[str, bool | None]:
    """The best `count` papers are accepted, ties by lot; a paper without a score is not decided, and takes no place."""
    lot = dict(zip(scores, rng.permutation(len(scores)), strict=True))
    known = [paper for paper, score in scores.items() if score is not None]
    order = sorted(known, key=lambda paper: (-(scores[paper] or 0.0), lot[paper]))
    best = set(order[:count])
    return {paper: None if score is None else paper in best for paper, score in scores.items()}
