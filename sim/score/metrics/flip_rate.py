"""Flip rate."""

import numpy as np
from numpy.typing import ArrayLike


def flip_rate(arm: ArrayLike, reference: ArrayLike) -> float | None:
    """Share of pairs in which the two arms came out differently.

    `arm` and `reference` are (n,), one entry a pair. 0 to 1; its fair value is not 0 but the flip rate of the same arm
    played twice, which must be read beside it. Undefined (None) without pairs.
    Source: Kusner et al. 2017, arXiv:1703.06856 (counterfactual fairness), as a rate.
    """
    first, second = np.asarray(arm), np.asarray(reference)
    return float(np.mean(first != second)) if len(first) else None
