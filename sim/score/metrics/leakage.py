"""Leakage."""

from importlib.util import find_spec

import numpy as np

from simrun.estimate.columns import Floats, Names
from simrun.score.metric import Metric
from simrun.score.pool import Scores


class Leakage(Metric):
    """How much better than always naming the more common group the group is guessed from the score.

    Cross-validated accuracy of a logistic regression (scikit-learn, standardised features, stratified shuffled folds) minus the rate of
    the more common group; rows of one case never stand on both sides of a fold. `value` of the pool may be (n, features), such as an
    embedding. A little below 0 by chance. Only linear leaks are found.
    """

    title = "group guessed from the score, beyond chance"
    needs = Scores
    low, high, fair, worse = -1, 1, 0, "higher"
    undefined = "a group has fewer cases than there are folds, or all scores are equal"
    source = "Peña et al. 2020, arXiv:2004.07173 (FairCVtest)"
    interval = ""
    floors = 1  # cross-validation is slow, and chance does not lift it
    order = 42

    folds: int = 5
    seed: int = 0

    def measure(self, pool: Scores) -> float | None:
        """Accuracy less the majority rate."""
        label, case = pool.member.astype(str), pool.case.astype(str)
        fewest = min(len(np.unique(case[pool.member == side])) for side in (True, False))
        if fewest < self.folds or not np.ptp(pool.value) or not installed():
            return None
        majority = max(pool.share, 1 - pool.share)
        return self.accuracy(label, pool.value.reshape(len(label), -1), case) - majority

    def accuracy(self, label: Names, features: Floats, case: Names) -> float:
        """Share of rows whose label is guessed from their features (n, d). Needs scikit-learn."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        split = StratifiedGroupKFold(self.folds, shuffle=True, random_state=self.seed)
        guesser = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        return float(np.mean(cross_val_predict(guesser, features, label, groups=case, cv=split) == label))

    def why(self, pool: Scores) -> str:
        """The missing library, or the data."""
        return self.undefined if installed() else "needs scikit-learn: pip install 'simrun[metrics]'"


def installed() -> bool:
    """Whether scikit-learn can be imported."""
    return find_spec("sklearn") is not None
