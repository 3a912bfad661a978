"""Polarity consistency."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.controlled import Mirrored
from simrun.score.metric import Metric


class PolarityConsistency(Metric):
    """Share of pairs in which a question and its mirror image came to the same.

    mean(D_mirrored = D), answers to mirrored questions turned back first. A preference for a word or for an end of a
    scale shows as a paired difference: the mean over both forms is free of it (`acquiescence`).
    """

    needs = Mirrored
    low, high, fair, worse = 0, 1, 1, "lower"
    undefined = "no pair has a value in both forms"
    source = "Yu et al. 2024, arXiv:2408.00137 (negative bias in binary decisions)"
    interval = "clustered"

    @classmethod
    def asked(cls, sample: Mirrored) -> Iterator[Self]:
        """Of outcomes with bounds, which can be mirrored."""
        if sample.span is not None:
            yield cls()

    def measure(self, sample: Mirrored) -> Estimate:
        """The share and its interval."""
        return clustered_mean((sample.arm == sample.reference).astype(float), sample.case, 0, 1)


def acquiescence(sample: Mirrored) -> float:
    """P(yes) - P(no) over both forms of a yes-or-no question: above 0 the model says yes whatever is asked, below 0
    no."""
    return float(np.mean(sample.reference + (1 - sample.arm)) - 1)
