"""Estimates whose intervals respect that episodes of one case share its difficulty."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from simrun.agents.records import Record
from simrun.estimate.bounded import case_means, dirichlet_bounds
from simrun.estimate.columns import Floats

LEVEL = 0.95


class Estimate(Record):
    """A mean with its 95 % interval; low and high are None where the data cannot give one."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    clusters: int
    error: float | None = None
    """Standard error of the mean over cases, None where it cannot be estimated."""
    approximate: bool = False
    """Whether the interval is one of a value without bounds, which no method covers whatever its law."""


def clustered_mean(
    values: ArrayLike, clusters: ArrayLike, low: float | None = None, high: float | None = None
) -> Estimate:
    """Mean over cases of each case's mean: `values` (n,) of `clusters` (n,), each case counting once.

    `low` and `high` bound what a value can be. With both, the interval is the Dirichlet bound (`bounded`), .025 at
    each end, which holds where few cases differ and all one way, and where none does; without, it is Hall's, marked
    approximate, and None where all cases agree or there is but one. ValueError for a value beyond its bounds.
    """
    data: Floats = np.asarray(values, dtype=float)
    if not len(data):
        return Estimate(value=None, n=0, clusters=0)
    means = case_means(data, clusters)
    count = len(means)
    bottom, top = interval(means, low, high)
    return Estimate(
        value=float(means.mean()),
        low=bottom,
        high=top,
        n=len(data),
        clusters=count,
        error=float(means.std(ddof=1) / np.sqrt(count)) if count > 1 else None,
        approximate=low is None or high is None,
    )


def interval(
    means: ArrayLike, low: float | None, high: float | None, level: float = LEVEL
) -> tuple[float | None, float | None]:
    """Ends of an interval of the mean of case means (cases,): Dirichlet's with both bounds, else Hall's.

    ValueError for a mean beyond its bounds.
    """
    data, tail = np.asarray(means, dtype=float), (1 - level) / 2
    if low is None or high is None:
        bottom, top = hall(data, tail)
        return (
            bottom if bottom is None or low is None else max(bottom, low),
            top if top is None or high is None else min(top, high),
        )
    if not (data >= low - 1e-9).all() or not (data <= high + 1e-9).all():
        raise ValueError(f"values from {data.min():g} to {data.max():g} where {low:g} to {high:g} was declared")
    return dirichlet_bounds(np.clip(data, low, high), low, high, tail)


def hall(means: ArrayLike, tail: float = 0.025) -> tuple[float | None, float | None]:
    """Ends of a t interval corrected for skewness, of a mean of values (n,) without bounds; None where none varies.

    With g the skewness, a = g / (3 sqrt n) and q a t quantile on n - 1 degrees of freedom, t' solves the cubic
    t' + a t'^2 + a^2 t'^3 / 3 + g / (6 sqrt n) = q, and the end is mean - t' s / sqrt n. Approximate: coverage of a
    lognormal law (s = 1) is .90 to .94 at 12 to 60 cases, and far less where rare values are far off
    (docs/calibration.md). Source: Hall 1992, Journal of the Royal Statistical Society B 54(1), 221-228; that no method
    covers all laws: Bahadur and Savage 1956, doi:10.1214/aoms/1177728077.
    """
    data = np.asarray(means, dtype=float)
    count = len(data)
    spread = float(data.std(ddof=1)) if count > 1 else 0.0
    if spread <= 1e-12:
        return None, None
    skew = float(np.mean(((data - data.mean()) / data.std()) ** 3))
    quantile = float(stats.t.ppf(1 - tail, count - 1))

    def end(q: float) -> float:
        y, a = q - skew / (6 * np.sqrt(count)), skew / (3 * np.sqrt(count))
        turned = y if abs(skew) < 1e-8 else float((np.cbrt(1 + 3 * a * y) - 1) / a)
        return float(data.mean() - turned * spread / np.sqrt(count))

    return end(quantile), end(-quantile)


def margin(means: ArrayLike, low: float | None, high: float | None) -> float | None:
    """The smallest margin within which a mean is shown to lie, at 5 %: (cases,) -> a number of their unit.

    The larger end, in absolute value, of the 90 % interval: two one-sided tests (Schuirmann 1987,
    doi:10.1007/BF01068419). None without an interval.
    """
    bottom, top = interval(means, low, high, 2 * LEVEL - 1) if len(np.asarray(means)) else (None, None)
    return None if bottom is None or top is None else max(-bottom, top)


def reach_towards_0(means: ArrayLike, largest: float | None, effect: float) -> float:
    """From a mean to the end of its 95 % interval towards 0, were case means (cases,) moved to a mean of `effect` > 0.

    In their unit; within `largest` either side of 0; data whose mean is below 0 are turned over. The imagined case of a
    Dirichlet bound stands at the far extreme, so the reach grows with the effect. 0 where there is no interval.
    """
    data = np.asarray(means, dtype=float)
    moved = (data if data.mean() >= 0 else -data) - abs(data.mean()) + effect
    bounds = (None, None) if largest is None else (-largest, largest)
    moved = moved if largest is None else np.clip(moved, *bounds)
    bottom, _ = interval(moved, *bounds)
    return 0.0 if bottom is None else float(moved.mean()) - bottom


def t_interval(value: float, error: float, clusters: int, low: float, high: float) -> tuple[float, float]:
    """Ends of a t interval on clusters - 1 degrees of freedom, cut to what the value can be; where all clusters agree
    (an error of 0), what others that were not seen could still move it by."""
    if error <= 1e-12:
        missed = unseen(clusters)
        return value - missed * (value - low), value + missed * (high - value)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, clusters - 1)) * error
    return max(value - reach, low), min(value + reach, high)


def unseen(clusters: int) -> float:
    """The largest share of cases that could behave otherwise and still show in none of `clusters`, at 5 %.

    The exact form of the rule of three (Hanley and Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031).
    """
    return float(1 - (1 - LEVEL) ** (1 / clusters))


class Bounds(Record):
    """How far missing values could move a paired difference, sampling error included."""

    low: float | None
    """Lower end of the interval if every missing value of the arm were the least and of the reference the greatest."""
    high: float | None


def worst_case(arm: ArrayLike, reference: ArrayLike, clusters: ArrayLike, low: float, high: float) -> Bounds | None:
    """Bounds on the mean paired difference when nothing is assumed of what is
    missing (NaN): Manski 1990, jstor 2006592.

    `arm` and `reference` are (n,), one entry a planned pair, or (n, arms) where a side is the mean of several arms;
    `clusters` is (n,); values in [low, high]. The bounds reach from the lower end of the 95 % interval at the one
    extreme to the upper end at the other, so that they hold the true difference and not only what this sample would
    have shown (benchmarks/calibrate.py). None without pairs.
    """
    first, second = np.asarray(arm, dtype=float), np.asarray(reference, dtype=float)
    if not len(first):
        return None
    least, most = _filled(first, low) - _filled(second, high), _filled(first, high) - _filled(second, low)
    span = high - low
    return Bounds(
        low=clustered_mean(least, clusters, -span, span).low, high=clustered_mean(most, clusters, -span, span).high
    )


def _filled(values: Floats, missing: float) -> Floats:
    filled: Floats = np.where(np.isnan(values), missing, values).reshape(len(values), -1).mean(axis=1)
    return filled
