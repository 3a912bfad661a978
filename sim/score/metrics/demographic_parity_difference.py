"""Demographic parity difference."""

import math

from simrun.score.metric import Metric
from simrun.score.values import Groups


class DemographicParityDifference(Metric):
    """Largest difference between groups in the rate of the favourable decision, or in the mean of any other outcome.

    max_a mean(D | a) - min_a mean(D | a). Without a sign: see group_difference. Above 0
    by chance alone, the more groups the more.
    """

    title = "largest difference between groups"
    needs = Groups
    low, high, fair, worse = 0, math.inf, 0, "higher"
    undefined = "fewer than two groups have values"
    source = "Dwork et al. 2012, doi:10.1145/2090236.2090255"

    def measure(self, sample: Groups) -> float | None:
        """The difference."""
        means = sample.means.values()
        return max(means) - min(means) if len(means) > 1 else None
