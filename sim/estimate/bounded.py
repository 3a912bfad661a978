"""Intervals of a mean whose values have bounds, which hold where few cases differ and all in one direction."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, stats

from simrun.estimate.columns import Floats

STEP = 0.05
"""Of the trapezoid rule over s = ln t: its error is below 1e-7."""
START = -9.0
"""Below it the integrand is its first term to within 1e-11, and its integral is known."""
GRID = 512
"""So many distinct values are told apart; of more, each is shared between its neighbours on a grid of as many steps."""


def case_means(values: ArrayLike, cases: ArrayLike) -> Floats:
    """The mean of each case's values: (n,) and (n,) -> (cases,), each case counting once however many it has."""
    _, index = np.unique(np.asarray(cases), return_inverse=True)
    means: Floats = np.bincount(index, np.asarray(values, dtype=float)) / np.bincount(index)
    return means


def dirichlet_bounds(means: ArrayLike, low: float, high: float, tail: float = 0.025) -> tuple[float, float]:
    """A lower and an upper bound of a mean, each passed with probability `tail`.

    `means` (n,), one a case, in [low, high]. One case is added at the bad extreme and the n + 1 cases are weighed by
    Dirichlet(1, ..., 1); the bounds are the `tail` and 1 - `tail` quantiles of what comes out. For two values they are
    those of Clopper and Pearson, and for no deviation at all the reach is 1 - tail**(1/n) of the range. For other laws
    validity is a conjecture for which no failing cell was found (docs/calibration.md). Source: Gaffke 2005,
    Mathematical Methods of Statistics 14(4), 451; Learned-Miller and Thomas 2019, arXiv:1905.06208.
    """
    data = np.asarray(means, dtype=float)
    top = _quantile(np.append(data, high), 1 - tail, low, high)
    bottom = _quantile(np.append(data, low), tail, low, high)
    return bottom, top


def share_below(means: ArrayLike, extreme: float, point: float, each: float = 1.0) -> float:
    """The probability that the weighted mean of `means` (n,) and one case at `extreme` is at most `point`.

    Each of `means` stands for so many cases, which need not be whole. With the least value as extreme, at `point` 0 and
    no more than .025: exactly when the lower bound is at least 0.
    """
    values, counts = np.unique(np.asarray(means, dtype=float), return_counts=True)
    return _below(np.append(values, extreme), np.append(counts * each, 1.0), point)


def _quantile(data: Floats, level: float, low: float, high: float) -> float:
    values, times = np.unique(data, return_counts=True)
    counts: Floats = times.astype(float)
    if len(values) > GRID:
        values, counts = _shared(data, low, high)
    if len(values) == 1:
        return float(values[0])
    if len(values) == 2:
        share = float(stats.beta.ppf(level, counts[1], counts[0]))
        return float(values[0] + (values[1] - values[0]) * share)
    least, most = float(values[0]), float(values[-1])
    return float(
        optimize.brentq(lambda m: _below(values, counts, m) - level, least, most, xtol=1e-8 * (high - low), rtol=1e-12)
    )


def _shared(data: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Values on a grid and how much of the data each has: the mean stays, the spread grows by less than a step's."""
    place = np.clip((data - low) / (high - low) * GRID, 0, GRID)
    below = np.minimum(place.astype(int), GRID - 1)
    over = place - below
    counts: Floats = np.bincount(below, 1 - over, GRID + 1) + np.bincount(below + 1, over, GRID + 1).astype(float)
    there = counts > 0
    return np.linspace(low, high, GRID + 1)[there], counts[there]


def _below(values: Floats, counts: ArrayLike, point: float) -> float:
    """P(sum w_j values_j <= point) under Dirichlet weights, by inverting a characteristic function.

    The weighted mean is at most m where sum_j g_j (x_j - m) <= 0 with g_j independent gammas of shape counts_j, whose
    characteristic function is prod (1 - i t u_j)^-counts_j (Gil-Pelaez 1951, doi:10.1093/biomet/38.3-4.481).
    """
    k, u = np.asarray(counts, dtype=float), values - point
    if (u <= 0).all():
        return 1.0
    if (u >= 0).all():
        return 0.0
    there = u != 0
    k, u = k[there], u[there] / np.sqrt(float(k @ np.square(u)))
    # the exponent falls at least as fast as that of one value of each sign
    end = 8.0 if len(k) > 8 or k.sum() > 40 else 40.0 - float(np.log(np.abs(u).min()))
    s = np.arange(START, end, STEP)
    t = np.exp(s)[:, None] * u
    size = -0.5 * (np.log1p(np.square(t)) @ k)
    kept = size > -36
    inside = np.exp(size[kept]) * np.sin(np.arctan(t[kept]) @ k)
    first = float(np.exp(START) * (k @ u))  # what lies before START, where the integrand is t k'u
    integral = STEP * (float(inside.sum()) - 0.5 * float(inside[0])) + first
    return float(np.clip(0.5 - integral / np.pi, 0.0, 1.0))
