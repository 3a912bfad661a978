"""Estimates whose intervals respect that episodes of one case share its difficulty."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from simrun.agents.records import Record

Floats = NDArray[np.float64]
LEVEL = 0.95
LARGE = 2**13
"""With more clusters than this, draws are summed in single precision: far below the error of drawing, and half the time."""
PORTION = 2**24
"""Weights or signs that are held at a time: 64 MB of them in single precision."""


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

    Cluster-robust (CR1) standard error with a t quantile on clusters - 1 degrees of freedom; for clusters of one size it
    is the t interval of the cluster means (Liang and Zeger 1986, doi:10.1093/biomet/73.1.13). `low` and `high` bound
    what a value can be, and clip the interval. Where all clusters agree exactly the standard error is 0, which would
    claim certainty: there the interval reaches as far as a share of clusters that would all be missed with probability
    5 % (the exact form of the rule of three; Hanley and Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031), and is
    None for values without bounds. One cluster gives no interval.
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
    low, high = bootstrap_means(sums[:, None], sizes[:, None], draws, seed)[:, 0]
    return float(low), float(high)


def bootstrap_means(sums: ArrayLike, sizes: ArrayLike, draws: int = 2000, seed: int = 0) -> Floats:
    """The same of several columns at once, which share the draws: (2, columns), low and high.

    `sums` and `sizes` are (clusters, columns), of a column's values in a cluster. A cluster in which a column has no value (size 0)
    is drawn as any other and brings nothing; a draw of such clusters alone is left out. Every column needs a value.
    """
    above, below = np.asarray(sums, dtype=float), np.asarray(sizes, dtype=float)
    drawn = resampled(np.hstack([above, below]), draws, seed)
    with np.errstate(invalid="ignore"):
        means = drawn[:, : above.shape[1]] / drawn[:, above.shape[1] :]
    found: Floats = np.nanquantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return found


def resampled(columns: ArrayLike, draws: int = 2000, seed: int = 0) -> Floats:
    """Sums of columns (clusters, columns) over as many clusters as there are, drawn with replacement: (draws, columns)."""
    given, luck = np.asarray(columns, dtype=float), np.random.default_rng(seed)
    sums = np.empty((draws, given.shape[1]))
    for rows, drawn in _summed(given, draws, lambda count: _times(luck, count, len(given))):
        sums[rows] = drawn
    return sums


def _times(luck: np.random.Generator, draws: int, clusters: int) -> NDArray[np.int64]:
    """How often each cluster is drawn, (draws, clusters)."""
    if clusters <= LARGE:
        return luck.multinomial(clusters, np.full(clusters, 1 / clusters), size=draws)
    # the same distribution at an eighth of the time, where it is the most of the whole
    return np.stack([np.bincount(luck.integers(clusters, size=clusters), minlength=clusters) for _ in range(draws)])


def sign_flip(values: ArrayLike, clusters: ArrayLike, draws: int = 4999, seed: int = 0) -> float | None:
    """Two-sided p of a mean of paired differences under no effect: the sign of a whole cluster is as likely as its opposite.

    Exact where 2**clusters is at most `draws` + 1, else drawn at random, with the observed one counted (so never 0). None
    without values. Source: Winkler et al. 2014, doi:10.1016/j.neuroimage.2014.01.060.
    """
    data = np.asarray(values, dtype=float)
    _, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums, sizes = np.bincount(index, weights=data), np.bincount(index)
    return sign_flips(sums[:, None], sizes[:, None], draws, seed)[0]


def sign_flips(sums: ArrayLike, sizes: ArrayLike, draws: int = 4999, seed: int = 0) -> list[float | None]:
    """The same of several columns at once, which share the draws; `sums` and `sizes` are (clusters, columns), as in bootstrap_means."""
    above = np.asarray(sums, dtype=float)
    counts = np.count_nonzero(np.asarray(sizes), axis=0)
    exact = counts < (draws + 1).bit_length()  # 2**count <= draws + 1
    found: list[float | None] = [None] * len(counts)
    for column in np.flatnonzero(exact & (counts > 0)):
        found[column] = _every_sign(above[above[:, column] != 0, column])
    for column, p in zip(np.flatnonzero(~exact), _drawn_signs(above[:, ~exact], draws, seed), strict=True):
        found[column] = p
    return found


def _every_sign(sums: Floats) -> float:
    """Sums of 0 are left out: their sign doubles the patterns and changes none."""
    signs = 1 - 2 * ((np.arange(2 ** len(sums))[:, None] >> np.arange(len(sums))) & 1)
    return float(np.mean(np.abs(signs @ sums) >= abs(sums.sum()) - 1e-9))


def _drawn_signs(sums: Floats, draws: int, seed: int) -> list[float]:
    if not sums.shape[1]:
        return []
    luck, hits = np.random.default_rng(seed), np.zeros(sums.shape[1], dtype=int)
    # sums that are equal but for rounding count as equal; single precision keeps well within 1e-4 of their standard deviation
    rounding = 1e-9 if len(sums) <= LARGE else 1e-4 * np.sqrt(np.square(sums).sum(axis=0))
    least = np.abs(sums.sum(axis=0)) - rounding
    for _, drawn in _summed(sums, draws, lambda count: _signs(luck, count, len(sums))):
        hits += (np.abs(drawn) >= least).sum(axis=0)
    return [float((each + 1) / (draws + 1)) for each in hits]


def _signs(luck: np.random.Generator, draws: int, clusters: int) -> NDArray[np.int8]:
    """1 or -1 for each cluster, (draws, clusters): the first of 32 random bits."""
    return 1 - 2 * (luck.integers(2**32, size=(draws, clusters), dtype=np.uint32) >> 31).astype(np.int8)


def _summed(columns: Floats, draws: int, weights: Callable[[int], NDArray[Any]]) -> Iterator[tuple[slice, Floats]]:
    """Weighted sums (draws, columns) of the clusters' `columns`, some draws at a time; `weights` draws the next so many, (count, clusters).

    The same as all at once, for what would not fit into memory. A portion is as large as makes the product quick, and is drawn a little at
    a time, so that no large array is made anew.
    """
    clusters, columns = len(columns), columns.astype(np.float32) if len(columns) > LARGE else columns
    portion, little = (min(draws, max(1, entries // clusters)) for entries in (PORTION, PORTION // 32))
    buffer = np.empty((portion, clusters), dtype=columns.dtype)
    for first in range(0, draws, portion):
        rows = slice(first, min(first + portion, draws))
        count = rows.stop - first
        for start in range(0, count, little):
            stop = min(start + little, count)
            buffer[start:stop] = weights(stop - start)
        with _one_thread() if clusters > LARGE else nullcontext():
            drawn = buffer[:count] @ columns
        yield rows, drawn.astype(float)


def _one_thread() -> AbstractContextManager[Any]:
    """Matrix products on one core: where others are at work too, the threads of a product wait for each other many times as long as they
    compute (benchmarks/score.py), and the last digits of a sum that they share depend on how many they are.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # late: it looks through all loaded libraries

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


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

    `arm` and `reference` are (n,), one entry a planned pair, or (n, arms) where a side is the mean of several arms; `clusters` is (n,);
    values in [low, high]. The bounds reach from the lower end of the 95 % interval at the one extreme to the upper end at the
    other, so that they hold the true difference and not only what this sample would have shown (benchmarks/calibrate.py). None
    without pairs.
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


