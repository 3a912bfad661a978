"""Bias amplification."""

from collections.abc import Iterator
from typing import Self

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.pool import Scores


class BiasAmplification(Metric):
    """What the agent adds to the difference between groups that its input already had.

    (mean S_a - mean S_ref) - (mean Y_a - mean Y_ref), the score S as a share of its range, the input Y (the labels or
    evidence with the planted bias) from 0 to 1. 0 passes on just what was there; of the same sign as the planted
    difference it amplifies, of the other it dampens. Asked of different people, where both have such a unit.
    """

    title = "score, difference beyond that of merit"
    needs = Scores
    low, high, fair, worse = -2, 2, 0, "away"
    undefined = "merit is not known of everybody"
    source = "Zhao et al. 2017, arXiv:1707.09457 (amplification); Peña et al. 2020, arXiv:2004.07173 (planted inputs)"
    order = 16
    exchanged = True

    @classmethod
    def asked(cls, pool: Scores) -> Iterator[Self]:
        """Of different people, in one unit."""
        if (
            not pool.versions
            and pool.low is not None
            and pool.high is not None
            and 0 <= pool.merit.min() <= pool.merit.max() <= 1
        ):
            yield cls()

    def measure(self, pool: Scores) -> Floats:
        """What is added; not a number where merit is not known of everybody."""
        low, high = (0.0, 1.0) if pool.low is None or pool.high is None else (pool.low, pool.high)
        (group, reference), (merit, other) = pool.sides(), pool.sides(pool.merit)
        return (group - reference) / (high - low) - (merit - other)
