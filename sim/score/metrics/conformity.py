"""Conformity."""

import math

import numpy as np

from simrun.score.metric import Metric
from simrun.score.metrics.disagreement_change import both
from simrun.score.repeated import Shifts


class Conformity(Metric):
    """How far subjects move towards the mean of the others.

    Least-squares slope of a subject's change (final - initial) on (mean of the others' initial - own initial): 0 none,
    1 all the way. Extension (defined here).
    """

    needs = Shifts
    low, high, fair, worse = -math.inf, math.inf, None, ""
    undefined = "no subject stood apart from others before"
    source = "extension, of the shifts of Jin et al. 2024, arXiv:2406.12708 (AgentReview)"

    def measure(self, sample: Shifts) -> float | None:
        """The slope."""
        before, after = both(sample)
        count = (~np.isnan(before)).sum(axis=1, keepdims=True)
        others = (np.nansum(before, axis=1, keepdims=True) - before) / np.maximum(count - 1, 1)
        there = ~np.isnan(before) & (count > 1)
        apart, moved = (others - before)[there], (after - before)[there]
        if not len(apart) or not np.ptp(apart):
            return None
        return float(np.cov(apart, moved, ddof=0)[0, 1] / apart.var())
