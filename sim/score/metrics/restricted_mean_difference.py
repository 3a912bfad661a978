"""Difference of restricted means of turns."""

import math

import numpy as np

from simrun.estimate.columns import finite
from simrun.estimate.paired import Estimate
from simrun.estimate.survival import draw, interval, restricted_mean, survival, turns
from simrun.score.counted import EventPairs
from simrun.score.metric import Metric


class RestrictedMeanDifference(Metric):
    """How many turns later, or earlier, the event comes in the arm than in the reference, on the same cases.

    restricted_mean_turns of the arm - of the reference; below 0 it comes earlier in the arm. Both sides are drawn with
    the same cases, so what a case does to both cancels.
    """

    title = "mean turn, difference"
    needs = EventPairs
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "nobody was left to tell before the horizon in one of the arms"
    source = (
        "Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452; "
        "Royston and Parmar 2013, doi:10.1186/1471-2288-13-152"
    )
    interval = "own"

    draws: int = 2000
    seed: int = 0

    def measure(self, sample: EventPairs) -> Estimate:
        """The difference and its interval."""
        parts = (sample.arm, sample.reference)
        every, codes = np.unique(np.concatenate([part.case for part in parts]), return_inverse=True)
        split = (codes[: len(sample.arm.case)], codes[len(sample.arm.case) :])
        horizon = sample.arm.horizon
        sides = [turns(part.event, part.observed, code, horizon) for part, code in zip(parts, split, strict=True)]
        means = [float(restricted_mean(survival(side.events.sum(axis=0), side.risk.sum(axis=0)))) for side in sides]
        value, n = finite(means[0] - means[1]), len(codes)
        if value is None:
            return Estimate(value=None, n=n, clusters=len(every))
        one, other = draw(sides, self.draws, self.seed)
        low, high = interval(value, one - other, len(every), 1 - horizon, horizon - 1)
        return Estimate(value=value, low=low, high=high, n=n, clusters=len(every))
