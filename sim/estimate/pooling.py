"""Partial pooling: many estimates at once, each drawn towards what all have in common as far as it is uncertain."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from simrun.agents.records import Record
from simrun.estimate.columns import Floats
from simrun.estimate.paired import LEVEL

STEPS = 200
"""Spreads between the true values at which the model is solved."""
TAIL = (1 - LEVEL) / 2
MOST = 1e6
"""Degrees of freedom that are as good as infinitely many."""


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


def moderated(covariance: ArrayLike, cases: Sequence[int]) -> Floats:
    """A covariance of differences from one reference, smoothed for pooling: (m, m), of m arms of so many cases.

    Each variance is drawn towards that of all arms by as much as chance explains of how they differ (`moderation`), and
    then widened as a t interval on its degrees of freedom is beside a normal one. What all have in common, the
    reference's, is the mean of all covariances, at least 0 and less than every variance: one by one these are mostly
    noise.
    """
    given, freedom = np.asarray(covariance, dtype=float), np.maximum(np.asarray(cases, dtype=float) - 1, 1)
    count = len(given)
    centre, prior = moderation(np.diag(given), freedom)
    # a prior without end is that of arms whose variances differ by chance alone
    drawn = np.diag(given) if prior == 0 else (centre + np.diag(given) * freedom / prior) / (1 + freedom / prior)
    own = drawn * np.square(stats.t.ppf(1 - TAIL, freedom + min(prior, MOST)) / stats.norm.ppf(1 - TAIL))
    common = (given.sum() - np.trace(given)) / max(count * (count - 1), 1)
    common = float(np.clip(common, 0.0, 0.9 * own.min()))
    return np.diag(own - common) + common


def moderation(variances: Floats, freedom: Floats) -> tuple[float, float]:
    """What variances (m,), each on so many degrees of freedom (m,), are drawn towards, and how many degrees that counts
    as: from 0, where they differ far beyond chance, to infinity, where chance explains all.

    Of their logarithms, less what chance adds to the mean and the variance of each: Smyth 2004,
    doi:10.2202/1544-6115.1027. 0 for fewer than three, or where one is 0.
    """
    if len(variances) < 3 or (variances <= 0).any():
        return 0.0, 0.0
    logs = np.log(variances) - special.digamma(freedom / 2) + np.log(freedom / 2)
    beyond = float(logs.var(ddof=1) - special.polygamma(1, freedom / 2).mean())
    if beyond <= special.polygamma(1, MOST / 2):
        return float(np.exp(logs.mean())), float("inf")
    half = optimize.brentq(lambda x: float(special.polygamma(1, x)) - beyond, 1e-4, MOST)
    return float(np.exp(logs.mean() + special.digamma(half) - np.log(half))), float(2 * half)
