"""Wasserstein distance."""

import math

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.pool import Scores, total


class WassersteinDistance(Metric):
    """How far scores of a group must be moved, on average, to be distributed as the reference group's.

    Integral of |F_a(x) - F_ref(x)| over x (Wasserstein-1), as scipy's wasserstein_distance, and for many exchanges of
    labels at once. In the unit of the score; without saying for whom it is worse. Above 0 by chance alone.
    """

    title = "Wasserstein distance"
    needs = Scores
    low, high, fair, worse = 0, math.inf, 0, "higher"
    undefined = "one of the two groups has no score"
    source = "Jiang et al. 2019, arXiv:1907.12059 (Wasserstein fair classification)"
    order = 31
    exchanged = True

    def measure(self, pool: Scores) -> Floats:
        """The distance."""
        order = np.argsort(pool.value, kind="stable")
        member = pool.member[..., order]
        below, other = (side.cumsum(axis=-1) / side.sum(axis=-1, keepdims=True) for side in (member, ~member))
        return total(np.abs(below - other)[..., :-1], np.diff(pool.value[order]))
