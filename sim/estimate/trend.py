"""A trend over doses within cases, tested by exchanging the doses' labels inside each case."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate.columns import Floats, ratio
from simrun.estimate.relabelling import Places


def slopes(doses: ArrayLike, values: ArrayLike) -> Floats:
    """Least-squares slope of each case on the dose, (cases,): NaN below two doses.

    `doses` (doses,), `values` (cases, doses), NaN where a case has none. In the unit of the value for one more step.
    """
    value = np.asarray(values, dtype=float)
    off = _off(doses, value)
    return ratio((off * np.nan_to_num(value)).sum(axis=-1), np.square(off).sum(axis=-1))


def steepest(doses: ArrayLike, values: ArrayLike) -> float:
    """The largest slope that any of these cases could have, of values in a range of 1: what bounds their mean."""
    off = _off(doses, np.asarray(values, dtype=float))
    return float(np.nanmax(ratio(np.abs(off).sum(axis=-1) / 2, np.square(off).sum(axis=-1))))


def _off(doses: ArrayLike, value: Floats) -> Floats:
    """Each dose less the mean of those of its case, 0 where the case has no value."""
    dose, there = np.asarray(doses, dtype=float), ~np.isnan(value)
    middle = ratio((there * dose).sum(axis=-1, keepdims=True), there.sum(axis=-1, keepdims=True))
    return np.where(there, dose - middle, 0.0)


def exchanged_slopes(doses: ArrayLike, values: ArrayLike, moved: Places) -> Floats:
    """The mean of the cases' slopes with their doses' labels exchanged, (exchanges,), the first as observed.

    `moved` (exchanges, cases, doses) are those of `exchanges` where a case has a value. Doses that are interchangeable
    in every case have a slope of 0 on average; each case counts once. A contrast of ordered doses (Page 1963,
    doi:10.2307/2282965, on values and not on ranks).
    """
    value = np.asarray(values, dtype=float)
    found: Floats = np.nanmean(slopes(doses, np.take_along_axis(value[None], moved, axis=2)), axis=1)
    return found
