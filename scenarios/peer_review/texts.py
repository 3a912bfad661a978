"""How alike texts are: cosines of their TF-IDF weights."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

WORD = re.compile(r"[^\W\d_]{3,}")


def weights(texts: Sequence[str]) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """A row of TF-IDF weights for each text, of length 1 (0 for a text without words).

    Terms are words of three letters or more, weighted by ln((1 + N) / (1 + df)) + 1 over all N texts, as scikit-learn
    does.
    Source: Salton and Buckley 1988, doi:10.1016/0306-4573(88)90021-0.
    """
    counts = [Counter(WORD.findall(text.lower())) for text in texts]
    terms = {term: at for at, term in enumerate(sorted({term for each in counts for term in each}))}
    found = np.zeros((len(texts), max(1, len(terms))))
    for row, each in enumerate(counts):
        for term, times in each.items():
            found[row, terms[term]] = times
    found *= np.log((1 + len(texts)) / (1 + (found > 0).sum(axis=0))) + 1
    length = np.linalg.norm(found, axis=1, keepdims=True)
    scaled: np.ndarray[Any, np.dtype[np.float64]] = np.divide(found, length, out=np.zeros_like(found), where=length > 0)
    return scaled


def diversity(texts: Sequence[str]) -> float | None:
    """1 less the mean likeness of two texts, 0 to 1: higher is more diverse; None for fewer than two. extension."""
    if len(texts) < 2:
        return None
    rows = weights(texts)
    pairs = (rows @ rows.T)[np.triu_indices(len(texts), 1)]
    return float(np.clip(np.round(1 - pairs.mean(), 12), 0, 1))


def realism(texts: Sequence[str], real: Sequence[str]) -> float | None:
    """Mean likeness of a text to the most alike real one, as a share of what real texts have among themselves, 0 to 1:
    higher is more like them.

    None without texts, and where no two real ones have a word in common. extension.
    """
    if not texts or len(real) < 2:
        return None
    rows = weights([*texts, *real])
    among = rows[len(texts) :] @ rows[len(texts) :].T
    np.fill_diagonal(among, -1.0)
    usual = float(among.max(axis=1).mean())
    found = float((rows[: len(texts)] @ rows[len(texts) :].T).max(axis=1).mean())
    return min(1.0, found / usual) if usual > 0 else None
