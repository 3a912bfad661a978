"""Mean pairwise weighted kappa."""

from itertools import combinations

import numpy as np

from simrun.estimate.agreement import weighted_kappa
from simrun.score.metric import Metric
from simrun.score.repeated import Subjects


class PairwiseKappa(Metric):
    """How far two subjects agree beyond chance, such as two reviewers over all papers.

    Cohen's kappa with squared weights, averaged over all pairs of subjects that have two episodes in common.
    """

    title = "weighted kappa, mean over pairs"
    needs = Subjects
    low, high, fair, worse = -1, 1, None, "lower"
    undefined = "no two subjects have two episodes in common in which they vary"
    source = "Cohen 1968, doi:10.1037/h0026256"

    def measure(self, sample: Subjects) -> float | None:
        """The mean."""
        found = []
        for one, other in combinations(sample.value.T, 2):
            there = ~np.isnan(one) & ~np.isnan(other)
            if there.sum() > 1 and (value := weighted_kappa(one[there], other[there])) is not None:
                found.append(value)
        return float(np.mean(found)) if found else None
