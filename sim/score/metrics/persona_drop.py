"""Persona drop."""

import math

from simrun.score.levels import Levels
from simrun.score.metric import Metric
from simrun.score.metrics.normalised_accuracy import NormalisedAccuracy
from simrun.score.pairs import Pairs


class PersonaDrop(Metric):
    """How much of the reference's accuracy is lost at a level of an axis, or at all levels that are about one thing.

    (acc_reference - acc_level) / acc_reference over the same cases, at most 1: 0 is no loss, below 0 a gain. Of several
    levels the accuracy is the mean over them. It is 1 less normalised_accuracy.
    """

    title = "share of the accuracy that is lost"
    needs = Levels
    low, high, fair, worse = -math.inf, 1, 0, "higher"
    undefined = "the reference was never right"
    source = "Gupta et al. 2024, arXiv:2311.04892 (persona-assigned LLMs)"

    def measure(self, sample: Levels) -> float | None:
        """The share."""
        kept = NormalisedAccuracy().measure(Pairs(sample.arm, sample.reference, sample.case))
        return None if kept is None else 1 - kept
