"""Length slope."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.score.judged import Judged
from simrun.score.metric import Metric


class LengthSlope(Metric):
    """How much a judge's score rises when the text is e times as long.

    Least-squares slope of score on ln(words). 0 is best where content is equal, above 0 the judge pays for length
    (times .69: per doubling). ValueError for a text without words.
    """

    needs = Judged
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "all texts are equally long"
    source = "Dubois et al. 2024, arXiv:2404.04475 (length-controlled AlpacaEval)"

    @classmethod
    def asked(cls, sample: Judged) -> Iterator[Self]:
        """Where words were counted."""
        if not np.isnan(sample.words).all():
            yield cls()

    def measure(self, sample: Judged) -> float | None:
        """The slope."""
        there = ~np.isnan(sample.words)
        score, words = sample.verdict[there], sample.words[there]
        if none := int((words <= 0).sum()):
            raise ValueError(f"words: {none} texts have no words; leave empty replies out and count them as excluded")
        length = np.log(words)
        return float(np.cov(length, score, ddof=0)[0, 1] / length.var()) if np.ptp(length) > 0 else None
