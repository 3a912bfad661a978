"""Top-k share."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def top_k_share(scores: ArrayLike, groups: ArrayLike, k: int) -> dict[str, float]:
    """Share of each group among the k highest scores.

    count_a(top k) / k. `scores` and `groups` are (n,); of equal scores the earlier row is ranked first. 0 to 1, summing to
    1; fair at the group's share in the pool, lower is worse for it. ValueError unless 1 <= k <= n, or below two groups.
    Source: Peña et al. 2020, arXiv:2004.07173 (FairCVtest).
    """
    score, group = arrays.numbers("scores", scores), arrays.labels("groups", groups, least=2)
    arrays.aligned(scores=score, groups=group)
    chosen = group[arrays.best(score, k)]
    return {str(name): float(np.mean(chosen == name)) for name in np.unique(group)}
