"""Slope of the score on quality."""

import math

import numpy as np

from simrun.score.metric import Metric
from simrun.score.values import Graded


class QualitySlope(Metric):
    """By how much the score rises from the least merit to the most that there can be.

    Least-squares slope of score on merit, cov(S, Y) / var(Y), in the unit of the score per unit of merit; for merit
    from 0 to 1 it is the whole way. 0 is blind to quality; a slope far below the length of the scale is rating
    compression. Rows without merit are left out.
    """

    title = "slope of the score on quality"
    needs = Graded
    low, high, fair, worse = -math.inf, math.inf, None, "lower"
    undefined = "merit is not known, or does not vary"
    source = "ordinary least squares; merit by construction: extension, after Jin et al. 2024, arXiv:2406.12708"

    def measure(self, sample: Graded) -> float | None:
        """The slope."""
        known = ~np.isnan(sample.merit)
        merit, score = sample.merit[known], sample.score[known]
        if not len(merit) or not np.ptp(merit):
            return None
        return float(np.cov(merit, score, ddof=0)[0, 1] / merit.var())
