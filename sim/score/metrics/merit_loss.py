"""Merit loss."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.ranking import chances, places
from simrun.score.metric import Metric
from simrun.score.metrics.top_k_share import SHARES
from simrun.score.values import Graded


class MeritLoss(Metric):
    """Mean merit that is lost by choosing the best by their scores rather than the best by merit.

    mean(Y of the k best by merit) - mean(Y of the k highest scores), ties as in top_k_share. In the unit of merit: the
    price of a score, or of making it fair. Of an arm and not of a group: it is the same whoever is of which. As a mean
    of those chosen an extension (defined here) of FairCVtest's error.
    """

    title = "merit lost by choosing the best {share:.0%}"
    needs = Graded
    low, high, fair, worse = 0, math.inf, None, "higher"
    undefined = "merit is not known of everybody"
    source = "extension, after Peña et al. 2020, arXiv:2004.07173 (the accuracy side of the trade-off)"
    order = 52

    share: float = 0.1

    @classmethod
    def asked(cls, sample: Graded) -> Iterator[Self]:
        """At every share."""
        yield from (cls(share=share) for share in SHARES)

    def measure(self, sample: Graded) -> float | None:
        """The loss."""
        if np.isnan(sample.merit).any():
            return None
        k = places(self.share, len(sample.score))
        return float((np.sort(sample.merit)[-k:].sum() - (chances(sample.score, k) * sample.merit).sum()) / k)
