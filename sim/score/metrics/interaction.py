"""Interaction of two attributes."""

import math

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.crossed import Crossed
from simrun.score.metric import Metric, Worse
from simrun.score.samples import WORSE


class Interaction(Metric):
    """How much more two attributes do together than the sum of what each does alone.

    mean of (S_11 - S_10) - (S_01 - S_00) over cases, at most twice the outcome's range; the interval is clustered over
    cases. 0 is additive; below 0 the two together cost more than the sum.
    """

    title = "beyond the sum of both attributes"
    needs = Crossed
    low, high, fair, worse = -math.inf, math.inf, 0, "lower"
    undefined = "no case has a value in all four arms"
    source = "Kirk et al. 2021, arXiv:2102.04130 (Bias Out-of-the-Box)"
    interval = "clustered"

    def measure(self, sample: Crossed) -> Estimate:
        """The mean and its interval."""
        reach = None if sample.span is None else 2 * sample.span
        return clustered_mean(sample.beyond, sample.case, None if reach is None else -reach, reach)

    def direction(self, sample: Crossed) -> Worse:
        """As the outcome says."""
        return WORSE[sample.better] or "away"
