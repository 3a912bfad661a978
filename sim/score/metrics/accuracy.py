"""Accuracy."""

from numpy.typing import ArrayLike

from simrun.estimate.paired import Estimate, clustered_mean


def accuracy(right: ArrayLike, cases: ArrayLike) -> Estimate:
    """Share of episodes that were right, of all that were played and could be judged.

    `right` (n,) is 0 or 1, an episode that concluded nothing being 0; `cases` (n,) the case of each. 0 to 1, higher is
    better. Its interval is clustered over cases; episodes that failed for reasons of infrastructure never enter.
    Source: AgentClinic, arXiv:2405.07960, which folds parse and provider errors in; here they are counted apart.
    """
    return clustered_mean(right, cases, 0, 1)
