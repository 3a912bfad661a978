"""Change of disagreement."""

import math

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.metrics.disagreement import spread
from simrun.score.repeated import Shifts


class DisagreementChange(Metric):
    """By which share the disagreement of an episode's subjects changes in the discussion.

    disagreement after / before - 1, over the values that both have; below 0 they come to agree.
    """

    title = "disagreement, relative change"
    needs = Shifts
    low, high, fair, worse = -1, math.inf, None, ""
    undefined = "no episode has values of two subjects, or all agreed before"
    source = "Jin et al. 2024, arXiv:2406.12708 (AgentReview)"

    def measure(self, sample: Shifts) -> float | None:
        """The change."""
        first, last = both(sample)
        before, after = spread(first), spread(last)
        return after / before - 1 if before and after is not None else None


def both(sample: Shifts) -> tuple[Floats, Floats]:
    """Before and after (n, subjects), NaN in both where either is missing."""
    before = np.full(sample.value.shape, np.nan) if sample.before is None else sample.before
    gone = np.isnan(before) | np.isnan(sample.value)
    return np.where(gone, np.nan, before), np.where(gone, np.nan, sample.value)
