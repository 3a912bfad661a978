"""Length slope."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def length_slope(scores: ArrayLike, words: ArrayLike) -> float | None:
    """How much a judge's score rises when the text is e times as long.

    Least-squares slope of score on ln(words), by scipy. `scores` and `words` are (n,). Any real number; 0 is best where
    content is equal, above 0 the judge pays for length (times .69: per doubling). None where all texts are equally long.
    ValueError for a text without words.
    Source: Dubois et al. 2024, arXiv:2404.04475 (length-controlled AlpacaEval).
    """
    from scipy import stats

    score, count = arrays.numbers("scores", scores), arrays.numbers("words", words)
    arrays.aligned(scores=score, words=count)
    if (count <= 0).any():
        raise ValueError(
            f"words: {int((count <= 0).sum())} texts have no words; leave empty replies out and count them as excluded"
        )
    return float(stats.linregress(np.log(count), score).slope) if len(np.unique(count)) > 1 else None
