"""AUC between adjacent levels of quality."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Self

import numpy as np

from simrun.estimate.ranking import area
from simrun.score.metric import Metric
from simrun.score.values import Graded

MOST = 8
"""Levels of merit beyond which it is no scale of levels, but a measure."""


class AdjacentAuc(Metric):
    """How well a score tells one level of quality from the next.

    P(score at the level above > score at the level below), ties counting half. 1 always, .5 by chance. What differs
    between far levels is easily seen; the next one is what a decision hangs on.
    """

    title = "AUC of quality {upper:.3g} against {lower:.3g}"
    needs = Graded
    low, high, fair, worse = 0, 1, None, "lower"
    undefined = "nobody stands at one of both levels"
    source = "Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747"

    lower: float = 0.0
    upper: float = 1.0

    @classmethod
    def asked(cls, sample: Graded) -> Iterator[Self]:
        """Of every two levels with none between them."""
        levels = np.unique(np.round(sample.merit[~np.isnan(sample.merit)], 6)).tolist()
        for lower, upper in pairwise(levels) if len(levels) <= MOST else ():
            yield cls(lower=lower, upper=upper)

    def measure(self, sample: Graded) -> float | None:
        """The area."""
        above, below = (np.isclose(sample.merit, level, atol=1e-5) for level in (self.upper, self.lower))
        return area(sample.score[above], sample.score[below])
