"""How many independent judges a panel is worth."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import Literal, Self

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.panel import Panel


class EffectiveJudges(Metric):
    """How many independent judges a panel is worth: as many as it has where their errors are unrelated, 1 where all
    err alike.

    n / (1 + (n - 1) r), n judges, r the mean correlation over pairs of judges, cut to 0..1: the design effect of Kish
    taken for judges of one text. Of errors (verdict - label), where people labelled; of verdicts where nobody did:
    judges who are right agree as well, so that the figure is then too low, and the number of judges its only bound.
    None where no two judges differ over the texts.
    """

    title = "effective number of judges (of {of})"
    needs = Panel
    low, high, fair, worse = 1, math.inf, None, "lower"
    undefined = "a judge always said the same, or always erred alike: there is no correlation"
    source = "extension; of dependent experts: Clemen and Winkler 1985, doi:10.1287/opre.33.2.427"

    of: Literal["errors", "verdicts"] = "verdicts"

    @classmethod
    def asked(cls, sample: Panel) -> Iterator[Self]:
        """Of errors too where people labelled."""
        yield cls(of="verdicts")
        if not np.isnan(sample.label).all():
            yield cls(of="errors")

    def measure(self, sample: Panel) -> float | None:
        """The number."""
        columns = sample.errors if self.of == "errors" else sample.verdict
        return worth(columns)


def worth(columns: Floats) -> float | None:
    """The number for what several said of the same texts (n, judges), NaN where one did not say."""
    size = columns.shape[1]
    found = [
        float(np.corrcoef(one[both], other[both])[0, 1])
        for one, other in combinations(columns.T, 2)
        if (both := ~np.isnan(one + other)).sum() > 1 and np.ptp(one[both]) > 0 and np.ptp(other[both]) > 0
    ]
    if not found:
        return None
    shared = min(max(sum(found) / len(found), 0.0), 1.0)
    return float(size / (1 + (size - 1) * shared))
