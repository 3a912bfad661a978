"""SkewSize."""

import math
from collections.abc import Mapping

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import Floats, finite
from simrun.score.layout import Codes
from simrun.score.metric import Metric
from simrun.score.values import Answers


class Skew(Record):
    """Skewness over questions of how strongly answers depend on the attribute."""

    value: float | None
    effects: Mapping[str, float | None]
    """Cramér's V of each question; None where all its rows have one answer or one attribute."""


class SkewSize(Metric):
    """Whether a few questions carry most of the dependence of the answer on the attribute.

    Skewness (Fisher-Pearson) over questions of Cramér's V between attribute and answer among the rows of a question,
    without bias correction. 0 is balanced, far above 0 a few questions are strongly biased; below 0 most are: read it
    with the effects. V is above 0 by chance in small cells.
    """

    title = "skewness of the effect over cases"
    needs = Answers
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "fewer than three cases show an effect, or all show the same"
    source = "Albuquerque et al. 2024, arXiv:2407.10633"

    def measure(self, sample: Answers) -> Skew:
        """The skewness, and the effects."""
        from scipy.stats import skew

        effects = _effects(sample.label, sample.attribute, sample.answer)
        there = effects[~np.isnan(effects)]
        varied = len(there) > 2 and np.ptp(there) > 1e-12
        return Skew(
            value=finite(float(skew(there))) if varied else None,
            effects={str(at): finite(float(effects[at])) for at in np.unique(sample.label)},
        )


def _effects(label: Codes, attribute: Codes, answer: Codes) -> Floats:
    """Cramér's V within each label, NaN where a table has one row or one column:
    sqrt(chi2 / (n min(rows - 1, columns - 1)))."""
    shape = tuple(int(code.max()) + 1 for code in (label, attribute, answer))
    cell = (label * shape[1] + attribute) * shape[2] + answer
    table = np.bincount(cell, minlength=shape[0] * shape[1] * shape[2]).reshape(shape).astype(float)
    n, rows, columns = table.sum(axis=(1, 2)), table.sum(axis=2), table.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = rows[:, :, None] * columns[:, None, :] / n[:, None, None]
        squares = np.where(expected > 0, (table - expected) ** 2 / expected, 0.0).sum(axis=(1, 2))
        freedom = np.minimum((rows > 0).sum(axis=1), (columns > 0).sum(axis=1)) - 1
        found: Floats = np.sqrt(squares / (n * freedom))
    return np.where(freedom > 0, found, np.nan)
