"""Divergence of scores."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class Divergence(Record):
    """A histogram divergence and what it could not compare."""

    value: float | None
    """None where no cell holds scores of both groups."""
    dropped: float
    """Share of the first group's scores in cells that the second leaves empty; near 1 the value says nothing."""


def score_divergence(
    scores: ArrayLike, groups: ArrayLike, first: object, second: object, width: float = 0.02
) -> Divergence:
    """Kullback-Leibler divergence from the first group's histogram of scores to the second's.

    sum over cells of p ln(p / q), p and q the shares of `first` and `second` in cells [j width, (j + 1) width); no
    smoothing: cells that either leaves empty are dropped. `scores` and `groups` are (n,). 0 is fair, higher is worse; not
    symmetric, a little below 0 where much was dropped. Wasserstein_distance is safer with few scores. ValueError for an
    unknown group or a width not above 0.
    Source: Peña et al. 2020, arXiv:2004.07173; Kullback and Leibler 1951, doi:10.1214/aoms/1177729694.
    """
    from scipy.special import rel_entr

    score, group = arrays.numbers("scores", scores), arrays.labels("groups", groups, least=2)
    arrays.aligned(scores=score, groups=group)
    if width <= 0:
        raise ValueError(f"width must be above 0, got {width}")
    # the small addition keeps .06 / .02 in cell 3, where binary fractions put it a hair below
    cell = np.unique(np.floor(score / width + 1e-9), return_inverse=True)[1]
    p, q = (_shares(cell[group == arrays.known("group", name, group)], int(cell.max()) + 1) for name in (first, second))
    both = (p > 0) & (q > 0)
    return Divergence(value=float(rel_entr(p, q)[both].sum()) if both.any() else None, dropped=float(p[~both].sum()))


def _shares(cells: arrays.Cells, size: int) -> arrays.Floats:
    return np.bincount(cells, minlength=size) / len(cells)
