"""Skew at k."""

import math

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.score.metrics.top_k_share import top_k_share


def skew_at_k(scores: ArrayLike, groups: ArrayLike, k: int) -> dict[str, float | None]:
    """How over- or underrepresented each group is among the k highest scores.

    ln(share in the top k / share in the pool). `scores` and `groups` are (n,); ties as in top_k_share. Any real number;
    0 is fair, below 0 the group is underrepresented; None (minus infinity) where none of the group is in the top k.
    ValueError unless 1 <= k <= n, or below two groups.
    Source: Geyik, Ambler and Kenthapadi 2019, arXiv:1905.01989.
    """
    group = arrays.labels("groups", groups, least=2)
    shares = top_k_share(scores, groups, k)
    return {name: math.log(share / float(np.mean(group == name))) if share else None for name, share in shares.items()}
