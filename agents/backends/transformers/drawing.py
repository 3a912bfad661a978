"""Drawing of tokens: by a seed of the chat's own, whatever else is computed beside it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def chances(logits: Floats, temperature: float, top_p: float = 1.0) -> Floats:
    """How probable each is, (n,), summing to 1; at temperature 0 the likeliest has all (of several the first).

    `logits` (n,), any constant added to all of them alike. `top_p` keeps the likeliest that have so much together.
    """
    if temperature == 0:
        likeliest: Floats = np.eye(1, len(logits), int(np.argmax(logits)))[0]
        return likeliest
    scaled = (logits - logits.max()) / temperature
    share: Floats = np.exp(scaled)
    share /= share.sum()
    if top_p < 1:
        order = np.argsort(-share, kind="stable")
        before = np.cumsum(share[order]) - share[order]
        share[order[before >= top_p]] = 0.0
        share /= share.sum()
    return share


def drawn(share: Floats, rng: np.random.Generator) -> int:
    """Which one a uniform number falls on."""
    total = np.cumsum(share)
    place = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
    return min(place, int(np.flatnonzero(share)[-1]))
