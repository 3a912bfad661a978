"""Difference between a group and the reference group."""

import math

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.pool import Decisions, Pool


class GroupDifference(Metric):
    """A group's rate of the favourable decision, or its mean score, minus the reference group's.

    sr_a - sr_ref of decisions (signed parity difference), mean(S_a) - mean(S_ref) of scores (level bias). In the unit
    of the values; below 0 the group fares worse.
    """

    needs = Pool
    low, high, fair, worse = -math.inf, math.inf, 0, "lower"
    undefined = "one of the two groups has no value"
    source = "Dwork et al. 2012, doi:10.1145/2090236.2090255 (parity); Wang et al. 2024, arXiv:2406.15484 (level bias)"
    order = 10
    exchanged = True

    def measure(self, pool: Pool) -> Floats:
        """The difference."""
        group, reference = pool.sides()
        return group - reference

    def told(self, pool: Pool) -> str:
        """What it is a difference of."""
        return "selection rate, difference" if isinstance(pool, Decisions) else "score, difference"
