"""Merit loss."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.ranking import chances, places
from simrun.score.metric import Metric
from simrun.score.metrics.top_k_share import SHARES
from simrun.score.pool import Scores


class MeritLoss(Metric):
    """Mean merit that is lost by choosing the best by their scores rather than the best by merit.

    mean(Y of the k best by merit) - mean(Y of the k highest scores), ties as in top_k_share. In the unit of merit: the
    price of a score, or of making it fair. As a mean of those chosen an extension (defined here) of FairCVtest's error.
    """

    title = "merit lost by choosing the best {share:.0%}"
    needs = Scores
    low, high, fair, worse = 0, math.inf, None, "higher"
    undefined = "merit is not known of everybody"
    source = "extension, after Peña et al. 2020, arXiv:2004.07173 (the accuracy side of the trade-off)"
    order = 52

    share: float = 0.1

    @classmethod
    def asked(cls, pool: Scores) -> Iterator[Self]:
        """At every share."""
        yield from (cls(share=share) for share in SHARES)

    def measure(self, pool: Scores) -> float | None:
        """The loss."""
        if np.isnan(pool.merit).any():
            return None
        k = places(self.share, len(pool.value))
        return float((np.sort(pool.merit)[-k:].sum() - (chances(pool.value, k) * pool.merit).sum()) / k)
