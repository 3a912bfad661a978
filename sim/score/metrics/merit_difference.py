"""Difference in merit."""

import math

import numpy as np

from simrun.score.metric import Metric
from simrun.score.pool import People


class MeritDifference(Metric):
    """Mean merit of a group minus that of the reference group: of the people, before anybody decided.

    mean(Y_a) - mean(Y_ref). In the unit of merit. What a difference in scores must be read beside.
    """

    title = "merit, difference (of the people, not of the agent)"
    needs = People
    low, high, fair, worse = -math.inf, math.inf, None, ""
    undefined = "merit is not known of everybody"
    source = "Peña et al. 2020, arXiv:2004.07173 (labels by group)"
    order = 0

    def measure(self, pool: People) -> float | None:
        """The difference."""
        if np.isnan(pool.merit).any():
            return None
        group, reference = pool.sides(pool.merit)
        return float(group - reference)
