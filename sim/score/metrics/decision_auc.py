"""Decision AUC."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def decision_auc(scores: ArrayLike, decisions: ArrayLike) -> float | None:
    """How well a score separates what was accepted from what was rejected.

    P(score of an accepted > score of a rejected), ties counting half (area under the ROC curve), by scikit-learn. `scores`
    and `decisions` (n,), decisions 0 or 1. 0 to 1; .5 is chance, higher is better; None where all decisions are the same.
    Source: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747.
    """
    from sklearn.metrics import roc_auc_score

    score, taken = arrays.numbers("scores", scores), arrays.decisions("decisions", decisions)
    arrays.aligned(scores=score, decisions=taken)
    return float(roc_auc_score(taken, score)) if len(set(taken.tolist())) == 2 else None
