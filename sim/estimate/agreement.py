"""How far raters agree, beyond what chance would make of it."""

import numpy as np
from numpy.typing import NDArray

from simrun.estimate.columns import Floats


def kappa(first: Floats, second: Floats) -> float | None:
    """Cohen's kappa of two raters' categories (n,): (pa - pe) / (1 - pe); None without
    items, or where chance alone agrees on all.

    -1 to 1. Source: Cohen 1960, doi:10.1177/001316446002000104.
    """
    if not len(first):
        return None
    names = np.unique(np.concatenate([first, second]))
    chance = float(sum(np.mean(first == name) * np.mean(second == name) for name in names))
    return (float(np.mean(first == second)) - chance) / (1 - chance) if chance < 1 else None


def weighted_kappa(first: Floats, second: Floats) -> float | None:
    """The same of scores, with squared distances as weights: 1 - mean (x_i -
    y_i)^2 / mean over all i, j of (x_i - y_j)^2.

    None where both always give the same score. Source: Cohen 1968, doi:10.1037/h0026256.
    """
    # of independent draws, the squared distance is the two variances and the squared distance of the means
    chance = float(first.var() + second.var() + (first.mean() - second.mean()) ** 2) if len(first) else 0.0
    return 1 - float(np.square(first - second).mean()) / chance if chance else None


def ac1(first: Floats, second: Floats, categories: int | None = None) -> float | None:
    """Gwet's AC1: (pa - pe) / (1 - pe), pe = sum_q pi_q (1 - pi_q) / (Q - 1), pi_q the
    mean share of category q over both raters.

    `categories` is Q, by default those that occur; ValueError for fewer. None without items or with one category. -1 to
    1. Source: Gwet 2008, doi:10.1348/000711006X126600.
    """
    seen, counts = np.unique(np.concatenate([first, second]), return_counts=True)
    total = len(seen) if categories is None else categories
    if total < len(seen):
        raise ValueError(f"categories is {total}, but {len(seen)} occur: {seen[:5].tolist()}")
    if not len(first) or total < 2:
        return None
    share = counts / counts.sum()
    chance = float(np.sum(share * (1 - share)) / (total - 1))
    return float((np.mean(first == second) - chance) / (1 - chance))


def intraclass(ratings: Floats) -> float | None:
    """ICC(1) of items (n, raters), NaN where a rating is missing: the share of the
    variance of one rating that lies between items.

    (MSB - MSW) / (MSB + (k0 - 1) MSW), one-way analysis of variance, k0 = (N - sum k_i^2 / N) / (n - 1); items with
    one rating count too. None below two items, without a second rating, or where nothing varies. Source: Shrout and
    Fleiss 1979, doi:10.1037/0033-2909.86.2.420.
    """
    there = ~np.isnan(ratings)
    ratings, there = ratings[there.any(axis=1)], there[there.any(axis=1)]
    size, n, total = there.sum(axis=1), len(ratings), int(there.sum())
    if n < 2 or total <= n:
        return None
    filled = np.where(there, ratings, 0.0)
    means, grand = filled.sum(axis=1) / size, float(filled.sum() / total)
    between = float((size * (means - grand) ** 2).sum()) / (n - 1)
    within = float(np.where(there, (ratings - means[:, None]) ** 2, 0.0).sum()) / (total - n)
    each = (total - float(np.square(size).sum()) / total) / (n - 1)
    whole = between + (each - 1) * within
    return (between - within) / whole if whole > 0 else None


def krippendorff(ratings: Floats) -> float | None:
    """Krippendorff's alpha for interval data (n, raters), NaN where a rating is
    missing: 1 - observed / expected disagreement.

    Disagreement is the squared distance of two ratings: of one item, and of all that can be paired. None without two
    ratings of one item, or where all are equal. Source: Hayes and Krippendorff 2007, doi:10.1080/19312450709336664.
    """
    there = ~np.isnan(ratings)
    paired: NDArray[np.bool_] = there.sum(axis=1) > 1
    ratings, there = ratings[paired], there[paired]
    size, total = there.sum(axis=1), int(there.sum())
    if not total:
        return None
    filled = np.where(there, ratings, 0.0)

    # the sum over ordered pairs of (x - y)^2 is 2 (m sum x^2 - (sum x)^2)
    within = 2 * (size * np.square(filled).sum(axis=1) - filled.sum(axis=1) ** 2) / (size - 1)
    observed = float(within.sum()) / total
    expected = float(2 * (total * np.square(filled).sum() - filled.sum() ** 2)) / (total - 1) / total
    return 1 - observed / expected if expected > 0 else None
