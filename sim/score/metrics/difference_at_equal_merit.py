"""Difference at equal merit."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.columns import Floats, ratio
from simrun.score.metric import Metric
from simrun.score.pool import Decisions, Pool, total


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
    exchanged = True

    @classmethod
    def asked(cls, pool: Pool) -> Iterator[Self]:
        """Of different people."""
        if not pool.versions:
            yield cls()

    def measure(self, pool: Pool) -> Floats:
        """The coefficient; not a number where merit does not vary, or membership is a line in it."""
        left, spread = _left(pool)
        found: Floats = np.where(spread > 1e-9 * len(pool.merit), ratio(total(left, pool.value), spread), np.nan)
        return found

    def departure(self, pool: Pool, value: Floats) -> Floats:
        """The coefficient by its error: exchanged labels go with merit less than the true ones may, which alone would
        make theirs smaller (Freedman and Lane 1983, doi:10.1080/07350015.1983.10509354)."""
        found: Floats = np.abs(value) * np.sqrt(_left(pool)[1])
        return found

    def told(self, pool: Pool) -> str:
        """What it is a difference of."""
        return f"{'selection rate' if isinstance(pool, Decisions) else 'score'}, difference at equal merit"


def _left(pool: Pool) -> tuple[Floats, Floats]:
    """What a straight line in merit leaves of membership, (..., n), and its sum of squares."""
    member, merit = pool.member.astype(float), pool.merit - pool.merit.mean()
    spread = float(merit @ merit)
    if not spread > 1e-12:  # also where some merit is not known
        return np.zeros_like(member), np.zeros(member.shape[:-1])
    left = member - member.mean(axis=-1, keepdims=True) - total(member, merit)[..., None] * merit / spread
    return left, np.square(left).sum(axis=-1)
