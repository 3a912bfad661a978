"""How surprising paired differences are where the sign of each case could as well be its opposite: exact, to any depth.

It tests that the two arms are interchangeable within each case, which is more than that their mean difference is 0: a
law that is not symmetric about a mean of 0 is found to differ too often by it.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import signal

from simrun.estimate.bounded import case_means
from simrun.estimate.columns import Floats

FINE = 1000
"""Real values are rounded to so many steps of the largest that could be: p stays within 6 % of unrounded."""
DENOMINATOR = 10_000
"""The largest common denominator with which values are taken as they are."""
WORK = 3 * 10**7
"""Additions up to which the law of a sum is built case by case; above, its halves are convolved."""
MANY = 2_000
"""Cases above which steps are ten times as large, and patterns of signs are drawn from their normal limit."""
DRAWS = 9_999
FEW = 50
"""Draws below which what is seen lies too deep in the tail for them."""
PORTION = 2**22
"""Signs that are held at a time: 32 MB."""
ENUMERATED = 13
"""Up to so many cases all patterns of signs are looked at."""

LEAST = 1e-14
"""No p is told below this: sums of so many rounded numbers are no better."""

Whole = NDArray[np.int64]


def whole(means: ArrayLike, largest: float | None = None) -> Whole:
    """Differences (n,) as whole numbers of a common step: exact where their denominators allow, else rounded.

    `largest`: the greatest difference that could be, whose thousandth is the step of rounding (half away from
    zero, so that -D rounds to -round(D)); without it the greatest that there is.
    """
    data = np.asarray(means, dtype=float)
    unlike = np.unique(np.abs(data))
    if len(unlike) <= FINE:
        parts = [Fraction(float(value)).limit_denominator(DENOMINATOR) for value in unlike]
        step = math.lcm(*(part.denominator for part in parts)) if parts else 1
        if step <= DENOMINATOR and np.allclose([float(part) for part in parts], unlike, rtol=0, atol=1e-9):
            exact: Whole = np.rint(data * step).astype(np.int64)
            divisor = int(np.gcd.reduce(exact)) if len(exact) else 0
            return exact // divisor if divisor else exact
    # of very many cases the rounding of each is lost in the sum of all
    scale = (FINE if len(data) <= MANY else FINE / 10) / (largest or float(unlike[-1]))
    rounded: Whole = (np.sign(data) * np.floor(np.abs(data) * scale + 0.5)).astype(np.int64)
    return rounded


class SignedSum:
    """The law of a sum of whole numbers (n,) whose signs are tossed: P(|sum| >= t) for any t."""

    def __init__(self, values: Whole):
        sizes = np.abs(values[values != 0])
        self.total = int(sizes.sum())
        law = _subsets(np.sort(sizes))
        # a sum of signed values is twice the sum of those with a plus, less all of them
        away = np.abs(2 * np.arange(self.total + 1) - self.total)
        order = np.argsort(-away, kind="stable")
        self._away, self._mass = away[order], np.minimum(np.cumsum(law[order]), 1.0)
        self._least = max(0.5 ** max(len(sizes) - 1, 0), LEAST)

    def tail(self, at_least: float) -> float:
        """The probability that the sum is so far from 0, in either direction."""
        if at_least <= 0:
            return 1.0
        reached = int(np.searchsorted(-self._away, -(at_least - 1e-9), side="right"))
        return float(max(self._mass[reached - 1], self._least)) if reached else 0.0


def _subsets(sizes: Whole) -> Floats:
    """The law of the sum of those values that show heads: (total + 1,)."""
    total = int(sizes.sum())
    if total * len(sizes) > WORK and len(sizes) > 1:
        law: Floats = np.maximum(signal.fftconvolve(_subsets(sizes[::2]), _subsets(sizes[1::2])), 0.0)
        return law
    law = np.zeros(total + 1)
    law[0], reach = 1.0, 0
    for size in sizes:
        law[: reach + 1] *= 0.5
        law[size : reach + size + 1] += law[: reach + 1].copy()
        reach += int(size)
    return law


def sign_flip(values: ArrayLike, cases: ArrayLike, largest: float | None = None) -> float | None:
    """Two-sided p of the mean of case means: `values` and `cases` (n,), the sign of a whole case being tossed.

    The mass of all patterns whose sum is at least as far from 0 as the one seen; the smallest p is 2**(1 - cases that
    differ). None without values. Source: Winkler et al. 2014, doi:10.1016/j.neuroimage.2014.01.060.
    """
    means = case_means(values, cases) if len(np.asarray(cases)) else np.empty(0)
    if not len(means):
        return None
    sums = whole(means, largest)
    return SignedSum(sums).tail(abs(int(sums.sum())))


def max_t(columns: Sequence[ArrayLike], largest: Sequence[float | None], seed: int = 0) -> list[float]:
    """p of several outcomes of one comparison, adjusted for their number: each (cases,), case means, 0 where without.

    T = |sum s| / sqrt(sum s^2), the signs of a case shared by all outcomes, stepping down from the largest (Westfall
    and Young 1993; Romano and Wolf 2005, doi:10.1198/016214504000000539). Of up to 13 cases all patterns, of more
    9,999 drawn, of more than 2,000 from their normal limit; where those hardly reach, the sum of the outcomes' exact
    tails, which is never less than the exact value. One outcome: its own exact p. An outcome that never differs: 1.
    """
    sums = [whole(np.asarray(column, dtype=float), most) for column, most in zip(columns, largest, strict=True)]
    scale = [math.sqrt(float(np.square(each, dtype=float).sum())) for each in sums]
    moved = [index for index, size in enumerate(scale) if size > 0]
    seen = {index: abs(int(sums[index].sum())) / scale[index] for index in moved}
    order = sorted(moved, key=lambda index: -seen[index])
    if not order:
        return [1.0] * len(sums)
    laws = {index: SignedSum(sums[index]) for index in order}
    several = np.stack([sums[index] / scale[index] for index in order], axis=1)
    drawn = _Patterns(several, seed) if len(order) > 1 else None  # of one outcome the exact tail is all
    steps = []
    for place, index in enumerate(order):
        bound = sum(laws[other].tail(seen[index] * scale[other]) for other in order[place:])
        often = drawn.share(place, seen[index]) if drawn and place + 1 < len(order) else None
        steps.append(min(1.0, bound if often is None else often))
    adjusted = dict(zip(order, accumulate(steps, max), strict=True))
    return [adjusted.get(index, 1.0) for index in range(len(sums))]


class _Patterns:
    """The greatest of several standardised sums, under patterns of signs."""

    def __init__(self, columns: Floats, seed: int):
        moved = columns[np.abs(columns).any(axis=1)]
        self._exact = len(moved) <= ENUMERATED
        sizes = [np.abs(each) for each in _limit(moved, seed)] if len(moved) > MANY else []
        sizes = sizes or [np.abs(signs @ moved) for signs in _tossed(len(moved), seed)]
        # of each place, the greatest of its own and those after it
        self._greatest = np.maximum.accumulate(np.concatenate(sizes)[:, ::-1], axis=1)[:, ::-1]

    def share(self, place: int, seen: float) -> float | None:
        """How often it is at least `seen` among the outcomes from `place` on; None where too few draws reach it."""
        hits = int((self._greatest[:, place] >= seen - 1e-9).sum())
        if self._exact:
            return hits / len(self._greatest)
        return (hits + 1) / (DRAWS + 1) if hits >= FEW else None


def _limit(columns: Floats, seed: int) -> Iterator[Floats]:
    """Standardised sums of very many cases under tossed signs (draws, columns): normal, correlated as the columns."""
    values, vectors = np.linalg.eigh(columns.T @ columns)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    yield np.random.default_rng(seed).standard_normal((DRAWS, columns.shape[1])) @ root.T


def _tossed(cases: int, seed: int) -> Iterator[Floats]:
    """Patterns of signs (some, cases): all that there are of few cases, else as drawn, some at a time."""
    if cases <= ENUMERATED:
        yield 1.0 - 2.0 * ((np.arange(2**cases)[:, None] >> np.arange(cases)) & 1).astype(float)
        return
    rng, some = np.random.default_rng(seed), max(1, PORTION // cases)
    for first in range(0, DRAWS, some):
        yield 1.0 - 2.0 * rng.integers(2, size=(min(some, DRAWS - first), cases)).astype(float)
