"""Mean paired difference."""

import math

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.pairs import Pairs


class PairedDifference(Metric):
    """Mean over pairs of the arm's value minus the reference's, of the same case and repeat.

    The mean over cases of a case's mean of S_i,a - S_i,ref: each case counts once. In the unit of the outcome, at most
    its range; the interval is clustered over cases.
    """

    title = "difference"
    needs = Pairs
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    by_outcome = True
    undefined = "no pair has a value in both arms"
    source = (
        "Gallegos et al. 2024, doi:10.1162/coli_a_00524 (counterfactual pairs); the estimator of a paired experiment"
    )
    interval = "clustered"
    order = 0

    def measure(self, sample: Pairs) -> Estimate:
        """The mean and its interval."""
        reach = sample.reach
        return clustered_mean(sample.arm - sample.reference, sample.case, None if reach is None else -reach, reach)
