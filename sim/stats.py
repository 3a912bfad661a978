"""Estimates whose intervals respect that episodes of one case share its difficulty."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from simrun.agents.records import Record

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


def clustered_mean(values: ArrayLike, clusters: ArrayLike, low: float | None = None, high: float | None = None) -> Estimate:
    """Mean of `values` (n,) with an interval that treats `clusters` (n,) as the independent units.

    Cluster-robust (CR1) standard error with a t quantile on clusters - 1 degrees of freedom; for clusters of one size it
    is the t interval of the cluster means (Liang and Zeger 1986, doi:10.1093/biomet/73.1.13). `low` and `high` bound
    what a value can be, and clip the interval. Where all clusters agree exactly the standard error is 0, which would
    claim certainty: there the interval reaches as far as a share of clusters that would all be missed with probability
    5 % (the exact form of the rule of three; Hanley and Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031), and is
    None for values without bounds. One cluster gives no interval.
    """
    data: NDArray[np.float64] = np.asarray(values, dtype=float)
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
    return Estimate(value=mean, low=mean - share * (mean - low), high=mean + share * (high - mean), n=n, clusters=clusters, error=0.0)


def unseen(clusters: int) -> float:
    """The largest share of cases that could behave otherwise and still show in none of `clusters`, with probability 5 %."""
    return float(1 - (1 - LEVEL) ** (1 / clusters))


def detectable(estimate: Estimate) -> float | None:
    """The smallest true difference that a study with this standard error finds in 80 % of repetitions, at 5 % two-sided.

    (t_{.975} + t_{.80}) x standard error, on clusters - 1 degrees of freedom (Bloom 1995, doi:10.1177/0193841X9501900504).
    Where all clusters agreed, the reach of the interval; None without an interval.
    """
    if estimate.value is None or estimate.high is None or estimate.error is None:
        return None
    if estimate.error == 0:
        return max(estimate.high - estimate.value, estimate.value - (estimate.low or 0.0))
    freedom = estimate.clusters - 1
    return float((stats.t.ppf(0.975, freedom) + stats.t.ppf(0.8, freedom)) * estimate.error)


def bootstrap_mean(values: ArrayLike, clusters: ArrayLike, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
    """The 2.5 and 97.5 percentiles of the mean when whole clusters are drawn with replacement: a check on the t interval.

    With few clusters it is too narrow: benchmarks/calibrate.py measures by how much. Source: Field and Welsh 2007,
    doi:10.1111/j.1467-9868.2007.00593.x.
    """
    data = np.asarray(values, dtype=float)
    _, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums, sizes = np.bincount(index, weights=data), np.bincount(index)
    weights = np.random.default_rng(seed).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=draws)
    low, high = np.quantile((weights @ sums) / (weights @ sizes), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def sign_flip(values: ArrayLike, clusters: ArrayLike, draws: int = 4999, seed: int = 0) -> float | None:
    """Two-sided p of a mean of paired differences under no effect: the sign of a whole cluster is as likely as its opposite.

    Exact where 2**clusters is at most `draws` + 1, else drawn at random, with the observed one counted (so never 0). None
    without values. Source: Winkler et al. 2014, doi:10.1016/j.neuroimage.2014.01.060.
    """
    data = np.asarray(values, dtype=float)
    if not len(data):
        return None
    _, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(index, weights=data)
    if 2 ** len(sums) <= draws + 1:
        signs = 1 - 2 * ((np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1)
        extra = 0
    else:
        signs = np.random.default_rng(seed).choice(np.array([-1, 1]), size=(draws, len(sums)))
        extra = 1
    hits = np.abs(signs @ sums) >= abs(sums.sum()) - 1e-9
    return float((hits.sum() + extra) / (len(signs) + extra))


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p values of a family in which not one false alarm is to be raised: max over j <= i of (m - j) p_(j), at most 1.

    Source: Holm 1979, jstor 4615733. Here and not statsmodels', whose import would cost each report a second and a half.
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(np.asarray(p, dtype=float)[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1)
    return [float(value) for value in adjusted]


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p values that keep the share of false alarms among all alarms (doi:10.1111/j.2517-6161.1995.tb02031.x)."""
    return [float(value) for value in stats.false_discovery_control(p)] if len(p) else []


def largest_effect(estimate: Estimate) -> float | None:
    """The smallest margin within which the effect is shown to lie, at 5 %: two one-sided tests (Schuirmann 1987, doi:10.1007/BF01068419).

    The larger end, in absolute value, of the 90 % interval; where all clusters agreed, of the 95 % one. None without an interval.
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
    """Bounds on the mean paired difference when nothing is assumed of what is missing (NaN): Manski 1990, jstor 2006592.

    `arm`, `reference` and `clusters` are (n,), one entry a planned pair, values in [low, high]. The bounds reach from the
    lower end of the 95 % interval at the one extreme to the upper end at the other, so that they hold the true difference and
    not only what this sample would have shown (benchmarks/calibrate.py). None without pairs.
    """
    first, second = np.asarray(arm, dtype=float), np.asarray(reference, dtype=float)
    if not len(first):
        return None
    least = np.where(np.isnan(first), low, first) - np.where(np.isnan(second), high, second)
    most = np.where(np.isnan(first), high, first) - np.where(np.isnan(second), low, second)
    span = high - low
    return Bounds(low=clustered_mean(least, clusters, -span, span).low, high=clustered_mean(most, clusters, -span, span).high)
