"""Whether the first of three plays of the same cases is another than the other two: exact, whatever the law of a play.

Three plays by one and the same are alike in law, so that in each case any of them could as well be the first. The plays
of a case change places together, as they share its luck.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simrun.estimate.columns import Floats
from simrun.estimate.relabelling import DRAWS, ROUNDING, exchanges, reached

PLAYS = 3
PAIRS = ((0, 1), (0, 2), (1, 2))
"""The order of the three agreements of three plays."""
Labels = NDArray[np.int16]


def odd(agreement: ArrayLike) -> Floats:
    """How much more often the two others agree with each other than with this play: (cases, 3) of pairs, in the order
    of PAIRS, to (cases, 3) of plays. -1 to 1; 0 where it is one of them, 1 where only they agree."""
    one, other, others = np.asarray(agreement, dtype=float).T
    found: Floats = np.stack(
        [others - (one + other) / 2, other - (one + others) / 2, one - (other + others) / 2], axis=1
    )
    return found


def apart(values: ArrayLike) -> Floats:
    """By how much the value of a play is above the mean of the two others: (cases, 3) to (cases, 3)."""
    data = np.asarray(values, dtype=float)
    found: Floats = 1.5 * (data - data.mean(axis=1, keepdims=True))
    return found


@lru_cache(4)  # the same are asked for by every run of a simulation
def labels(cases: int, draws: int = DRAWS, seed: int = 0) -> Labels:
    """Which play stands in the place of the first, (exchanges, cases): the first row as it is, then all, or drawn."""
    found: Labels = exchanges(np.ones((cases, PLAYS)), draws, seed)[:, :, 0]
    found.setflags(write=False)
    return found


def first(figures: ArrayLike, sided: ArrayLike, moved: Labels) -> tuple[Floats, Floats]:
    """p of several figures of the first play, and p adjusted over all of them: (figures,) each.

    `figures` (figures, cases, 3) has each play's own value, whose mean over the three is 0; it is summed over cases for
    the one that stands first in `moved` (exchanges, cases). `sided` (figures,) says which are far only when large, the
    others also when small. Exact at any level: were all plays alike, the row as it is would be one of equally likely
    ones (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585). Adjusted by the largest of the figures, each in its
    standard deviations over exchanges (max-T in a single step; Westfall and Young 1993).
    """
    data, one = np.asarray(figures, dtype=float), np.asarray(sided, dtype=bool)
    places = np.arange(data.shape[1])
    deviations = np.sqrt(np.square(data).sum(axis=(1, 2)) / PLAYS)
    sums = np.stack([own[places, moved].sum(axis=1) for own in data], axis=1) / np.where(deviations > 0, deviations, 1)
    far = np.where(one, sums, np.abs(sums))
    largest = far.max(axis=1)
    adjusted: Floats = (largest[:, None] >= far[0] - ROUNDING).mean(axis=0)
    return reached(far)[0], adjusted
