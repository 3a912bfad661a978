"""Places in a ranking where scores are equal: what each would get on average if ties were broken at random."""

import numpy as np
from scipy import stats

from simrun.estimate.columns import Floats


def chances(scores: Floats, k: int) -> Floats:
    """How likely each is to be among the k highest (n,): 1 above the border, 0 below it, ties
    at it sharing what is left; summing to k.

    ValueError unless 1 <= k <= n.
    """
    if not 1 <= k <= len(scores):
        raise ValueError(f"k must be from 1 to the {len(scores)} scores there are, got {k}")
    border = np.partition(scores, -k)[-k]
    above, at = scores > border, scores == border
    found: Floats = above + at * ((k - above.sum()) / at.sum())
    return found


def exposures(scores: Floats) -> Floats:
    """1 / log2(1 + rank) of each (n,), rank 1 being the highest score; equal scores share theirs."""
    _, tie, count = np.unique(-scores, return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])
    found: Floats = (np.add.reduceat(1 / np.log2(np.arange(2, len(scores) + 2)), starts) / count)[tie]
    return found


def untied(scores: Floats) -> Floats:
    """Scores in which equal ones stand in an order drawn at random, always the
    same one: the number of those below each."""
    order = np.lexsort((np.random.default_rng(0).permutation(len(scores)), scores))
    found = np.empty(len(scores))
    found[order] = np.arange(len(scores))
    return found


def places(share: float, n: int) -> int:
    """How many are chosen when a share of n is: at least one."""
    return max(1, round(share * n))


def area(higher: Floats, lower: Floats) -> float | None:
    """How often one of those who should stand higher does, over all pairs, ties counting half: the area under the ROC
    curve.

    0 to 1, .5 by chance; None where a side is empty. Source: Hanley and McNeil 1982,
    doi:10.1148/radiology.143.1.7063747.
    """
    yes, no = len(higher), len(lower)
    if not yes or not no:
        return None
    ranks = stats.rankdata(np.concatenate([higher, lower]))
    return float((ranks[:yes].sum() - yes * (yes + 1) / 2) / (yes * no))
