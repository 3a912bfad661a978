"""Normalised discounted cumulative KL divergence."""

import math

import numpy as np

from simrun.estimate.ranking import untied
from simrun.score.metric import Metric
from simrun.score.pool import Scores


class Ndkl(Metric):
    """How far the mix of groups in every top k is from that of the pool, the first places weighing most.

    (1/Z) sum_k KL(mix of top k || mix of pool) / log2(k + 1), Z = sum_k 1 / log2(k + 1), k = 1..n, KL in nats (scipy).
    Equal scores stand in an order drawn at random, always the same one. Without saying for whom it is worse; above 0
    even by chance, as the first places cannot match the pool: only the floor tells what is fair. Not tested: the
    order in which equal scores are drawn would tell groups apart that are the same.
    """

    title = "NDKL"
    needs = Scores
    low, high, fair, worse = 0, math.inf, None, "higher"
    undefined = "one of the two groups has no score"
    source = "Geyik, Ambler and Kenthapadi 2019, arXiv:1905.01989"
    interval = ""
    order = 61

    def measure(self, pool: Scores) -> float:
        """The divergence."""
        from scipy.special import rel_entr

        member = pool.member[np.argsort(-untied(pool.value), kind="stable")]
        place = np.arange(1, len(member) + 1)
        weight = 1 / np.log2(place + 1)
        mix = member.cumsum() / place
        far = rel_entr(mix, mix[-1]) + rel_entr(1 - mix, 1 - mix[-1])
        return float(far @ weight / weight.sum())
