"""Accuracy."""

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.values import Right


class Accuracy(Metric):
    """Share of episodes that were right, of all that were played and could be judged.

    mean(right), an episode that concluded nothing being 0; episodes that failed for reasons of infrastructure never
    enter. AgentClinic folds parse and provider errors in; here they are counted apart.
    """

    needs = Right
    low, high, fair, worse = 0, 1, None, "lower"
    undefined = "no episode could be judged"
    source = "Schmidgall et al. 2024, arXiv:2405.07960 (AgentClinic)"
    interval = "clustered"

    def measure(self, sample: Right) -> Estimate:
        """The share and its interval."""
        return clustered_mean(sample.value, sample.case, 0, 1)
