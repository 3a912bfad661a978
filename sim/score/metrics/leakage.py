"""Leakage."""

import numpy as np

from simrun.estimate.guessing import guessed
from simrun.score.metric import Metric
from simrun.score.pool import Scores


class Leakage(Metric):
    """How much better than always naming the more common group the group is guessed from the score.

    Cross-validated accuracy of a logistic regression (standardised features, stratified shuffled folds) minus the rate
    of the more common group; rows of one case never stand on both sides of a fold. `value` of the pool may be (n,
    features), such as an embedding. A little below 0 by chance. Only linear leaks are found.
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
        fewest = min(len(np.unique(pool.case[pool.member == side])) for side in (True, False))
        if fewest < self.folds or not np.ptp(pool.value):
            return None
        table = pool.value.reshape(len(pool.member), -1)
        guess = guessed(pool.member, table, pool.case.astype(str), self.folds, self.seed)
        return float(np.mean(guess == pool.member)) - max(pool.share, 1 - pool.share)
