"""Slope over turns."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.repeated import Series


class TurnSlope(Metric):
    """How much a value changes from one turn to the next.

    Mean over episodes of the least-squares slope of the value on the turn, in the unit of the value a turn; an episode
    with fewer than two values has none. Its difference between two arms is how fast their difference changes: with a
    sign unlike that of the difference itself, an effect that fades. Extension (defined here).
    """

    title = "change a turn"
    needs = Series
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "no episode has values at two turns"
    source = (
        "extension, of least squares by episode (summary measures: Matthews et al. 1990, doi:10.1136/bmj.300.6719.230)"
    )
    order = 17

    @classmethod
    def asked(cls, sample: Series) -> Iterator[Self]:
        """Of values at several turns."""
        if sample.value.shape[1] > 1:
            yield cls()

    def measure(self, sample: Series) -> float | None:
        """The mean slope."""
        found = slopes(sample.value)
        there = ~np.isnan(found)
        return float(found[there].mean()) if there.any() else None


def slopes(value: Floats) -> Floats:
    """The least-squares slope over the last axis, NaN where fewer than two values are there."""
    there = ~np.isnan(value)
    count = there.sum(axis=-1, keepdims=True)
    turn = np.broadcast_to(np.arange(value.shape[-1], dtype=float), value.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.where(there, turn - np.where(there, turn, 0).sum(axis=-1, keepdims=True) / count, 0)
        found: Floats = (away * np.where(there, value, 0)).sum(axis=-1) / np.square(away).sum(axis=-1)
    return np.where(count[..., 0] > 1, found, np.nan)
