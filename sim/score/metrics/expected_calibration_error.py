"""Expected calibration error."""

import numpy as np

from simrun.score.metric import Metric
from simrun.score.values import Confident


class ExpectedCalibrationError(Metric):
    """How far stated confidence is from what came true.

    sum_b n_b / n |mean(right) - mean(confidence)| over `bins` equal cells [j / bins, (j + 1) / bins), 1 in the last;
    empty cells weigh nothing. Biased upwards for few rows a cell, so arms and groups of unequal size differ by chance
    alone. ValueError for confidence outside 0..1.
    """

    needs = Confident
    low, high, fair, worse = 0, 1, 0, "higher"
    undefined = "nobody said how sure they were"
    source = "Guo et al. 2017, arXiv:1706.04599"

    bins: int = 10

    def measure(self, sample: Confident) -> float:
        """The error."""
        stated = sample.confidence
        if stated.min() < 0 or stated.max() > 1:
            raise ValueError(
                f"confidence must be in 0..1, got {stated.min()} to {stated.max()}; divide percentages by 100"
            )
        cell = np.minimum(np.floor(stated * self.bins + 1e-9), self.bins - 1).astype(int)
        return float(np.abs(np.bincount(cell, weights=sample.right - stated)).sum() / len(stated))
