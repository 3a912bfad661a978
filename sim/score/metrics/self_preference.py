"""Self-preference."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.estimate.paired import Estimate, clustered_mean


def self_preference(scores: ArrayLike, own: ArrayLike, items: ArrayLike, quality: ArrayLike | None = None) -> Estimate:
    """How much higher a judge scores its own model's texts than others', on the same items.

    mean over items of mean(S | own) - mean(S | others), S the score, less `quality` where that is given: what others, or people, gave
    the same text. All are (n,), a row a text; `own` is 1 where the judge's model wrote it. Items without texts of both kinds are left
    out; n counts those that are in. Any real number; 0 is fair, above 0 the judge favours itself, or (without `quality`) its model
    writes better.
    Source: Panickssery, Bowman and Feng 2024, arXiv:2404.13076.
    """
    score, mine, item = arrays.numbers("scores", scores), arrays.decisions("own", own), arrays.labels("items", items)
    given = np.zeros(len(score)) if quality is None else arrays.numbers("quality", quality)
    arrays.aligned(scores=score, own=mine, items=item, quality=given)
    code = np.unique(item, return_inverse=True)[1]
    sums, counts = (
        [np.bincount(code, mask * by) for mask in (mine, 1 - mine)] for by in (score - given, np.ones(len(score)))
    )
    both = (counts[0] > 0) & (counts[1] > 0)
    return clustered_mean(sums[0][both] / counts[0][both] - sums[1][both] / counts[1][both], np.flatnonzero(both))
