"""Disagreement."""

import math

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.repeated import Subjects


class Disagreement(Metric):
    """How far apart the values of an episode's subjects are, such as reviewers' scores of one paper.

    Standard deviation (n - 1) over the subjects of an episode, averaged over the episodes with
    two or more. In the unit of the outcome.
    """

    needs = Subjects
    low, high, fair, worse = 0, math.inf, None, ""
    undefined = "no episode has values of two subjects"
    source = "Jin et al. 2024, arXiv:2406.12708 (AgentReview)"

    def measure(self, sample: Subjects) -> float | None:
        """The mean standard deviation."""
        return spread(sample.value)


def spread(values: Floats) -> float | None:
    """Mean over rows (n, subjects) of the standard deviation of what is there, NaN where a value is missing."""
    count = (~np.isnan(values)).sum(axis=1)
    there = values[count > 1]
    return float(np.nanstd(there, axis=1, ddof=1).mean()) if len(there) else None
