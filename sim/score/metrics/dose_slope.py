"""Dose slope."""

import math

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import Floats
from simrun.score.crossed import Doses
from simrun.score.metric import Metric


class Slope(Record):
    """How an effect grows with the dose of what was planted."""

    value: float | None
    """The slope."""
    at_zero: float | None
    """Mean effect at dose 0, which must be 0; None where dose 0 was not played."""
    monotone: bool | None
    """Mean effects never turn back from dose to dose."""
    isotonic_r2: float | None
    """Share of the variance that any rising (or falling) curve explains; None where the effect does not vary."""


class DoseSlope(Metric):
    """How much an effect changes with one more step of dose.

    Least-squares slope of effect on dose (0 to 3; how many of a team carry a bias, or know who the others are; how many
    times a steering vector), beside the fit of the best monotone curve in the slope's direction (scipy). What a planted
    agent must give is known; for a model 0 is indifference, and a slope without monotone effects is no dose response.
    Extension (defined here).
    """

    title = "slope of the effect on the dose"
    needs = Doses
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "there is only one dose"
    source = "extension, after Armitage 1955, doi:10.2307/3001775 (linear trends)"

    def measure(self, sample: Doses) -> Slope:
        """The slope, and what else tells a dose response."""
        effect, dose = sample.effect, sample.dose
        at_zero = float(effect[dose == 0].mean()) if (dose == 0).any() else None
        levels = np.unique(dose)
        if len(levels) < 2:
            return Slope(value=None, at_zero=at_zero, monotone=None, isotonic_r2=None)
        slope = float(np.cov(dose, effect, ddof=0)[0, 1] / dose.var())
        means = np.array([effect[dose == level].mean() for level in levels])
        steps = np.diff(means)
        return Slope(
            value=slope,
            at_zero=at_zero,
            monotone=bool((steps >= 0).all() or (steps <= 0).all()),
            isotonic_r2=_isotonic(effect, dose, means, increasing=slope >= 0),
        )


def _isotonic(effect: Floats, dose: Floats, means: Floats, increasing: bool) -> float | None:
    from scipy.optimize import isotonic_regression

    if not np.ptp(effect):
        return None
    _, place, counts = np.unique(dose, return_inverse=True, return_counts=True)
    curve = np.asarray(isotonic_regression(means, weights=counts, increasing=increasing).x)
    return 1 - float(np.square(effect - curve[place]).sum() / np.square(effect - effect.mean()).sum())
