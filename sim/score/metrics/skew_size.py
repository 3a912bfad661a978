"""SkewSize."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

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

        names, label = np.unique(sample.label, return_inverse=True)
        effects = _effects(label, sample.attribute, sample.answer)
        there = effects[~np.isnan(effects)]
        varied = len(there) > 2 and np.ptp(there) > 1e-12
        return Skew(
            value=finite(float(skew(there))) if varied else None,
            effects={str(name): finite(float(effect)) for name, effect in zip(names, effects, strict=True)},
        )


def _effects(label: Codes, attribute: NDArray[Any], answer: NDArray[Any]) -> Floats:
    """Cramér's V within each label, NaN where a table has one row or one column:
    sqrt(chi2 / (n min(rows - 1, columns - 1)))."""
    codes = [np.unique(column, return_inverse=True)[1] for column in (attribute, answer)]
    table = np.zeros((int(label.max()) + 1, *(int(code.max()) + 1 for code in codes)))
    np.add.at(table, (label, *codes), 1.0)
    n, rows, columns = table.sum(axis=(1, 2)), table.sum(axis=2), table.sum(axis=1)
    expected = rows[:, :, None] * columns[:, None, :] / n[:, None, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.where(expected > 0, (table - expected) ** 2 / expected, 0.0).sum(axis=(1, 2))
        freedom = np.minimum((rows > 0).sum(axis=1), (columns > 0).sum(axis=1)) - 1
        found: Floats = np.sqrt(squares / (n * freedom))
    return np.where(freedom > 0, found, np.nan)
