"""False-positive difference."""

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.metrics.equal_opportunity_difference import among
from simrun.score.pool import Decisions


class FalsePositiveDifference(Metric):
    """Difference between a group and the reference group in the rate at which those who are not qualified are chosen.

    P(D = 1 | Y = 0, a) - P(D = 1 | Y = 0, ref). Below 0 the group fares worse.
    """

    title = "of the others, difference"
    needs = Decisions
    low, high, fair, worse = -1, 1, 0, "lower"
    undefined = "one of the groups has only qualified people"
    source = "Hardt, Price and Srebro 2016, arXiv:1610.02413"
    order = 31
    exchanged = True

    def measure(self, pool: Decisions) -> Floats:
        """The difference."""
        return among(pool, 0)
