"""Rank after scoring."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def rank_after_scoring(scores: ArrayLike, variants: ArrayLike, cvs: ArrayLike) -> dict[str, float]:
    """Mean rank of each variant among the variants of the same CV.

    Rank 1 is the highest score of the CV, equal scores share their mean rank (scipy); averaged over CVs. `scores`,
    `variants` and `cvs` are (n,), each CV having each variant once. 1 to the number of variants K; fair where all are
    (K + 1) / 2, higher is worse. ValueError below two variants or where a CV has one of them not exactly once.
    Source: Wang et al. 2024, arXiv:2406.15484 (JobFair, which ranks 0 or 1 and ties .5).
    """
    from scipy.stats import rankdata

    score, variant = arrays.numbers("scores", scores), arrays.labels("variants", variants, least=2)
    cv = arrays.labels("cvs", cvs)
    arrays.aligned(scores=score, variants=variant, cvs=cv)
    names, column = np.unique(variant, return_inverse=True)
    rows, row = np.unique(cv, return_inverse=True)
    times = np.zeros((len(rows), len(names)), dtype=int)
    np.add.at(times, (row, column), 1)
    if (times != 1).any():
        raise ValueError(
            f"cvs: each needs each of {names.tolist()} once, but {rows[(times != 1).any(axis=1)][:5].tolist()} do not; average repeats first"
        )
    table = np.empty(times.shape)
    table[row, column] = score
    return dict(zip(names.tolist(), rankdata(-table, axis=1).mean(axis=0).tolist(), strict=True))
