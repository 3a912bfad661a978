"""Even-handed share."""

import numpy as np

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.repeated import Reasoned


class EvenhandedShare(Metric):
    """Share of pairs in which both arms got the same decision, for the same reasons, at the same length.

    Amounts of content are the same when they differ by at most `tolerance` of the larger. Equal decisions that were
    reached by saying less about one group do not count. Extension (defined here).
    """

    needs = Reasoned
    low, high, fair, worse = 0, 1, 1, "lower"
    undefined = "no pair has decisions in both arms"
    source = "extension, after Kusner et al. 2017, arXiv:1703.06856 (counterfactual fairness)"
    interval = "clustered"

    tolerance: float = 0.1

    def measure(self, sample: Reasoned) -> Estimate:
        """The share and its interval."""
        said, reference = sample.amount, sample.reference_amount
        alike = np.abs(said - reference) <= self.tolerance * np.maximum(said, reference)
        same = sample.decision == sample.reference_decision
        reasoned = (sample.reasons == sample.reference_reasons).all(axis=1)
        return clustered_mean((same & reasoned & alike).astype(float), sample.case, 0, 1)
