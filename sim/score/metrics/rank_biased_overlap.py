"""Rank-biased overlap."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Self

import numpy as np

from simrun.estimate.ranking import untied
from simrun.score.metric import Metric
from simrun.score.pool import Scores


class RankBiasedOverlap(Metric):
    """How alike the rankings of the same people as both groups are, the first places weighing most.

    (1 - p) sum_d p^(d-1) A_d, A_d the share of people that the first d places have in common; beyond the last
    place k the agreement A_k is taken to hold, which adds p^k A_k and lets equal rankings reach 1 (the
    extrapolated form). People stand by their mean score; ties are broken at random, in the same way in both
    rankings. Asked of versions of the same people.
    """

    title = "rank-biased overlap of both rankings of people"
    needs = Scores
    low, high, fair, worse = 0, 1, 1, "lower"
    undefined = "there are fewer than two people to rank"
    source = "Webber, Moffat and Zobel 2010, doi:10.1145/1852102.1852106"
    interval = ""
    order = 41

    p: float = 0.9
    """0 to 1; larger looks deeper."""

    @classmethod
    def asked(cls, pool: Scores) -> Iterator[Self]:
        """Of versions of the same people."""
        if pool.versions:
            yield cls()

    def measure(self, pool: Scores) -> float | None:
        """The overlap."""
        cases, place = np.unique(pool.case, return_inverse=True)
        means = (
            np.bincount(place[side], pool.value[side]) / np.bincount(place[side])
            for side in (pool.member, ~pool.member)
        )
        one, other = (np.argsort(-untied(mean)) for mean in means)
        return overlap(one.tolist(), other.tolist(), self.p) if len(cases) > 1 else None


def overlap(first: Sequence[Hashable], second: Sequence[Hashable], p: float) -> float:
    """Of two rankings of the same number of items, best first.

    ValueError for unequal lengths, repeated or no items, or p.
    """
    if not 0 < p < 1:
        raise ValueError(f"p must be between 0 and 1, got {p}")
    if not first or len(first) != len(second) or len(set(first)) < len(first) or len(set(second)) < len(second):
        raise ValueError(
            f"rankings must be of one length above 0 and repeat no item, got {len(first)} and {len(second)} items; "
            "cut both to one depth"
        )
    one, other = set[Hashable](), set[Hashable]()
    agreed, common = [], 0
    for depth, (left, right) in enumerate(zip(first, second, strict=True), 1):
        one.add(left)
        other.add(right)
        common += (left in other) + (right in one) - (left == right)
        agreed.append(common / depth)
    return float((1 - p) * sum(p**place * share for place, share in enumerate(agreed)) + p ** len(agreed) * agreed[-1])
