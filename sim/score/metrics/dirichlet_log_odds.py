"""Log odds of words under an informative Dirichlet prior."""

import math

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.counted import Counts
from simrun.score.metric import Metric


class DirichletLogOdds(Metric):
    """How much more a word belongs to the arm's texts than to the reference's, drawn towards 0 where it is rare.

    log((y + a) / (n + s - y - a)) - log((z + a) / (m + s - z - a)) with a = s (y + z) / (n + m): y of n words of the
    arm, z of m of the reference, and a prior worth `strength` words s that is what both say together. Above 0 the word
    is said more in the arm. Of several words, a column each, all at once: NaN for a word that is never said.
    """

    title = "log odds, drawn towards 0"
    needs = Counts
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "it is never said, or nothing else is"
    source = "Monroe, Colaresi and Quinn 2008, doi:10.1093/pan/mpn018"

    strength: float = 500.0

    def measure(self, sample: Counts) -> float | None:
        """The log odds of one word."""
        found = float(self.of(*sample.sums))
        return found if math.isfinite(found) else None

    def of(self, counted: Floats, total: Floats, reference_counted: Floats, reference_total: Floats) -> Floats:
        """The same of sums over the texts, an entry a word; ValueError for counts below 0."""
        columns = [np.asarray(each, dtype=float) for each in (counted, total, reference_counted, reference_total)]
        if any((each < 0).any() for each in columns):
            raise ValueError("counts of words must not be below 0")
        own, every, other, all_other = columns
        with np.errstate(divide="ignore", invalid="ignore"):
            prior = self.strength * (own + other) / (every + all_other)
            first, second = own + prior, other + prior
            found: Floats = np.log(first / (every + self.strength - first)) - np.log(
                second / (all_other + self.strength - second)
            )
        return np.where(np.isfinite(found), found, np.nan)