def delete_a_group(
    measure: Callable[[NDArray[np.bool_]], float | None], cases: ArrayLike, value: float | None, parts: int = 40
) -> tuple[float | None, float | None]:
    """A 95 % interval for any smooth figure, by leaving out one part of the cases at a time.

    value +- t x sqrt((G - 1) / G x sum of (value without part g - their mean)^2), with G - 1 degrees of freedom; G parts, or as
    many as there are cases, drawn by a fixed lot. `measure` takes the rows that are kept, (n,); `cases` (n,). None where the figure
    is undefined without some part, does not vary, or there is one case. With one case a part it is the ordinary jackknife.
    Source: Kott 2001, The delete-a-group jackknife, Journal of Official Statistics 17(4), 521-526.
    """
    names, place = np.unique(np.asarray(cases), return_inverse=True)
    groups = min(parts, len(names))
    if groups < 2 or value is None:
        return None, None
    part = (np.random.default_rng(0).permutation(len(names)) % groups)[place]
    found = np.array([measure(part != left) for left in range(groups)], dtype=float)
    if np.isnan(found).any():
        return None, None
    error = float(np.sqrt((groups - 1) / groups * ((found - found.mean()) ** 2).sum()))
    reach = float(stats.t.ppf(0.975, groups - 1)) * error
    return (value - reach, value + reach) if error > 1e-12 else (None, None)
