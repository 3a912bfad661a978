"""Merit loss."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def merit_loss(merit: ArrayLike, scores: ArrayLike, k: int) -> float:
    """Mean merit that is lost by choosing the k highest scores rather than the k best.

    mean(Y of the best k) - mean(Y of the k highest scores). `merit` and `scores` are (n,); ties as in top_k_share. 0
    upwards, in the unit of merit; 0 is best, higher is worse: the price of a score, or of making it fair. ValueError unless
    1 <= k <= n.
    Source: Peña et al. 2020, arXiv:2004.07173 (the accuracy side of the trade-off); as a mean of chosen, extension: defined here.
    """
    worth, score = arrays.numbers("merit", merit), arrays.numbers("scores", scores)
    arrays.aligned(merit=worth, scores=score)
    return float(worth[arrays.best(worth, k)].mean() - worth[arrays.best(score, k)].mean())
