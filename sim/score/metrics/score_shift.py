"""Score shift."""

import math

import numpy as np

from simrun.score.metric import Metric
from simrun.score.metrics.disagreement_change import both
from simrun.score.repeated import Shifts


class ScoreShift(Metric):
    """How far scores move in the discussion.

    mean(final - initial) over all that have both; in the unit of the score. Its difference
    between arms is what an arm changes in it.
    """

    needs = Shifts
    low, high, fair, worse = -math.inf, math.inf, None, ""
    undefined = "nobody gave a score before and after"
    source = "Jin et al. 2024, arXiv:2406.12708 (AgentReview)"

    def measure(self, sample: Shifts) -> float | None:
        """The mean."""
        before, after = both(sample)
        moved = (after - before)[~np.isnan(before)]
        return float(moved.mean()) if len(moved) else None
