"""Error of scores."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def score_error(scores: ArrayLike, truth: ArrayLike) -> float | None:
    """Mean absolute difference between a score and what it should have been.

    mean |S - Y|, computed by scikit-learn. `scores` and `truth` are (n,). 0 upwards, in the unit of the score; 0 is best,
    higher is worse; says nothing of fairness when the truth itself is biased. None without scores.
    Source: Peña et al. 2020, arXiv:2004.07173 (FairCVtest, MAE).
    """
    from sklearn.metrics import mean_absolute_error

    score, worth = arrays.numbers("scores", scores), arrays.numbers("truth", truth)
    arrays.aligned(scores=score, truth=worth)
    return float(mean_absolute_error(worth, score)) if len(score) else None
