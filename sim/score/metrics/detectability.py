"""Detectability."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.guessing import leaned
from simrun.estimate.ranking import area
from simrun.estimate.resampling import delete_a_group
from simrun.score.metric import Metric, Numbers
from simrun.score.probed import BesidePeople


class Detectability(Metric):
    """How well it shows of a score whether the run gave it or people did.

    Cross-validated AUC of a logistic regression on score, features (such as the length of a paper) and their
    products, two rows a thing: the run's score and people's. All of one thing stands in one fold. .5 cannot be told, 1
    always; the interval (delete-a-group jackknife over things) leaves out that the classifier would be another one.
    Not measured where people's ratings lie outside the run's scale; that both mean one scale the user says by giving
    them.
    """

    title = "run or people, told by the score (AUC)"
    needs = BesidePeople
    low, high, fair, worse = 0, 1, 0.5, "higher"
    undefined = "there are fewer things than folds"
    source = "extension; of the area: Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747"
    interval = "own"

    folds: int = 5
    seed: int = 0

    @classmethod
    def asked(cls, sample: BesidePeople) -> Iterator[Self]:
        """Of scores on one scale."""
        if sample.comparable:
            yield cls()

    def measure(self, sample: BesidePeople) -> Numbers | None:
        """The area, and its interval."""
        if len(np.unique(sample.case)) < self.folds:
            return None
        run = np.repeat([True, False], len(sample.case))
        case, given = np.tile(sample.case, 2), np.concatenate([sample.score, sample.rating])
        features = np.tile(sample.features, (2, 1))
        middle = features - features.mean(axis=0)
        table = np.column_stack([given, middle, middle * (given - given.mean())[:, None]])
        odds = leaned(run, table, case.astype(str), self.folds, self.seed)

        def measured(rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float | None:
            return area(odds[rows & run], odds[rows & ~run])

        value = measured(np.ones(len(run), dtype=bool))
        low, high = delete_a_group(measured, case, value)
        return Numbers(value=value, low=low, high=high)
