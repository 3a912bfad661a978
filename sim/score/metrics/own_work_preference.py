"""Preference for the work of one's own engine."""

import math

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.crossed import OwnWork
from simrun.score.metric import Metric


class OwnWorkPreference(Metric):
    """How much better two engines judge what they made themselves than what the other made.

    mean of (S_aa + S_bb) / 2 - (S_ab + S_ba) / 2 over the same cases, S_jm the outcome of what engine m made and engine
    j judged: which engine is the stricter judge, and which the better maker, cancels. 0 is no preference, above 0 for
    their own. The interval is clustered over cases.
    """

    title = "preference for the work of one's own engine"
    needs = OwnWork
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "no case has a value with all four of who made and who judged"
    source = "after Panickssery, Bowman and Feng 2024, arXiv:2404.13076; crossed: extension"
    interval = "clustered"

    def measure(self, sample: OwnWork) -> Estimate:
        """The mean and its interval."""
        reach = None if sample.low is None or sample.high is None else sample.high - sample.low
        return clustered_mean(sample.own - sample.other, sample.case, None if reach is None else -reach, reach)
