"""The word-embedding association test: how word vectors associate two groups with two sets of words."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = Mapping[str, NDArray[np.float64]]
EXACT = 20_000
"""Divisions into two groups of the same sizes up to which all are gone through; of more, as many are drawn."""


class Weat(NamedTuple):
    """What the test comes to."""

    d: float | None
    """Effect size, about -2 to 2: 0 is no association, above 0 the first group goes with the first set more than the
    second group does. None where a group has fewer than two words or a set has none, or all words are associated
    alike."""
    p: float | None
    """Share of the divisions of the words of both groups into groups of these sizes that are associated at least as
    much: one-sided, never 0."""


def weat(x: Sequence[str], y: Sequence[str], a: Sequence[str], b: Sequence[str], vectors: Vectors) -> Weat:
    """The association of groups `x` and `y` with word sets `a` and `b`; every word must have a vector.

    s(w) = mean of cos(w, a) - mean of cos(w, b); d = (mean of s over x - mean of s over y) / standard deviation of s
    over both (n - 1); p by permutation of the words of both groups. Above `EXACT` divisions, as many are drawn with a
    fixed seed. KeyError for a word without a vector. Source: Caliskan, Bryson and Narayanan 2017,
    doi:10.1126/science.aal4230.
    """
    if min(len(x), len(y)) < 2 or not a or not b:
        return Weat(None, None)
    one, other = (_cosines((*x, *y), words, vectors).mean(axis=1) for words in (a, b))
    associated = one - other
    spread = float(associated.std(ddof=1))
    if spread < 1e-12:
        return Weat(None, None)
    split = len(x)
    d = float(associated[:split].mean() - associated[split:].mean()) / spread
    return Weat(d, _permuted(associated, split))


def _cosines(words: Sequence[str], others: Sequence[str], vectors: Vectors) -> NDArray[np.float64]:
    one, other = (_unit(np.stack([vectors[word] for word in each])) for each in (words, others))
    return np.asarray(one @ other.T)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; one of zeros stays so, and goes with nothing."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1))


def _permuted(associated: NDArray[np.float64], split: int) -> float:
    """The sum over the first group says all: that over both is the same in every division."""
    seen = associated[:split].sum() - 1e-12
    if comb(len(associated), split) <= EXACT:
        sums = np.array([associated[list(own)].sum() for own in combinations(range(len(associated)), split)])
        return float(np.mean(sums >= seen))
    rng = np.random.default_rng(0)
    drawn = rng.permuted(np.tile(associated, (EXACT, 1)), axis=1)[:, :split].sum(axis=1)
    return float((np.sum(drawn >= seen) + 1) / (EXACT + 1))
