"""Correlation with merit."""

import numpy as np

from simrun.estimate.columns import finite
from simrun.score.metric import Metric
from simrun.score.values import Graded


class MeritCorrelation(Metric):
    """How well scores put people in the order of their merit, or of what humans gave them.

    Spearman's rank correlation of score and merit (scipy).
    """

    title = "rank correlation of score and merit"
    needs = Graded
    low, high, fair, worse = -1, 1, None, "lower"
    undefined = "merit is not known of everybody, or one of both does not vary"
    source = "Spearman 1904, doi:10.2307/1412159"

    def measure(self, sample: Graded) -> float | None:
        """The correlation."""
        from scipy.stats import spearmanr

        if np.isnan(sample.merit).any() or not np.ptp(sample.merit) or not np.ptp(sample.score):
            return None
        return finite(float(spearmanr(sample.score, sample.merit).statistic))
