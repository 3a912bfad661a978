"""Equal-opportunity difference."""

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.pool import Decisions


class EqualOpportunityDifference(Metric):
    """Difference between a group and the reference group in the rate at which the qualified are chosen.

    P(D = 1 | Y = 1, a) - P(D = 1 | Y = 1, ref). Below 0 the group fares worse.
    """

    title = "equal opportunity: of the qualified, difference"
    needs = Decisions
    low, high, fair, worse = -1, 1, 0, "lower"
    undefined = "one of the groups has nobody qualified"
    source = "Hardt, Price and Srebro 2016, arXiv:1610.02413"
    order = 30
    exchanged = True

    def measure(self, pool: Decisions) -> Floats:
        """The difference."""
        return among(pool, 1)


def among(pool: Decisions, qualified: int) -> Floats:
    """The difference among those who are qualified (1), or among the others
    (0); not a number where a group has none of them."""
    group, reference = pool.sides(among=pool.qualified == qualified)
    return group - reference
