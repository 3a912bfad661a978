"""Spread bias."""

import math

import numpy as np

from simrun.estimate.columns import Floats, ratio
from simrun.score.metric import Metric
from simrun.score.pool import Scores


class SpreadBias(Metric):
    """How much more the scores of a group vary than those of the reference group.

    ln(var(S_a) / var(S_ref)), variances with n - 1. Above 0 the group is judged more erratically, or gets more
    extreme scores.
    """

    title = "spread: log variance ratio"
    needs = Scores
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "the scores of one of the groups do not vary"
    source = "Wang et al. 2024, arXiv:2406.15484 (spread bias)"
    order = 20
    exchanged = True

    def measure(self, pool: Scores) -> Floats:
        """The ratio's logarithm; not a number, or infinite, where the scores of a group do not vary."""
        off = pool.value - pool.value.mean()  # about the common mean: no digits are lost
        means, squares = pool.sides(off), pool.sides(np.square(off))
        counts = pool.member.sum(axis=-1), (~pool.member).sum(axis=-1)
        above, below = map(_variance, means, squares, counts)
        with np.errstate(divide="ignore"):
            found: Floats = np.log(ratio(above, below))
        return found


def _variance(mean: Floats, square: Floats, count: Floats) -> Floats:
    """With n - 1, from the means of values and of their squares; 0 where only rounding is left."""
    found = square - np.square(mean)
    return ratio(np.where(found > 1e-9 * (square + 1e-300), found, 0.0) * count, count - 1)
