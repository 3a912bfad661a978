"""Difference at equal merit."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.score.metric import Metric
from simrun.score.pool import Decisions, Pool


class DifferenceAtEqualMerit(Metric):
    """The difference between a group and the reference group that is left when a straight line in merit is taken out.

    The coefficient of membership in least squares of the value on membership, merit and 1. In the unit of the values.
    Asked where groups are of different people: versions of the same ones are equal in merit. Extension (defined here).
    """

    needs = Pool
    low, high, fair, worse = -math.inf, math.inf, 0, "lower"
    undefined = "merit is not known of everybody, or tells the groups apart by itself"
    source = "extension, after Blinder 1973, doi:10.2307/144855 (differences beyond endowments)"
    order = 15

    @classmethod
    def asked(cls, pool: Pool) -> Iterator[Self]:
        """Of different people."""
        if not pool.versions:
            yield cls()

    def measure(self, pool: Pool) -> float | None:
        """The coefficient."""
        if np.isnan(pool.merit).any():
            return None
        terms = np.column_stack([pool.member, pool.merit, np.ones(len(pool.merit))])
        found, _, rank, _ = np.linalg.lstsq(terms, pool.value, rcond=None)
        return float(found[0]) if rank == 3 else None

    def told(self, pool: Pool) -> str:
        """What it is a difference of."""
        return f"{'selection rate' if isinstance(pool, Decisions) else 'score'}, difference at equal merit"
