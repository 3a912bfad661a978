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


def holm_groups(groups: Sequence[Sequence[float]]) -> list[list[float]]:
    """Adjusted p values of several groups of questions, each group already adjusted within itself.

    Holm's correction over the groups: a group counts until all of its own are rejected. With m(r) the largest p of the
    r-th group in that order and F(r) = max_{s <= r} (K - s + 1) m(s), F(0) = 0, a p of the g-th group becomes
    min_{r < g} max(F(r), (K - r) p), at most 1. Groups of one are Holm's own. No false alarm in all of them together
    but with the level's probability, by the sequential rejection principle (Goeman and Solari 2010,
    doi:10.1214/10-AOS829). Every group needs at least one.
    """
    count = len(groups)
    order = sorted(range(count), key=lambda index: max(groups[index]))
    rejected, adjusted = [0.0], [[] for _ in groups]  # type: ignore[var-annotated]
    for place, index in enumerate(order):
        adjusted[index] = [
            min(1.0, *(max(full, (count - r) * p) for r, full in enumerate(rejected))) for p in groups[index]
        ]
        rejected.append(max(rejected[-1], (count - place) * max(groups[index])))
    return adjusted


def behind(gate: float, gates: int, p: Sequence[float]) -> list[float]:
    """Adjusted p values of questions that are asked only where the one before them is answered.

    Each of `gates` gates has an equal part of the level and hands it on when it opens: max(gate, gates x Holm(p)), at
    most 1, where `gate` is the gate's own p times `gates` (Bretz et al. 2009, doi:10.1002/sim.3495: a graph whose
    gates pass their level to what lies behind).
    """
    return [min(1.0, max(gate, gates * each)) for each in holm(p)]


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p values that keep the share of false alarms among all alarms
    (doi:10.1111/j.2517-6161.1995.tb02031.x)."""
    return [float(value) for value in stats.false_discovery_control(p)] if len(p) else []
