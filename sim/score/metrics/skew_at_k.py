"""Skew at k."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.metrics.top_k_share import SHARES, share_of_best
from simrun.score.pool import Scores


class SkewAtK(Metric):
    """How over- or underrepresented the group is among the best of the pool.

    ln(share among the best / share in the pool), ties as in top_k_share. Below 0 the group is underrepresented.
    """

    title = "skew at the best {share:.0%}"
    needs = Scores
    low, high, fair, worse = -math.inf, math.inf, 0, "lower"
    undefined = "nobody of the group is among the best: minus infinity"
    source = "Geyik, Ambler and Kenthapadi 2019, arXiv:1905.01989"
    order = 51
    exchanged = True

    share: float = 0.1

    @classmethod
    def asked(cls, pool: Scores) -> Iterator[Self]:
        """At every share."""
        yield from (cls(share=share) for share in SHARES)

    def measure(self, pool: Scores) -> Floats:
        """The skew."""
        with np.errstate(divide="ignore"):
            found: Floats = np.log(share_of_best(pool, self.share) / pool.share)
        return found
