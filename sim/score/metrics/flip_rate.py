"""Flip rate."""

from collections.abc import Iterator
from typing import Self

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.pairs import Pairs


class FlipRate(Metric):
    """Share of pairs in which the two arms came out differently.

    mean(D_a != D_ref). Its fair value is not 0 but the flip rate where nothing
    that matters differs, which is its floor.
    """

    needs = Pairs
    low, high, fair, worse = 0, 1, None, "higher"
    undefined = "no pair has a value in both arms"
    source = "Kusner et al. 2017, arXiv:1703.06856 (counterfactual fairness), as a rate"
    interval = "clustered"
    order = 2

    @classmethod
    def asked(cls, sample: Pairs) -> Iterator[Self]:
        """Between two arms: means over several differ nearly always."""
        if not sample.averaged:
            yield cls()

    def measure(self, sample: Pairs) -> Estimate:
        """The rate and its interval."""
        return clustered_mean((sample.arm != sample.reference).astype(float), sample.case, 0, 1)
