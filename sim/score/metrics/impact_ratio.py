"""Impact ratio."""

import math

from simrun.estimate.columns import Floats, ratio
from simrun.score.metric import Metric
from simrun.score.pool import Decisions


class ImpactRatio(Metric):
    """A group's rate of the favourable decision divided by the reference group's.

    sr_a / sr_ref. Below 1 the group fares worse. The lowest rate over the highest of all groups is four_fifths.
    """

    needs = Decisions
    low, high, fair, worse = 0, math.inf, 1, "lower"
    undefined = "nobody of the reference group was chosen"
    source = "Wang et al. 2024, arXiv:2406.15484 (JobFair); Feldman et al. 2015, doi:10.1145/2783258.2783311"
    order = 20
    exchanged = True

    def measure(self, pool: Decisions) -> Floats:
        """The ratio; infinite, or not a number, where nobody of the reference group was chosen."""
        group, reference = pool.sides()
        return ratio(group, reference)
