"""How many independent raters those of an episode are worth."""

import math
from collections.abc import Iterator
from typing import Literal, Self

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.metrics.effective_judges import worth
from simrun.score.repeated import Subjects


class EffectiveRaters(Metric):
    """How many independent raters the subjects of an episode are worth, such as the reviewers of a paper.

    n / (1 + (n - 1) r), r the mean correlation over pairs of raters, cut to 0..1. Of errors (what a straight line in
    merit leaves of all values) where merit is known; of the values where it is not: raters who see the same quality
    agree as well, so that the figure is then too low. Raters who are one model with one bias are worth little more than
    one.
    """

    title = "effective number of raters (of {of})"
    needs = Subjects
    low, high, fair, worse = 1, math.inf, None, "lower"
    undefined = "no two raters have values of several episodes that vary"
    source = "extension; of dependent experts: Clemen and Winkler 1985, doi:10.1287/opre.33.2.427"

    of: Literal["errors", "values"] = "values"

    @classmethod
    def asked(cls, sample: Subjects) -> Iterator[Self]:
        """Of errors too where merit is known; nothing where only one rates."""
        if sample.value.shape[1] > 1:
            yield cls(of="values")
            if sample.merit is not None and not np.isnan(sample.merit).all():
                yield cls(of="errors")

    def measure(self, sample: Subjects) -> float | None:
        """The number."""
        return worth(errors(sample) if self.of == "errors" else sample.value)


def errors(sample: Subjects) -> Floats:
    """What a straight line in merit leaves of the values (n, subjects); NaN where merit is not known."""
    merit = np.full(len(sample.value), np.nan) if sample.merit is None else sample.merit
    wide = np.broadcast_to(merit[:, None], sample.value.shape)
    there = ~np.isnan(wide) & ~np.isnan(sample.value)
    if not there.any():
        return np.full(sample.value.shape, np.nan)
    x, y = wide[there], sample.value[there]
    slope = float(np.cov(x, y, ddof=0)[0, 1] / x.var()) if np.ptp(x) else 0.0
    found: Floats = sample.value - y.mean() - slope * (wide - x.mean())
    return found
