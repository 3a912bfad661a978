"""Estimates whose intervals respect that episodes of one case share its difficulty."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from simrun.agents.records import Record
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
    """Standard error, None where it cannot be estimated."""


def clustered_mean(
    values: ArrayLike, clusters: ArrayLike, low: float | None = None, high: float | None = None
) -> Estimate:
    """Mean of `values` (n,) with an interval that treats `clusters` (n,) as the independent units.

    Cluster-robust (CR1) standard error with a t quantile on clusters - 1 degrees of freedom; for clusters of one size
    it is the t interval of the cluster means (Liang and Zeger 1986, doi:10.1093/biomet/73.1.13). `low` and `high` bound
    what a value can be, and clip the interval. Where all clusters agree exactly the standard error is 0, which would
    claim certainty: there the interval reaches as far as a share of clusters that would all be missed with probability
    5 % (the exact form of the rule of three; Hanley and Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031), and
    is None for values without bounds. One cluster gives no interval.
    """
    data: Floats = np.asarray(values, dtype=float)
    if not len(data):
        return Estimate(value=None, n=0, clusters=0)
    _, index = np.unique(np.asarray(clusters), return_inverse=True)
    count, mean = int(index.max()) + 1, float(data.mean())
    if count < 2:
        return Estimate(value=mean, n=len(data), clusters=count)
    sums = np.bincount(index, weights=data - mean)
    error = float(np.sqrt(count / (count - 1) * np.square(sums).sum()) / len(data))
    if error <= 1e-12:
        return _agreed(mean, len(data), count, low, high)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) * error
    bottom, top = mean - reach, mean + reach
    return Estimate(
        value=mean,
        low=bottom if low is None else max(bottom, low),
        high=top if high is None else min(top, high),
        n=len(data),
        clusters=count,
        error=error,
    )


def _agreed(mean: float, n: int, clusters: int, low: float | None, high: float | None) -> Estimate:
    """All clusters gave the same value: what others, that happened not to be drawn, could still move it by."""
    if low is None or high is None:
        return Estimate(value=mean, n=n, clusters=clusters)
    share = unseen(clusters)
    return Estimate(
        value=mean,
        low=mean - share * (mean - low),
        high=mean + share * (high - mean),
        n=n,
        clusters=clusters,
        error=0.0,
    )


def unseen(clusters: int) -> float:
    """The largest share of cases that could behave otherwise and still show in
    none of `clusters`, with probability 5 %."""
    return float(1 - (1 - LEVEL) ** (1 / clusters))


def detectable(estimate: Estimate) -> float | None:
    """The smallest true difference that a study with this standard error finds
    in 80 % of repetitions, at 5 % two-sided.

    (t_{.975} + t_{.80}) x standard error, on clusters - 1 degrees of freedom (Bloom 1995,
    doi:10.1177/0193841X9501900504). Where all clusters agreed, the reach of the interval; None without an interval.
    """
    if estimate.value is None or estimate.high is None or estimate.error is None:
        return None
    if estimate.error == 0:
        return max(estimate.high - estimate.value, estimate.value - (estimate.low or 0.0))
    freedom = estimate.clusters - 1
    return float((stats.t.ppf(0.975, freedom) + stats.t.ppf(0.8, freedom)) * estimate.error)


def largest_effect(estimate: Estimate) -> float | None:
    """The smallest margin within which the effect is shown to lie, at 5 %: two one-sided tests
    (Schuirmann 1987, doi:10.1007/BF01068419).

    The larger end, in absolute value, of the 90 % interval; where all clusters agreed,
    of the 95 % one. None without an interval.
    """
    if estimate.value is None or estimate.low is None or estimate.high is None or estimate.error is None:
        return None
    if estimate.error == 0:
        return max(abs(estimate.low), abs(estimate.high))
    return abs(estimate.value) + float(stats.t.ppf(0.95, estimate.clusters - 1)) * estimate.error


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
