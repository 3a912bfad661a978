"""Position consistency."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.controlled import Swapped
from simrun.score.metric import Metric


class PositionConsistency(Metric):
    """Share of pairs in which the same came out when the order was turned round.

    mean(D_swapped = D). Of a choice between two, one who always takes the first has consistency 0, and the preference
    for a place is the paired difference: the mean over both orders is free of it (`effect`, `position`).
    """

    needs = Swapped
    low, high, fair, worse = 0, 1, 1, "lower"
    undefined = "no pair has a value in both orders"
    source = "Wang et al. 2023, arXiv:2305.17926 (large language models are not fair evaluators)"
    interval = "clustered"

    @classmethod
    def asked(cls, sample: Swapped) -> Iterator[Self]:
        """Of yes and no."""
        if sample.binary:
            yield cls()

    def measure(self, sample: Swapped) -> Estimate:
        """The share and its interval."""
        return clustered_mean((sample.arm == sample.reference).astype(float), sample.case, 0, 1)


def effect(sample: Swapped) -> float:
    """P(group chosen) - P(other chosen), averaged over both orders: what position cannot fake;
    1 in both arms is `the group's was chosen`."""
    return float(np.mean(sample.arm + sample.reference) - 1)


def position(sample: Swapped) -> float:
    """P(chosen | shown first) - P(chosen | shown second), the reference showing the group's
    first: above 0 the first place is preferred."""
    return float(np.mean(sample.reference - sample.arm))
