"""Figures over cases drawn anew, left out, or with their sign turned: for what has no
formula, and as a check on what has one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from simrun.estimate.columns import Floats
from simrun.estimate.paired import LEVEL

LARGE = 2**13
"""With more clusters than this, draws are summed in single precision: far below
the error of drawing, and half the time."""
PORTION = 2**24
"""Weights or signs that are held at a time: 64 MB of them in single precision."""


def bootstrap_mean(values: ArrayLike, clusters: ArrayLike, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
    """The 2.5 and 97.5 percentiles of the mean when whole clusters are drawn
    with replacement: a check on the t interval.

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

    `sums` and `sizes` are (clusters, columns), of a column's values in a cluster. A cluster in which a
    column has no value (size 0) is drawn as any other and brings nothing; a draw of such clusters alone
    is left out. Every column needs a value.
    """
    above, below = np.asarray(sums, dtype=float), np.asarray(sizes, dtype=float)
    drawn = resampled(np.hstack([above, below]), draws, seed)
    with np.errstate(invalid="ignore"):
        means = drawn[:, : above.shape[1]] / drawn[:, above.shape[1] :]
    found: Floats = np.nanquantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return found


def resampled(columns: ArrayLike, draws: int = 2000, seed: int = 0) -> Floats:
    """Sums of columns (clusters, columns) over as many clusters as there are,
    drawn with replacement: (draws, columns)."""
    given, rng = np.asarray(columns, dtype=float), np.random.default_rng(seed)
    sums = np.empty((draws, given.shape[1]))
    for rows, drawn in _summed(given, draws, lambda count: _times(rng, count, len(given))):
        sums[rows] = drawn
    return sums


def _times(rng: np.random.Generator, draws: int, clusters: int) -> NDArray[np.int64]:
    """How often each cluster is drawn, (draws, clusters)."""
    if clusters <= LARGE:
        return rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=draws)
    # the same distribution at an eighth of the time, where it is the most of the whole
    return np.stack([np.bincount(rng.integers(clusters, size=clusters), minlength=clusters) for _ in range(draws)])


def sign_flip(values: ArrayLike, clusters: ArrayLike, draws: int = 4999, seed: int = 0) -> float | None:
    """Two-sided p of a mean of paired differences under no effect: the sign of a
    whole cluster is as likely as its opposite.

    Exact where 2**clusters is at most `draws` + 1, else drawn at random, with the observed one counted (so never 0).
    None without values. Source: Winkler et al. 2014, doi:10.1016/j.neuroimage.2014.01.060.
    """
    data = np.asarray(values, dtype=float)
    _, index = np.unique(np.asarray(clusters), return_inverse=True)
    sums, sizes = np.bincount(index, weights=data), np.bincount(index)
    return sign_flips(sums[:, None], sizes[:, None], draws, seed)[0]


def sign_flips(sums: ArrayLike, sizes: ArrayLike, draws: int = 4999, seed: int = 0) -> list[float | None]:
    """The same of several columns at once, which share the draws; `sums` and `sizes` are
    (clusters, columns), as in bootstrap_means."""
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
    rng, hits = np.random.default_rng(seed), np.zeros(sums.shape[1], dtype=int)
    # sums that are equal but for rounding count as equal; single precision keeps well within 1e-4 of their standard
    # deviation
    rounding = 1e-9 if len(sums) <= LARGE else 1e-4 * np.sqrt(np.square(sums).sum(axis=0))
    least = np.abs(sums.sum(axis=0)) - rounding
    for _, drawn in _summed(sums, draws, lambda count: _signs(rng, count, len(sums))):
        hits += (np.abs(drawn) >= least).sum(axis=0)
    return [float((each + 1) / (draws + 1)) for each in hits]


def _signs(rng: np.random.Generator, draws: int, clusters: int) -> NDArray[np.int8]:
    """1 or -1 for each cluster, (draws, clusters): the first of 32 random bits."""
    return 1 - 2 * (rng.integers(2**32, size=(draws, clusters), dtype=np.uint32) >> 31).astype(np.int8)


def _summed(columns: Floats, draws: int, weights: Callable[[int], NDArray[Any]]) -> Iterator[tuple[slice, Floats]]:
    """Weighted sums (draws, columns) of the clusters' `columns`, some draws at a time; `weights`
    draws the next so many, (count, clusters).

    The same as all at once, for what would not fit into memory. A portion is as large as makes the product quick, and
    is drawn a little at a time, so that no large array is made anew.
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
    """Matrix products on one core: where others are at work too, the threads of a product wait for
    each other many times as long as they compute (benchmarks/score.py), and the last digits of a
    sum that they share depend on how many they are.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # late: it looks through all loaded libraries

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def delete_a_group(
    measure: Callable[[NDArray[np.bool_]], float | None], cases: ArrayLike, value: float | None, parts: int = 40
) -> tuple[float | None, float | None]:
    """A 95 % interval for any smooth figure, by leaving out one part of the cases at a time.

    value +- t x sqrt((G - 1) / G x sum of (value without part g - their mean)^2), with G - 1 degrees of
    freedom; G parts, or as many as there are cases, drawn at random with a fixed seed. `measure` takes the rows
    that are kept, (n,); `cases` (n,). None where the figure is undefined without some part, does not vary, or
    there is one case. With one case a part it is the ordinary jackknife. Source: Kott 2001, The delete-a-group
    jackknife, Journal of Official Statistics 17(4), 521-526.
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
