"""Lexical odds ratio."""

import math

from simrun.estimate.resampling import delete_a_group
from simrun.score.counted import Counts
from simrun.score.metric import Metric, Numbers


class OddsRatio(Metric):
    """How much more a word (or a kind of word) belongs to the arm's texts than to the reference's.

    (m / (M - m)) / (f / (F - f)), m of M words in the arm, f of F in the reference, sums over the pairs.
    Above 1 it is said more in the arm. The interval is of its logarithm, by a delete-a-group jackknife over
    cases: words of one text are not independent.
    """

    needs = Counts
    low, high, fair, worse = 0, math.inf, 1, "away"
    undefined = "one of the four counts is 0"
    source = "Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x; for letters Wan et al. 2023, arXiv:2310.09219"
    interval = "own"

    def measure(self, sample: Counts) -> Numbers:
        """The ratio and its interval."""
        value = _log_odds(sample)
        low, high = delete_a_group(lambda rows: _log_odds(sample.part(rows)), sample.case, value)
        one, two, three = (None if each is None else math.exp(each) for each in (value, low, high))
        return Numbers(value=one, low=two, high=three)


def _log_odds(sample: Counts) -> float | None:
    m, total, f, reference = (float(each) for each in sample.sums)
    if min(m, total - m, f, reference - f) <= 0:
        return None
    return math.log(m * (reference - f) / ((total - m) * f))
