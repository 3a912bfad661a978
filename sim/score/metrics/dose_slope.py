"""Dose slope."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class DoseSlope(Record):
    """How an effect grows with the dose of what was planted."""

    slope: float | None
    """None where all doses are the same."""
    at_zero: float | None
    """Mean effect at dose 0, which must be 0; None where dose 0 was not played."""
    monotone: bool | None
    """Mean effects never turn back from dose to dose."""
    isotonic_r2: float | None
    """Share of the variance that any rising (or falling) curve explains; None where the effect does not vary."""


def dose_slope(effects: ArrayLike, doses: ArrayLike) -> DoseSlope:
    """How much an effect changes with one more step of dose.

    Least-squares slope of effect on dose (scipy), beside the fit of the best monotone curve in the slope's direction
    (scikit-learn). `effects` and `doses` are (n,), doses 0..3. Any real number; what a planted agent must give is known,
    for a model 0 is indifference, and a slope without monotone effects is not a dose response.
    Source: extension (defined here), after Armitage 1955, doi:10.2307/3001775 (linear trends).
    """
    from scipy import stats
    from sklearn.isotonic import IsotonicRegression

    effect, dose = arrays.numbers("effects", effects), arrays.numbers("doses", doses)
    arrays.aligned(effects=effect, doses=dose)
    at_zero = float(effect[dose == 0].mean()) if (dose == 0).any() else None
    if len(np.unique(dose)) < 2:
        return DoseSlope(slope=None, at_zero=at_zero, monotone=None, isotonic_r2=None)
    slope = float(stats.linregress(dose, effect).slope)
    steps = np.diff([effect[dose == level].mean() for level in np.unique(dose)])
    curve = IsotonicRegression(increasing=slope >= 0)
    r2 = float(curve.fit(dose, effect).score(dose, effect)) if np.ptp(effect) > 0 else None
    return DoseSlope(
        slope=slope, at_zero=at_zero, monotone=bool((steps >= 0).all() or (steps <= 0).all()), isotonic_r2=r2
    )
