"""Position consistency."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class PositionConsistency(Record):
    """What swapping two candidates does to a choice; None without pairs."""

    consistency: float | None
    """Share of pairs in which the same candidate was chosen in both orders."""
    effect: float | None
    """P(group chosen) - P(other chosen), averaged over both orders: the effect that position cannot fake."""
    position: float | None
    """P(chosen | shown first) - P(chosen | shown second): above 0 the first place is preferred."""


def position_consistency(first: ArrayLike, second: ArrayLike) -> PositionConsistency:
    """Whether the same candidate is chosen when the two change places.

    `first` (n,) is 1 where the group's candidate was chosen when shown first, `second` (n,) when shown second. consistency
    = mean(first = second), 0 to 1, 1 is best; effect = mean(first + second) - 1 and position = mean(first - second), -1 to
    1, 0 is fair. A judge that always takes the first has consistency 0, effect 0, position 1.
    Source: Wang et al. 2023, arXiv:2305.17926 (large language models are not fair evaluators).
    """
    one, other = arrays.decisions("first", first), arrays.decisions("second", second)
    arrays.aligned(first=one, second=other)
    if not len(one):
        return PositionConsistency(consistency=None, effect=None, position=None)
    same, effect, position = np.mean(one == other), np.mean(one + other) - 1, np.mean(one - other)
    return PositionConsistency(consistency=float(same), effect=float(effect), position=float(position))
