"""Audits with planted parameters and no model: what each arm comes to, and which values are lost."""

import itertools
from dataclasses import dataclass
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Array = NDArray[np.float64]
RANGE = {"binary": (0, 1), "score": (1, 10)}
SUCCESS = 0.6
"""Mean of a binary outcome in the reference arm."""
CENTRE, SPREAD = 6.0, 2.0
"""Of a score, before it is rounded and clipped."""
ALIKE = 0.9
"""Correlation of a case's difficulty in one arm with that in the other: cases do not all react alike."""
LOW_SCORE = 5
LOST, LOST_IF_LOW = 0.1, 0.25
"""Share of values lost at random in either arm; share of failures or low scores lost in
the arm alone: about 10 % of its values."""


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    outcome: str = "binary"
    """binary, or score: 1 to 10, integer."""
    missing: str = "none"
    """none, random (10 % of either arm), informative (a quarter of the arm's failures or low scores)."""
    icc: float = 0.3
    """Share of the variance that is the cases' difficulty."""
    repeats: int = 1
    cases: int = 50
    effect: float = 0.0
    """By how much the arm's true mean lies below the reference's, as a share of the span."""

    @property
    def span(self) -> int:
        """Greatest value minus least."""
        return RANGE[self.outcome][1] - RANGE[self.outcome][0]

    @property
    def truth(self) -> float:
        """The true difference of the means, arm minus reference."""
        return -self.effect * self.span

    def rng(self, seed: int) -> np.random.Generator:
        """Randomness of this cell alone, so that it can be played alone."""
        return np.random.default_rng([seed, crc32(repr(self).encode())])


def grid(small: bool) -> list[Cell]:
    """All cells."""
    sizes, effects, iccs = (
        ((20, 50), (0.0, 0.1), (0.0, 0.8)) if small else ((20, 50, 200), (0.0, 0.02, 0.05, 0.1), (0.0, 0.3, 0.8))
    )
    return [
        Cell(*each)
        for each in itertools.product(RANGE, ("none", "random", "informative"), iccs, (1, 3), sizes, effects)
    ]


def play(cell: Cell, audits: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Values of the arm and of the reference, (audits, cases * repeats) each, nothing missing."""
    shape = (audits, cell.cases * cell.repeats)
    shared = rng.random(shape) < 0.5  # common random numbers throughout would flip in one direction only
    if cell.outcome == "binary":
        easy, for_arm = (np.repeat(each, cell.repeats, axis=1) for each in _easiness(cell, audits, rng))
        first, other = rng.random((2, *shape))
        kept = rng.random(shape) < 1 - cell.effect / SUCCESS
        return ((np.where(shared, first, other) < for_arm) & kept).astype(float), (first < easy).astype(float)
    level, own = rng.normal(0, SPREAD * cell.icc**0.5, (2, audits, cell.cases))
    level, for_arm = (
        np.repeat(each, cell.repeats, axis=1) for each in (level, ALIKE * level + (1 - ALIKE**2) ** 0.5 * own)
    )
    first, other = rng.normal(CENTRE, SPREAD * (1 - cell.icc) ** 0.5, (2, *shape))
    return rated(for_arm + np.where(shared, first, other) - shift(cell.effect)), rated(level + first)


def _easiness(cell: Cell, audits: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Chance of success by case, (audits, cases), in the reference and in the arm before the effect.

    Beta with the planted intraclass correlation, 1 / (a + b + 1); the two have the same distribution, and correlate.
    """
    if not cell.icc:
        return (same := np.full((audits, cell.cases), SUCCESS)), same
    both = 1 / cell.icc - 1
    easy, own = rng.beta(SUCCESS * both, (1 - SUCCESS) * both, (2, audits, cell.cases))
    return easy, np.where(rng.random(easy.shape) < ALIKE, easy, own)


def rated(latent: Array) -> Array:
    """A latent value as a whole score of the range."""
    return np.clip(np.rint(latent), *RANGE["score"])


def mean_score(centre: float) -> float:
    """Exact mean of a normal that is rounded and clipped: 1 + the sum over k of P(score > k)."""
    return 1 + float(stats.norm.sf((np.arange(1, 10) + 0.5 - centre) / SPREAD).sum())


@cache
def shift(effect: float) -> float:
    """By how much to lower the latent score so that the mean score falls by
    `effect` of its span: clipping swallows some of it."""
    return float(optimize.brentq(lambda by: mean_score(CENTRE) - mean_score(CENTRE - by) - 9 * effect, 0, 9))


def lose(cell: Cell, arm: Array, reference: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The same with NaN for what is missing."""
    low = arm <= (0 if cell.outcome == "binary" else LOW_SCORE)
    chance = {"none": 0.0, "random": LOST, "informative": LOST_IF_LOW * low}[cell.missing]
    gone, other = rng.random((2, *arm.shape))
    return np.where(gone < chance, np.nan, arm), np.where(
        other < (LOST if cell.missing == "random" else 0), np.nan, reference
    )


def whole(cell: Cell, arm: Array, reference: Array) -> tuple[Array, Array, NDArray[np.int64]]:
    """The pairs of one audit that have both values, and their cases, as a report takes them."""
    there = ~(np.isnan(arm) | np.isnan(reference))
    return arm[there], reference[there], np.repeat(np.arange(cell.cases), cell.repeats)[there]
