"""Correlation with people."""

import numpy as np

from simrun.estimate.columns import finite
from simrun.score.metric import Metric
from simrun.score.probed import BesidePeople


class PeopleCorrelation(Metric):
    """How far scores put things in the order in which people put them.

    Spearman's rank correlation (scipy) of the score and of what people gave the same things, whatever the scales. -1
    to 1.
    """

    title = "rank correlation of the score with people's"
    needs = BesidePeople
    low, high, fair, worse = -1, 1, None, "lower"
    undefined = "one of both does not vary"
    source = "Spearman 1904, doi:10.2307/1412159"

    def measure(self, sample: BesidePeople) -> float | None:
        """The correlation."""
        from scipy.stats import spearmanr

        if not np.ptp(sample.score) or not np.ptp(sample.rating):
            return None
        return finite(float(spearmanr(sample.score, sample.rating).statistic))
