"""A trend over doses within cases, tested by exchanging the doses' labels inside each case."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate.columns import Floats
from simrun.estimate.relabelling import Places


def slopes(doses: ArrayLike, values: ArrayLike) -> Floats:
    """Least-squares slope of each case on the dose, (cases,): NaN below two doses.

    `doses` (doses,), `values` (cases, doses), NaN where a case has none. In the unit of the value for one more step.
    """
    dose, value = np.asarray(doses, dtype=float), np.asarray(values, dtype=float)
    there = ~np.isnan(value)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (there * dose).sum(axis=-1, keepdims=True) / there.sum(axis=-1, keepdims=True)
        off = np.where(there, dose - middle, 0.0)
        found: Floats = (off * np.where(there, value, 0.0)).sum(axis=-1) / np.square(off).sum(axis=-1)
    return found


def exchanged_slopes(doses: ArrayLike, values: ArrayLike, moved: Places) -> Floats:
    """The mean of the cases' slopes with their doses' labels exchanged, (exchanges,), the first as observed.

    `moved` (exchanges, cases, doses) are those of `exchanges` where a case has a value. Doses that are interchangeable
    in every case have a slope of 0 on average; each case counts once. A contrast of ordered doses (Page 1963,
    doi:10.2307/2282965, on values and not on ranks).
    """
    value = np.asarray(values, dtype=float)
    found: Floats = np.nanmean(slopes(doses, np.take_along_axis(value[None], moved, axis=2)), axis=1)
    return found
