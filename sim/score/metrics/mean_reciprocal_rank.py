"""Mean reciprocal rank."""

import numpy as np

from simrun.score.metric import Metric
from simrun.score.values import Places


class MeanReciprocalRank(Metric):
    """How far in front the truth stands among what was named.

    mean(1 / place), 0 where it was not named; 1 where it is always the first.
    """

    needs = Places
    low, high, fair, worse = 0, 1, None, "lower"
    undefined = "no episode could be judged"
    source = "Voorhees 2001, doi:10.1017/S1351324901002789"

    def measure(self, sample: Places) -> float:
        """The mean."""
        place = sample.value
        return float(np.mean(np.where(place > 0, 1 / np.maximum(place, 1), 0)))
