"""P values by exchanging the labels of groups inside cases, everything else kept, and families of figures that share
the exchanges."""

from collections.abc import Callable, Sequence
from itertools import permutations, product
from math import factorial, prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simrun.estimate.columns import Floats
from simrun.estimate.families import holm_groups

DRAWS = 1999
"""Exchanges that are drawn where there are too many for all of them: with the observed one 2,000."""
HELD = 2**22
"""Labels whose figures are computed at a time: 32 MB of them as numbers."""
ROUNDING = 1e-9
"""Figures that are nearer than this are equal."""

Places = NDArray[np.int16]


def exchanges(there: ArrayLike, draws: int = DRAWS, seed: int = 0) -> Places:
    """Whose value each group gets in each case: (exchanges, cases, groups), the first as it is.

    `there` (cases, groups) says which groups have a value in a case; their labels are exchanged, those of the others
    stay. All exchanges where there are at most `draws` + 1, which makes p exact; else so many, drawn with this seed.
    Exact where labels were assigned at random inside each case (Fisher 1935; Pesarin 2001). All values of a case move
    together, as they share its luck.
    """
    present = np.asarray(there, dtype=bool)
    if prod(factorial(int(count)) for count in present.sum(axis=1)) <= draws + 1:
        return _every(present)
    rng, (cases, groups) = np.random.default_rng(seed), present.shape
    found = np.tile(np.arange(groups, dtype=np.int16), (draws + 1, cases, 1))
    for case, pattern in enumerate(present):
        own = np.flatnonzero(pattern)
        found[1:, case, own] = own[rng.random((draws, len(own))).argsort(axis=1)]
    return found


def _every(present: NDArray[np.bool_]) -> Places:
    orders = []
    for pattern in present:
        own = np.flatnonzero(pattern).tolist()
        orders.append([_put(len(pattern), own, other) for other in permutations(own)])
    return np.array(list(product(*orders)), dtype=np.int16).reshape(-1, *present.shape)


def _put(groups: int, own: Sequence[int], other: Sequence[int]) -> list[int]:
    found = list(range(groups))
    for place, value in zip(own, other, strict=True):
        found[place] = value
    return found


def swaps(cases: int, draws: int = DRAWS, seed: int = 0) -> NDArray[np.bool_]:
    """The same of two groups that both have a value in every case: whether they change places, (exchanges, cases)."""
    found: NDArray[np.bool_] = exchanges(np.ones((cases, 2)), draws, seed)[:, :, 0] == 1
    return found


def reached(statistics: ArrayLike) -> Floats:
    """How often each figure is at least as far from fair as it is in each exchange: (exchanges, figures), 0 to 1.

    `statistics` (exchanges, figures), the first row as observed, larger is farther; NaN, where a figure is not defined,
    counts as farthest. The first row is the p value of each figure: (1 + #{drawn >= observed}) / (1 + drawn), or the
    share of all exchanges where these are all (Phipson and Smyth 2010, doi:10.2202/1544-6115.1585). It tests that the
    labels are interchangeable, not that the figure is at its fair value.
    """
    far = np.where(np.isnan(given := np.asarray(statistics, dtype=float)), np.inf, given)
    found = np.empty_like(far)
    for at, column in enumerate(far.T):
        order = np.sort(column)
        found[:, at] = (len(order) - np.searchsorted(order, column - ROUNDING, side="left")) / len(order)
    return found


def least(statistics: ArrayLike) -> tuple[Floats, Floats]:
    """p of each figure, and p adjusted so that not one false alarm is raised among them: (figures,) each.

    Min-p by steps: the share of exchanges in which the smallest p among the figures that are not yet decided is at
    most this figure's (Westfall and Young 1993, Resampling-Based Multiple Testing, 2.8). The figures share the
    exchanges, so those that say the same thing twice cost nothing.
    """
    p = reached(statistics)
    order = np.argsort(p[0], kind="stable")
    smallest = np.minimum.accumulate(p[:, order[::-1]], axis=1)[:, ::-1]
    stepped = np.maximum.accumulate((smallest <= p[0, order] + 1e-12).mean(axis=0))
    adjusted = np.empty(p.shape[1])
    adjusted[order] = stepped
    return p[0], adjusted


def measured(moved: Places, statistics: Sequence[Callable[[Places], Floats]]) -> Floats:
    """Several figures of the same exchanges, (exchanges, figures), as many at a time as memory likes."""
    parts = np.array_split(moved, max(1, moved.size // HELD))
    return np.concatenate([np.stack([each(part) for each in statistics], axis=1) for part in parts])


def corrected(tables: Sequence[ArrayLike]) -> list[tuple[Floats, list[float]]]:
    """p of the figures of several tables, and p adjusted over all: min-p inside a table, Holm over tables.

    Each table is (exchanges, figures), the first row as observed, larger is farther. Tables are of different pairs of
    groups: no exchange of labels leaves all of them interchangeable at once where one pair differs, so that they cannot
    share exchanges, and a table counts until all of its figures are rejected.
    """
    found = [least(own) for own in tables]
    stepped = iter(holm_groups([adjusted.tolist() for _, adjusted in found if len(adjusted)]))
    return [(p, next(stepped) if len(p) else []) for p, _ in found]
