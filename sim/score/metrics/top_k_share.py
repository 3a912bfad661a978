"""Top-k share."""

from collections.abc import Iterator
from typing import Self

from simrun.estimate.columns import Floats
from simrun.estimate.ranking import chances, places
from simrun.score.metric import Metric
from simrun.score.pool import Scores, total

SHARES = (0.1, 0.25)
"""Which shares of a pool are chosen."""


class TopKShare(Metric):
    """Share of the group among the best of the pool.

    count_a(top k) / k, k the share of the pool that is chosen, at least one; ties at the border count by expectation:
    each is among the chosen as likely as any other of the same score. Fair at the group's share in the pool.
    """

    title = "share of the best {share:.0%}"
    needs = Scores
    low, high, fair, worse = 0, 1, None, "lower"
    undefined = "one of the two groups has no score"
    source = "Peña et al. 2020, arXiv:2004.07173 (FairCVtest)"
    order = 50
    exchanged = True

    share: float = 0.1

    @classmethod
    def asked(cls, pool: Scores) -> Iterator[Self]:
        """At every share."""
        yield from (cls(share=share) for share in SHARES)

    def measure(self, pool: Scores) -> Floats:
        """The share."""
        return share_of_best(pool, self.share)

    def parity(self, pool: Scores) -> float:
        """The group's share in the pool."""
        return pool.share


def share_of_best(pool: Scores, share: float) -> Floats:
    """Of the group among the best of the pool."""
    k = places(share, len(pool.value))
    return total(pool.member, chances(pool.value, k)) / k
