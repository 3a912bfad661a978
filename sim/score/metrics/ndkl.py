"""Normalised discounted cumulative KL divergence."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def ndkl(scores: ArrayLike, groups: ArrayLike) -> float:
    """How far the mix of groups in every top k is from that of the pool, the first places weighing most.

    (1/Z) sum_k KL(mix of top k || mix of pool) / log2(k + 1), Z = sum_k 1 / log2(k + 1), k = 1..n, KL in nats (scipy).
    `scores` and `groups` are (n,); ties as in top_k_share. 0 upwards; 0 is fair, higher is worse, without saying for
    whom; not 0 even by chance, as the first places cannot match the pool. ValueError below two groups.
    Source: Geyik, Ambler and Kenthapadi 2019, arXiv:1905.01989.
    """
    from scipy.special import rel_entr

    score, group = arrays.numbers("scores", scores), arrays.labels("groups", groups, least=2)
    arrays.aligned(scores=score, groups=group)
    names, column = np.unique(group, return_inverse=True)
    member = np.eye(len(names))[column[arrays.ranking(score)]]
    place = np.arange(1, len(score) + 1)
    mix = member.cumsum(axis=0) / place[:, None]
    return float(np.average(rel_entr(mix, mix[-1]).sum(axis=1), weights=1 / np.log2(place + 1)))
