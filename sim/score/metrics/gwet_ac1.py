"""Gwet's AC1."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def gwet_ac1(first: ArrayLike, second: ArrayLike, categories: int | None = None) -> float | None:
    """Agreement of two raters beyond chance, steady where one category is rare.

    (pa - pe) / (1 - pe), pa the share of equal ratings, pe = sum_q pi_q (1 - pi_q) / (Q - 1), pi_q the mean share of
    category q over both raters. `first` and `second` (n,) are labels, one entry an item; `categories` is Q, by default
    those that occur. -1 to 1; 1 is best, 0 is chance. None without items or with one category. ValueError for fewer
    `categories` than occur.
    Source: Gwet 2008, doi:10.1348/000711006X126600.
    """
    one, other = arrays.labels("first", first), arrays.labels("second", second)
    arrays.aligned(first=one, second=other)
    seen, counts = np.unique(np.concatenate([one, other]), return_counts=True)
    total = len(seen) if categories is None else categories
    if total < len(seen):
        raise ValueError(f"categories is {total}, but {len(seen)} occur: {seen[:5].tolist()}")
    if not len(one) or total < 2:
        return None
    share = counts / counts.sum()
    chance = float(np.sum(share * (1 - share)) / (total - 1))
    return float((np.mean(one == other) - chance) / (1 - chance))
