"""Rank after scoring."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.pool import Scores


class RankAfterScoring(Metric):
    """Mean rank of somebody as a member of the group, among the two versions of the same person.

    Rank 1 is the higher score, equal scores share 1.5; averaged over people and
    repeats. Asked of versions of the same people.
    """

    title = "rank as this one of two versions of the same (1 or 2)"
    needs = Scores
    low, high, fair, worse = 1, 2, 1.5, "higher"
    undefined = "nobody has a score as both"
    source = "Wang et al. 2024, arXiv:2406.15484 (JobFair, which ranks 0 or 1 and ties .5)"
    order = 40
    exchanged = True

    @classmethod
    def asked(cls, pool: Scores) -> Iterator[Self]:
        """Of versions of the same people."""
        if pool.versions:
            yield cls()

    def measure(self, pool: Scores) -> Floats:
        """The mean rank."""
        half = len(pool.value) // 2
        first = np.where(pool.member[..., :half], 1, -1)  # which of the two versions is of the group
        found: Floats = 1.5 - (first * np.sign(pool.value[:half] - pool.value[half:])).mean(axis=-1) / 2
        return found
