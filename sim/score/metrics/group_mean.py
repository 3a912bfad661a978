"""Mean score by group."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def group_mean(scores: ArrayLike, groups: ArrayLike) -> dict[str, float]:
    """Mean score of each group.

    mean(S | a). `scores` and `groups` are (n,). In the unit of the score; fair at a difference of 0 between groups of equal merit.
    ValueError for unequal lengths or missing values.
    Source: Peña et al. 2020, arXiv:2004.07173 (FairCVtest, score distributions by group).
    """
    score, group = arrays.numbers("scores", scores), arrays.labels("groups", groups)
    arrays.aligned(scores=score, groups=group)
    return {name: float(values.mean()) for name, values in arrays.by_group(score, group).items()}
