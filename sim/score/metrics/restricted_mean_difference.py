"""Difference of restricted means of turns."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.estimate.paired import Estimate
from simrun.estimate.survival import draw, interval, restricted_mean, survival, turns


def restricted_mean_difference(
    arm: tuple[ArrayLike, ArrayLike],
    reference: tuple[ArrayLike, ArrayLike],
    cases: tuple[ArrayLike, ArrayLike],
    horizon: int,
    draws: int = 2000,
    seed: int = 0,
) -> Estimate:
    """How many turns later, or earlier, the event comes in the arm than in the reference, on the same cases.

    restricted_mean_turns of the arm - of the reference, with their `horizon`. `arm` and `reference` are (events, observed), `cases` those
    of the arm's and of the reference's rows, as there. -(horizon - 1) to horizon - 1; 0 is fair, below 0 it comes earlier in the arm. Both
    sides are drawn with the same cases, so what a case does to both cancels. None where either mean is undefined. Rows of cases that only
    one side has are kept; leave them out for pairs alone.
    Source: Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452; Royston and Parmar 2013, doi:10.1186/1471-2288-13-152.
    """
    columns = [arrays.labels("cases", column) for column in cases]
    every, codes = np.unique(np.concatenate(columns), return_inverse=True)
    split = (codes[: len(columns[0])], codes[len(columns[0]) :])
    sides = [turns(*side, code, horizon) for side, code in zip((arm, reference), split, strict=True)]
    means = [float(restricted_mean(survival(side.events.sum(axis=0), side.risk.sum(axis=0)))) for side in sides]
    value, n = arrays.finite(means[0] - means[1]), len(codes)
    if value is None:
        return Estimate(value=None, n=n, clusters=len(every))
    one, other = draw(sides, draws, seed)
    low, high = interval(value, one - other, len(every), 1 - horizon, horizon - 1)
    return Estimate(value=value, low=low, high=high, n=n, clusters=len(every))
