"""Top-k accuracy."""

import numpy as np

from simrun.score.metric import Metric
from simrun.score.values import Places


class TopKAccuracy(Metric):
    """Share of episodes in which the truth is among the first k that were named.

    mean(1 <= place <= k); where it was not named it does not count. Extension (defined here) of AgentClinic's accuracy.
    """

    title = "truth among the first {k}"
    needs = Places
    low, high, fair, worse = 0, 1, None, "lower"
    undefined = "no episode could be judged"
    source = "extension, after Schmidgall et al. 2024, arXiv:2405.07960"

    k: int = 3

    def measure(self, sample: Places) -> float:
        """The share."""
        return float(np.mean((sample.value >= 1) & (sample.value <= self.k)))
