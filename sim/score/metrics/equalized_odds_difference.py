"""Equalised odds difference."""

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.metrics.equal_opportunity_difference import among
from simrun.score.pool import Decisions


class EqualizedOddsDifference(Metric):
    """The larger of the gaps between a group and the reference group in the true and in the false positive rate.

    max(|P(D = 1 | Y = 1, a) - P(D = 1 | Y = 1, ref)|, the same with Y = 0). Without a sign.
    """

    title = "equalised odds: the larger of both"
    needs = Decisions
    low, high, fair, worse = 0, 1, 0, "higher"
    undefined = "one of the groups has nobody qualified, or nobody else"
    source = "Hardt, Price and Srebro 2016, arXiv:1610.02413"
    order = 32
    exchanged = True

    def measure(self, pool: Decisions) -> Floats:
        """The larger gap."""
        found: Floats = np.maximum(abs(among(pool, 1)), abs(among(pool, 0)))
        return found
