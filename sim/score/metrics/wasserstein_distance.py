"""Wasserstein distance."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def wasserstein_distance(scores: ArrayLike, groups: ArrayLike, first: object, second: object) -> float:
    """How far scores of one group must be moved, on average, to be distributed as the other's.

    Integral of |F_first^-1(u) - F_second^-1(u)| over u in 0..1 (Wasserstein-1), computed by scipy. `scores` and `groups`
    are (n,). 0 upwards, in the unit of the score; 0 is fair, higher is worse, without saying for whom. ValueError for an
    unknown group.
    Source: Jiang et al. 2019, arXiv:1907.12059 (Wasserstein fair classification).
    """
    from scipy import stats

    score, group = arrays.numbers("scores", scores), arrays.labels("groups", groups, least=2)
    arrays.aligned(scores=score, groups=group)
    one, other = (score[group == arrays.known("group", name, group)] for name in (first, second))
    return float(stats.wasserstein_distance(one, other))
