"""Spread bias."""

import math

import numpy as np

from simrun.estimate.columns import Floats, finite
from simrun.score.metric import Metric, Numbers
from simrun.score.pool import Scores


class SpreadBias(Metric):
    """How much more the scores of a group vary than those of the reference group.

    ln(var(S_a) / var(S_ref)), variances with n - 1. Above 0 the group is judged more erratically, or gets more
    extreme scores. Of versions of the same people, an entry a case, `p` is of Pitman and Morgan: the correlation of
    sum and difference of the pairs (scipy).
    """

    title = "spread: log variance ratio"
    needs = Scores
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "the scores of one of the groups do not vary"
    source = "Wang et al. 2024, arXiv:2406.15484 (spread bias); Morgan 1939, doi:10.1093/biomet/31.1-2.13 (test)"
    order = 20

    def measure(self, pool: Scores) -> Numbers:
        """The ratio's logarithm, and the test that it is 0."""
        one, other = pool.group, pool.reference
        if min(len(one), len(other)) < 2 or not np.ptp(one) or not np.ptp(other):
            return Numbers(value=None)
        value = float(np.log(one.var(ddof=1) / other.var(ddof=1)))
        own = pool.case[pool.member]
        independent = pool.versions and len(one) == len(other) and len(np.unique(own)) == len(own)
        return Numbers(value=value, p=_pitman(one + other, one - other) if independent else None)


def _pitman(total: Floats, difference: Floats) -> float | None:
    from scipy import stats

    # sums of scores leave something over: what is constant but for that has no correlation
    if len(total) < 3 or np.allclose(total, total[0]) or np.allclose(difference, difference[0]):
        return None
    return finite(float(stats.pearsonr(total, difference).pvalue))
