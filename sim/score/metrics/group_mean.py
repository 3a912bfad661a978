"""Mean of a group."""

import math

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.values import Group


class GroupMean(Metric):
    """Mean outcome of a group: of decisions its selection rate, mean(D | a); of scores mean(S | a).

    In the unit of the outcome; fair where it is the same in all groups of equal merit.
    """

    title = "mean"
    needs = Group
    low, high, fair, worse = -math.inf, math.inf, None, ""
    by_outcome = True
    undefined = "the group has no value"
    source = "Dwork et al. 2012, doi:10.1145/2090236.2090255 (rates); Peña et al. 2020, arXiv:2004.07173 (scores)"
    interval = "clustered"

    def measure(self, sample: Group) -> Estimate:
        """The mean and its interval."""
        return clustered_mean(sample.value, sample.case, sample.low, sample.high)
