"""P values of several questions that are asked together."""

from collections.abc import Sequence

import numpy as np
from scipy import stats


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p values of a family in which not one false alarm is to be raised: max
    over j <= i of (m - j) p_(j), at most 1.

    Source: Holm 1979, jstor 4615733. Here and not statsmodels', whose import
    would cost each report a second and a half.
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(np.asarray(p, dtype=float)[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(stepped, 1)
    return [float(value) for value in adjusted]


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p values that keep the share of false alarms among all alarms
    (doi:10.1111/j.2517-6161.1995.tb02031.x)."""
    return [float(value) for value in stats.false_discovery_control(p)] if len(p) else []
