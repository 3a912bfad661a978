"""Confusion of a judge."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class Confusion(Record):
    """True and false positive rates by group; None where a group has no such label."""

    tpr: dict[str, float | None]
    fpr: dict[str, float | None]
    tpr_gap: float | None
    """Largest minus smallest; None where a group has none."""
    fpr_gap: float | None


def judge_confusion(judged: ArrayLike, labels: ArrayLike, groups: ArrayLike) -> Confusion:
    """How often a judge, or whoever decides, is right and wrongly positive, by group.

    TPR = P(judged = 1 | label = 1, a), FPR = P(judged = 1 | label = 0, a). `judged` and `labels` (n,) are 0 or 1, `groups`
    (n,). 0 to 1; TPR 1 and FPR 0 are best, gaps of 0 are fair: a judge with unequal FPR finds bias where there is none.
    ValueError below two groups.
    Source: Hardt, Price and Srebro 2016, arXiv:1610.02413 (the rates, by group).
    """
    found, label = arrays.decisions("judged", judged), arrays.decisions("labels", labels)
    group = arrays.labels("groups", groups, least=2)
    arrays.aligned(judged=found, labels=label, groups=group)
    names = [str(name) for name in np.unique(group)]
    tpr, fpr = ({name: _rate(found[(group == name) & (label == side)]) for name in names} for side in (1, 0))
    return Confusion(tpr=tpr, fpr=fpr, tpr_gap=_gap(tpr), fpr_gap=_gap(fpr))


def _rate(found: arrays.Floats) -> float | None:
    return float(found.mean()) if len(found) else None


def _gap(rates: dict[str, float | None]) -> float | None:
    there = [rate for rate in rates.values() if rate is not None]
    return max(there) - min(there) if len(there) == len(rates) else None
