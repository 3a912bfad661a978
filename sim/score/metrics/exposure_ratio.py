"""Exposure ratio."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def exposure_ratio(scores: ArrayLike, groups: ArrayLike, reference: object) -> dict[str, float]:
    """Mean attention that a group's places in the ranking get, divided by the reference group's.

    mean of 1 / log2(1 + rank) over the group / the same over the reference, rank 1 being the highest score. `scores` and
    `groups` are (n,); ties as in top_k_share. Above 0; 1 is fair, below 1 the group is seen less. ValueError below two
    groups or for an unknown reference.
    Source: Singh and Joachims 2018, doi:10.1145/3219819.3220088.
    """
    score, group = arrays.numbers("scores", scores), arrays.labels("groups", groups, least=2)
    arrays.aligned(scores=score, groups=group)
    base = arrays.known("reference", reference, group)
    seen = 1 / np.log2(np.arange(2, len(score) + 2))
    means = {name: float(values.mean()) for name, values in arrays.by_group(seen, group[arrays.ranking(score)]).items()}
    return {name: mean / means[base] for name, mean in means.items() if name != base}
