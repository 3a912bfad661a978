"""Log odds of words under an informative Dirichlet prior."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simrun.estimate import columns as arrays


def dirichlet_log_odds(counts: ArrayLike, reference: ArrayLike, strength: float = 500.0) -> NDArray[np.float64]:
    """How much more each word belongs to one group's texts than to the other's, drawn towards 0 where it is rare.

    log((y + a) / (n + s - y - a)) - log((z + a) / (m + s - z - a)) with a = s (y + z) / (n + m): y of n words of the group, z of m of the
    reference, and a prior worth `strength` words s that is what both say together. `counts` and `reference` (words,) hold every word of
    the texts. Real; 0 is fair, above 0 the word is said more of the group; NaN for a word that is never said, and where there is one
    word only. ValueError for different lengths or counts below 0.
    Source: Monroe, Colaresi and Quinn 2008, doi:10.1093/pan/mpn018.
    """
    own, other = np.asarray(counts, dtype=float), np.asarray(reference, dtype=float)
    arrays.aligned(counts=own, reference=other)
    if (own < 0).any() or (other < 0).any():
        raise ValueError("counts of words must not be below 0")
    with np.errstate(divide="ignore", invalid="ignore"):
        prior = strength * (own + other) / (own.sum() + other.sum())
        first, second = own + prior, other + prior
        found: NDArray[np.float64] = np.log(first / (own.sum() + strength - first)) - np.log(
            second / (other.sum() + strength - second)
        )
    return np.where(np.isfinite(found), found, np.nan)
