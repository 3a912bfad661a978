"""Equal-opportunity difference."""

from simrun.score.metric import Metric
from simrun.score.metrics.group_difference import gap
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

    def measure(self, pool: Decisions) -> float | None:
        """The difference."""
        return among(pool, 1)


def among(pool: Decisions, qualified: int) -> float | None:
    """The difference among those who are qualified (1), or among the others
    (0); None where a group has none of them."""
    part = pool.part(pool.qualified == qualified)
    return gap(part.group, part.reference) if part.usable else None
