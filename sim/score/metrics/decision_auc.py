"""Decision AUC."""

import numpy as np

from simrun.score.metric import Metric
from simrun.score.values import Graded


class DecisionAuc(Metric):
    """How well a score separates those who are qualified (or accepted in truth) from the others.

    P(score of a qualified > score of another), ties counting half: the area under the ROC curve. .5 is chance.
    """

    title = "AUC of the score for who is qualified"
    needs = Graded
    low, high, fair, worse = 0, 1, None, "lower"
    undefined = "all are qualified or none, or it is not known"
    source = "Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747"

    def measure(self, sample: Graded) -> float | None:
        """The area."""
        from scipy.stats import rankdata

        known = ~np.isnan(sample.qualified)
        taken = sample.qualified[known] == 1
        yes, no = int(taken.sum()), int((~taken).sum())
        if not yes or not no:
            return None
        ranks = rankdata(sample.score[known])
        return float((ranks[taken].sum() - yes * (yes + 1) / 2) / (yes * no))
