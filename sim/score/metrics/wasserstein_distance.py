"""Wasserstein distance."""

import math

from simrun.score.metric import Metric
from simrun.score.pool import Scores


class WassersteinDistance(Metric):
    """How far scores of a group must be moved, on average, to be distributed as the reference group's.

    Integral of |F_a^-1(u) - F_ref^-1(u)| over u in 0..1 (Wasserstein-1), computed by scipy. In the unit of the score;
    without saying for whom it is worse. Above 0 by chance alone.
    """

    title = "Wasserstein distance"
    needs = Scores
    low, high, fair, worse = 0, math.inf, 0, "higher"
    undefined = "one of the two groups has no score"
    source = "Jiang et al. 2019, arXiv:1907.12059 (Wasserstein fair classification)"
    order = 31

    def measure(self, pool: Scores) -> float:
        """The distance."""
        from scipy import stats

        return float(stats.wasserstein_distance(pool.group, pool.reference))
