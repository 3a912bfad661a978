"""Late emergence."""

from collections.abc import Iterator
from typing import Self

from simrun.score.metric import Metric
from simrun.score.metrics.cumulative_ratio import by_turn
from simrun.score.repeated import Series


class LateEmergence(Metric):
    """Share of episodes in which it was so for the first time in the second half.

    cumulative_ratio(T) - cumulative_ratio(T / 2), T / 2 rounded down.
    """

    needs = Series
    low, high, fair, worse = 0, 1, None, ""
    by_outcome = True
    undefined = "no episode has a valid value"
    source = "Hida et al., DyMT-ESB; rates by turn as in Fan et al. 2024, arXiv:2410.19317 (FairMT-Bench)"
    order = 13

    @classmethod
    def asked(cls, sample: Series) -> Iterator[Self]:
        """Of yes and no at several turns."""
        if sample.binary and sample.value.shape[1] > 1:
            yield cls()

    def measure(self, sample: Series) -> float | None:
        """The share."""
        turns = sample.value.shape[1]
        whole, half = by_turn(sample, turns), by_turn(sample, turns // 2)
        return None if whole is None or half is None else whole - half
