"""Partial pooling: many estimates at once, each drawn towards what all have in common as far as it is uncertain."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from simrun.agents.records import Record
from simrun.estimate.columns import Floats
from simrun.estimate.paired import LEVEL

STEPS = 200
"""Spreads between the true values at which the model is solved."""
TAIL = (1 - LEVEL) / 2


class Pooled(Record):
    """Each estimate as its own error and all others deserve."""

    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    spread: float
    """Standard deviation of the true values about what they are drawn towards, its posterior mean."""


def pooled(estimates: ArrayLike, covariance: ArrayLike, towards: ArrayLike | None = None) -> Pooled:
    """Posterior means and 95 % intervals of true values of which there are estimates (m,) with a covariance (m, m).

    true ~ N(X b, t^2), estimate ~ N(true, covariance), b and t with flat priors: X is `towards` (m, p), a column of
    ones where it is None, so that all are drawn to one mean. The spread t is integrated over, so the intervals know
    that it is not known (Gelman 2006, doi:10.1214/06-BA117A). On average over the values 95 % of the intervals hold
    theirs; of a single one that is truly apart from all others they hold fewer, since it is drawn towards them. Rubin
    1981, doi:10.3102/10769986006004377. ValueError for fewer than three estimates, or than p + 2.
    """
    found, noise = np.asarray(estimates, dtype=float), np.asarray(covariance, dtype=float)
    means = np.ones((len(found), 1)) if towards is None else np.asarray(towards, dtype=float)
    if len(found) < max(3, means.shape[1] + 2):
        raise ValueError(f"pooling takes {max(3, means.shape[1] + 2)} estimates or more, got {len(found)}")
    widest = 4 * float(np.sqrt(found.var(ddof=1) + np.median(np.diag(noise))))
    spreads = np.linspace(0.0, widest, STEPS + 1)
    solved = [_at(found, noise, means, spread) for spread in spreads]
    weights = special.softmax([each[0] for each in solved])
    centres, errors = np.array([each[1] for each in solved]), np.array([each[2] for each in solved])
    low, high = (_quantile(weights, centres, errors, level) for level in (TAIL, 1 - TAIL))
    return Pooled(
        values=tuple((weights @ centres).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        spread=float(weights @ spreads),
    )


def _at(found: Floats, noise: Floats, means: Floats, spread: float) -> tuple[float, Floats, Floats]:
    """At one spread: its log density, and the true values' means and standard deviations."""
    whole = noise + spread**2 * np.eye(len(found))
    inverse = np.linalg.inv(whole)
    known = np.linalg.inv(means.T @ inverse @ means)
    apart = found - means @ (known @ (means.T @ inverse @ found))
    density = -np.linalg.slogdet(whole)[1] / 2 + np.linalg.slogdet(known)[1] / 2 - float(apart @ inverse @ apart) / 2
    drawn = noise @ inverse
    kept = noise - drawn @ noise + (drawn @ means) @ known @ (drawn @ means).T
    return float(density), found - drawn @ apart, np.sqrt(np.maximum(np.diag(kept), 1e-18))


def _quantile(weights: Floats, centres: Floats, errors: Floats, level: float) -> Floats:
    """Of the mixture of normals of each value, by bisection: (m,)."""
    low, high = (centres - 10 * errors).min(axis=0), (centres + 10 * errors).max(axis=0)
    for _ in range(60):
        middle = (low + high) / 2
        below = weights @ stats.norm.cdf((middle - centres) / errors) < level
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: Floats = (low + high) / 2
    return found


def shared(covariance: ArrayLike, cases: Sequence[int]) -> Floats:
    """A covariance of differences from one reference, smoothed for pooling: (m, m) of m arms of so many cases.

    Each arm keeps its variance, widened as a t interval on its cases less 1 is beside a normal one; what all have in
    common, the reference's, is the mean of all covariances, at least 0 and less than every variance: estimated one by
    one they are mostly noise.
    """
    given = np.asarray(covariance, dtype=float)
    count = len(given)
    wider = np.square(stats.t.ppf(1 - TAIL, np.maximum(np.asarray(cases) - 1, 1)) / stats.norm.ppf(1 - TAIL))
    own = np.diag(given) * wider
    common = (given.sum() - np.trace(given)) / max(count * (count - 1), 1)
    common = float(np.clip(common, 0.0, 0.9 * own.min()))
    return np.diag(own - common) + common
