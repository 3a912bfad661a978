"""An interval for a bounded mean that holds at every look, however many there are: by betting against each mean."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate.columns import Floats

BETS = np.cos((2 * np.arange(1, 21) - 1) * np.pi / 80)
"""The shares of its capital, in (0, 1), that a bettor puts on each case; the mean over all of them is what counts."""
HALVINGS = 36
"""Of the range, after which an end is known to a part in 10^10 of it."""


class Capital(NamedTuple):
    """The logarithm of what bettors have who began with 1 and bet that the mean is greater, or less."""

    greater: float
    less: float


class BettingInterval(NamedTuple):
    """The interval after one look: what no look so far has left out."""

    cases: int
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance between the ends, in the outcome's units."""
        return (self.high - self.low) / 2


def capital(differences: ArrayLike, mean: float, bound: float) -> Capital:
    """What betting against a mean has come to: K+ = mean over bets s of prod(1 + s (d - mean) / (bound + mean)), and K-
    with -s / (bound - mean).

    `differences` (n,) in [-bound, bound], NaN for a case that has none, of the first cases in an order that was fixed
    beforehand; `mean` inside of that. If it is the true one, either exceeds 1/a at any time with probability of at most
    a (Ville). K+ falls in `mean`, K- rises.
    ValueError for differences beyond the bound. Source: Waudby-Smith and Ramdas 2024, doi:10.1093/jrsssb/qkad009.
    """
    if not -bound < mean < bound:
        raise ValueError(f"a mean of {mean:g} is not inside of -{bound:g} and {bound:g}")
    unlike, count = _counted(differences, bound)
    return Capital(*(_of_side(unlike, count, mean, bound, sign) for sign in (1, -1)))


def _counted(differences: ArrayLike, bound: float) -> tuple[Floats, Floats]:
    """The distinct differences, NaN left out, and how often each is there: their order no longer matters."""
    values: Floats = np.asarray(differences, dtype=float)
    unlike, count = np.unique(values[~np.isnan(values)], return_counts=True)
    if len(unlike) and np.abs(unlike).max() > bound * (1 + 1e-9):
        raise ValueError(f"a case differs by {np.abs(unlike).max():g}, and at most {bound:g} was declared")
    return np.clip(unlike, -bound, bound), count.astype(float)


def _of_side(unlike: Floats, count: Floats, mean: float, bound: float, sign: int) -> float:
    """The logarithm of K+ (sign 1) or K- (-1)."""
    return _mean_exp(count @ np.log1p(sign * BETS * (unlike[:, None] - mean) / (bound + sign * mean)))


def _mean_exp(logs: Floats) -> float:
    most = logs.max()
    return float(most + np.log(np.exp(logs - most).mean()))


def betting_intervals(
    differences: ArrayLike, looks: Sequence[int], bound: float, level: float = 0.95
) -> tuple[BettingInterval, ...]:
    """The interval of the mean after each look; all of them hold the true one with probability `level` at least.

    `differences` (n,) in the planned order, NaN for a case that has none; `looks` numbers of cases that rise. An end
    is where the capital reaches 2 / (1 - level). Should nothing be left, the last interval stays: the cases then have
    no common mean.
    """
    values: Floats = np.asarray(differences, dtype=float)
    reach = float(np.log(2 / (1 - level)))
    found: list[BettingInterval] = []
    low, high = -bound, bound
    for cases in looks:
        below, above = _ends(values[:cases], bound, reach)
        if max(low, below) <= min(high, above):
            low, high = max(low, below), min(high, above)
        found.append(BettingInterval(cases, low, high))
    return tuple(found)


def _ends(values: Floats, bound: float, reach: float) -> tuple[float, float]:
    unlike, count = _counted(values, bound)

    def lost(mean: float, sign: int) -> bool:
        return _of_side(unlike, count, mean, bound, sign) >= reach

    ends = []
    for sign in (1, -1):
        # between a mean that is left out, or the bound itself, and one that is kept
        out, kept = -sign * bound, sign * bound
        for _ in range(HALVINGS):
            middle = (out + kept) / 2
            out, kept = (middle, kept) if lost(middle, sign) else (out, middle)
        ends.append(out)
    return ends[0], ends[1]


def betting_p(differences: ArrayLike, looks: Sequence[int], bound: float) -> float:
    """Two-sided p value of a mean of 0 that is valid whenever one stops: min(1, 2 / the most that either bettor had at
    a look). Below .05 exactly when 0 has left the 95 % interval; Holm takes it."""
    values: Floats = np.asarray(differences, dtype=float)
    most = max((max(capital(values[:cases], 0.0, bound)) for cases in looks), default=0.0)
    return float(min(1.0, 2 * np.exp(-most)))


def equivalent_at(
    differences: ArrayLike, looks: Sequence[int], bound: float, margin: float, level: float = 0.05
) -> int | None:
    """After how many cases the mean is shown to lie inside of -margin and margin; None where no look has shown it.

    Two one-sided tests (Schuirmann 1987, doi:10.1007/BF01068419) that hold at every look: both bettors, the one against
    a mean of -margin or less and the one against margin or more, must have had 1 / `level`.
    """
    values: Floats = np.asarray(differences, dtype=float)
    reach = float(np.log(1 / level))
    above = below = False
    for cases in looks:
        above = above or capital(values[:cases], -margin, bound).greater >= reach
        below = below or capital(values[:cases], margin, bound).less >= reach
        if above and below:
            return cases
    return None
