"""Which places in a ranking the data leave open: those who cannot be told apart share them."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simrun.estimate.columns import Floats

Aim = Literal["higher", "near 0"]
"""Which mean is better: a higher one, or one that is nearer to 0, on either side."""
DRAWS, PORTION, LEAST = 2_000, 2**22, 3
"""Resamples of the cases; numbers that are held at a time; shared cases below which nobody is told apart."""


class Places(NamedTuple):
    """The places that one may have, from 1, the best; both ends count."""

    first: int
    last: int


def rank_intervals(values: Floats, aim: Aim, span: float | None, seed: int = 0, level: float = 0.95) -> list[Places]:
    """For each row of `values` (entries, cases), NaN where missing, the places that it may have by its mean.

    All intervals together hold all true places with probability `level`, whatever the ties among them: one is placed
    before another only where the simultaneous interval of their difference, over the cases that both have, leaves 0
    out. That is |mean| / error > c, with c the `level` quantile, over resamples of whole cases, the same ones for all
    entries, of the largest such ratio over all pairs, as a quantile of t for so few cases. To the cases of a pair two
    imagined ones are added, which differ by `span` (the most that a value can; the most that is seen where it has no
    bounds) either way: few cases that all agree prove little. Of two means, one is nearer to 0 where both their
    difference and their sum are other than 0, with the signs that say so. Two rows of no shared case are not told
    apart.

    Source: Mogstad, Romano, Shaikh and Wilhelm 2024, Inference for ranks, doi:10.1093/restud/rdad006 (ranks out of
    simultaneous intervals of differences; the imagined cases and the sums are ours).
    """
    data = np.asarray(values, dtype=float)
    entries = len(data)
    if entries < 2:
        return [Places(1, 1)] * entries
    one, other = np.triu_indices(entries, 1)
    signs = (-1.0,) if aim == "higher" else (-1.0, 1.0)
    contrasts = np.concatenate([data[one] + sign * data[other] for sign in signs])
    known = contrasts[~np.isnan(contrasts)]
    reach = span if span is not None else float(np.abs(known).max(initial=0.0))
    sides = _sides(contrasts, reach, seed, level)
    before = sides if aim == "higher" else -sides[: len(one)] * sides[len(one) :]
    better = np.zeros((entries, entries), dtype=bool)
    better[one, other], better[other, one] = before > 0, before < 0
    return [Places(1 + int(better[:, at].sum()), entries - int(better[at].sum())) for at in range(entries)]


def _sides(contrasts: Floats, reach: float, seed: int, level: float) -> Floats:
    """For each contrast (contrasts, cases), whose mean is one side of 0 for sure: 1, -1, or 0 for neither."""
    there = ~np.isnan(contrasts)
    count, filled = there.sum(axis=1), np.where(there, contrasts, 0.0)
    mean = filled.sum(axis=1) / np.maximum(count, 1)
    centred = np.where(there, contrasts - mean[:, None], 0.0)
    squares = np.square(centred).sum(axis=1)
    plain = np.sqrt(squares / np.maximum(count * (count - 1), 1))
    shrunk = mean * count / (count + 2)
    # of the same values and two more, one at either end
    wide = np.sqrt(
        (np.square(filled).sum(axis=1) + 2 * reach**2 - (count + 2) * shrunk**2) / ((count + 1) * (count + 2))
    )
    moved = (plain > 1e-12) & (count >= LEAST)
    largest = np.zeros(DRAWS)
    for part in _parts(np.flatnonzero(moved), contrasts.shape[1]):
        ratio = _resampled(centred[part], there[part], seed) / plain[part, None]
        np.maximum(largest, np.abs(ratio).max(axis=0), out=largest)
    limit = max(float(np.quantile(largest, level)), float(stats.norm.ppf((1 + level) / 2)))
    tail = stats.norm.cdf(limit)
    beyond = np.abs(shrunk) > stats.t.ppf(tail, np.maximum(count - 1, 1)) * wide
    found: Floats = np.where(beyond & (count >= LEAST), np.sign(mean), 0.0)
    return found


def _parts(rows: NDArray[np.int64], cases: int) -> Iterator[NDArray[np.int64]]:
    """Some rows at a time."""
    some = max(1, PORTION // max(DRAWS, cases))
    for first in range(0, len(rows), some):
        yield rows[first : first + some]


def _resampled(centred: Floats, there: Floats, seed: int) -> Floats:
    """Means of contrasts under resamples of the cases, the same ones for all: (contrasts, draws)."""
    weights = _weights(centred.shape[1], seed)
    found: Floats = (centred @ weights) / np.maximum(there.astype(float) @ weights, 1.0)
    return found


@lru_cache(4)  # a board asks for several rankings over the same cases
def _weights(cases: int, seed: int) -> Floats:
    """How often each case is drawn: (cases, draws)."""
    drawn = np.random.default_rng(seed).multinomial(cases, np.full(cases, 1 / cases), size=DRAWS)
    return drawn.T.astype(float)
