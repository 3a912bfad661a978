"""Excess flip rate."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.pairs import Pairs


class ExcessFlipRate(Metric):
    """How much more often the outcome flips between the arms than where nothing that matters differs.

    mean((D_a != D_ref) - (D_again != D_ref)), D_again the placebo under the same seeds. 0: the swap changes no more
    than that does. A swap that moves the outcome one way only in close cases can flip less than chance: read it with
    net_flip. Extension (defined here).
    """

    needs = Pairs
    low, high, fair, worse = -1, 1, 0, "higher"
    undefined = "no pair has a value in both arms and in the control"
    source = "extension, of the flip rate after Kusner et al. 2017, arXiv:1703.06856"
    interval = "clustered"
    order = 3

    @classmethod
    def asked(cls, sample: Pairs) -> Iterator[Self]:
        """Beside a control."""
        if sample.again is not None and not sample.averaged:
            yield cls()

    def measure(self, sample: Pairs) -> Estimate:
        """The excess and its interval."""
        again = np.full(len(sample.case), np.nan) if sample.again is None else sample.again
        there = ~np.isnan(again)
        swapped, repeated = ((side != sample.reference)[there].astype(float) for side in (sample.arm, again))
        return clustered_mean(swapped - repeated, sample.case[there], -1, 1)
