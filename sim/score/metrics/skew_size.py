"""SkewSize."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.estimate.columns import Names


class SkewSize(Record):
    """Skewness over labels of how strongly answers depend on the attribute."""

    value: float | None
    """None below three labels with an effect, or where all effects are equal."""
    effects: dict[str, float | None]
    """Cramér's V of each label; None where all its rows have one answer or one attribute."""


def skew_size(attributes: ArrayLike, answers: ArrayLike, labels: ArrayLike) -> SkewSize:
    """Whether a few labels carry most of the dependence of the answer on the attribute.

    Skewness (Fisher-Pearson) over labels of Cramér's V between attribute and answer among the rows of a label, without
    bias correction; both by scipy. `attributes`, `answers` and `labels` (n,), a label being the question or true class.
    Any real number; 0 is balanced, far above 0 a few labels are strongly biased; below 0 most are: read it with the
    effects. V is above 0 by chance in small cells. ValueError below two attributes.
    Source: Albuquerque et al. 2024, arXiv:2407.10633.
    """
    from scipy.stats import skew

    attribute, answer = arrays.labels("attributes", attributes, least=2), arrays.labels("answers", answers)
    label = arrays.labels("labels", labels)
    arrays.aligned(attributes=attribute, answers=answer, labels=label)
    effects = {str(name): _effect(attribute[label == name], answer[label == name]) for name in np.unique(label)}
    there = [effect for effect in effects.values() if effect is not None]
    varied = len(there) > 2 and np.ptp(there) > 1e-12
    return SkewSize(value=arrays.finite(float(skew(there))) if varied else None, effects=effects)


def _effect(attribute: Names, answer: Names) -> float | None:
    from scipy.stats.contingency import association, crosstab

    table = np.asarray(crosstab(attribute, answer).count)
    return float(association(table, method="cramer")) if min(table.shape) > 1 else None
