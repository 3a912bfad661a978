"""Rank correlation with an interval that holds where values are tied."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from simrun.estimate.columns import Floats
from simrun.estimate.paired import LEVEL, Estimate

FEWEST = 4
"""Pairs below which there is no interval."""


def spearman(first: ArrayLike, second: ArrayLike, draws: int = 1000, seed: int = 0) -> Estimate:
    """Spearman's rho of two columns (n,), -1 to 1, whose rows are independent, with a 95 % interval.

    Ties get mean ranks; None where a column does not vary. The interval reaches as far as the wider of two: Fisher's
    z with the standard error sqrt((1 + rho² / 2) / (n - 3)) (Bonett and Wright 2000, doi:10.1007/BF02294183), and the
    percentiles over rows drawn anew. With most rows tied at 0 the former covers a true rho of .33 in 77 % of samples
    of 60 and the latter a true 0 in 56 %; where values are distinct they agree. None at rho of 1 or -1.
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    n = len(one)
    if n < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return Estimate(value=None, n=n, clusters=n)
    rho = float(stats.spearmanr(one, other).statistic)
    if abs(rho) > 1 - 1e-12:
        return Estimate(value=float(np.sign(rho)), n=n, clusters=n)
    if n < FEWEST:
        return Estimate(value=rho, n=n, clusters=n)
    low, high = _fisher(rho, n)
    ends = [low, high, *_drawn(one, other, draws, seed).tolist()]
    return Estimate(value=rho, low=min(ends), high=max(ends), n=n, clusters=n)


def _fisher(rho: float, n: int) -> tuple[float, float]:
    reach = float(stats.norm.ppf((1 + LEVEL) / 2)) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    return float(np.tanh(np.arctanh(rho) - reach)), float(np.tanh(np.arctanh(rho) + reach))


def _drawn(one: Floats, other: Floats, draws: int, seed: int) -> Floats:
    """The ends over rows drawn anew; draws in which a column does not vary are left out, and nothing where all are."""
    rows = np.random.default_rng(seed).integers(len(one), size=(draws, len(one)))
    ranks = [stats.rankdata(column[rows], axis=1) for column in (one, other)]
    apart = [each - each.mean(axis=1, keepdims=True) for each in ranks]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (apart[0] * apart[1]).sum(axis=1) / np.sqrt(np.prod([(each**2).sum(axis=1) for each in apart], axis=0))
    there = found[~np.isnan(found)]
    ends: Floats = np.quantile(there, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(there) else np.empty(0)
    return ends
