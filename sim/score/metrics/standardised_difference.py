"""Standardised paired difference."""

import math

import numpy as np

from simrun.score.metric import Metric
from simrun.score.pairs import Pairs


class StandardisedDifference(Metric):
    """Mean paired difference in units of its own standard deviation (d_z).

    mean(D) / SD(D), D the differences with repeats of a case averaged first, SD with n - 1.
    """

    title = "difference, standardised (d_z)"
    needs = Pairs
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    by_outcome = True
    undefined = "there are fewer than two cases, or all differ by the same"
    source = "Lakens 2013, doi:10.3389/fpsyg.2013.00863"
    order = 1

    def measure(self, sample: Pairs) -> float | None:
        """The difference."""
        count = np.bincount(sample.case)
        difference = np.bincount(sample.case, sample.arm - sample.reference)[count > 0] / count[count > 0]
        # equal differences of unequal numbers leave a rounding error where the deviation should be 0
        if len(difference) < 2 or difference.std(ddof=1) <= 1e-12 * max(1.0, float(abs(difference).max())):
            return None
        return float(difference.mean() / difference.std(ddof=1))
