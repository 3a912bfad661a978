"""Exposure ratio."""

import math

from simrun.estimate.columns import Floats, ratio
from simrun.estimate.ranking import exposures
from simrun.score.metric import Metric
from simrun.score.pool import Scores


class ExposureRatio(Metric):
    """Mean attention that a group's places in the ranking get, divided by the reference group's.

    mean of 1 / log2(1 + rank) over the group / the same over the reference group, rank 1 being the highest score; equal
    scores share theirs. Below 1 the group is seen less.
    """

    needs = Scores
    low, high, fair, worse = 0, math.inf, 1, "lower"
    undefined = "one of the two groups has no score"
    source = "Singh and Joachims 2018, doi:10.1145/3219819.3220088"
    order = 60
    exchanged = True

    def measure(self, pool: Scores) -> Floats:
        """The ratio."""
        group, reference = pool.sides(exposures(pool.value))
        return ratio(group, reference)
