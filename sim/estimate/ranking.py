"""Places in a ranking where scores are equal: what each would get on average if ties were broken at random."""

import numpy as np

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
