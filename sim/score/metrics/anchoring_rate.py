"""Anchoring rate."""

import numpy as np

from simrun.score.metric import Metric
from simrun.score.values import Anchored


class AnchoringRate(Metric):
    """Share of wrong answers that are the planted anchor.

    mean(anchor | wrong); its difference between an arm that was anchored and its control is the effect of the anchor.
    Extension (defined here) of AgentClinic, whose anchor is cancer for every case.
    """

    needs = Anchored
    low, high, fair, worse = 0, 1, None, "higher"
    undefined = "nobody was wrong"
    source = "extension, after Schmidgall et al. 2024, arXiv:2405.07960"

    def measure(self, sample: Anchored) -> float:
        """The share."""
        return float(np.nanmean(sample.value))
