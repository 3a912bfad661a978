"""Turns until something happens, where some leave before it has: what the metrics of it share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from simrun.estimate import columns as arrays
from simrun.estimate.columns import Cells, Floats
from simrun.estimate.paired import LEVEL, unseen


@dataclass(frozen=True, slots=True)
class Turns:
    """Events by turn in each case: (cases, horizon) each."""

    events: Floats
    """How many episodes had theirs at the turn."""
    risk: Floats
    """How many were still observed at the turn and had not had it before."""


def turns(events: ArrayLike, observed: ArrayLike, cases: Cells, horizon: int) -> Turns:
    """Count by case.

    `events` (n,) is the turn of the event, from 1, NaN or None for none; `observed` (n,) how many turns were seen.
    """
    event, seen = np.asarray(events, dtype=float), arrays.numbers("observed", observed)
    arrays.aligned(events=event, observed=seen, cases=cases)
    happened = ~np.isnan(event)
    if wrong := int(((event < 1) | (event > seen) | (event % 1 != 0))[happened].sum()) + int((seen < 0).sum()):
        raise ValueError(
            f"events: {wrong} turns are not whole numbers from 1 to the turns observed; None says that there was none"
        )
    if horizon < 1:
        raise ValueError(f"horizon must be at least 1 turn, got {horizon}")
    last, turn = np.where(happened, event, seen), np.arange(1, horizon + 1)
    count = int(cases.max(initial=-1)) + 1

    def by_case(there: NDArray[np.bool_]) -> Floats:
        row, column = np.nonzero(there)
        return (
            np.bincount(cases[row] * horizon + column, minlength=count * horizon).reshape(count, horizon).astype(float)
        )

    return Turns(events=by_case(happened[:, None] & (last[:, None] == turn)), risk=by_case(last[:, None] >= turn))


def survival(events: Floats, risk: Floats) -> Floats:
    """Kaplan-Meier along the last axis: the share without the event after each
    turn, NaN from where nobody was left to tell."""
    with np.errstate(invalid="ignore"):
        left = np.where(risk > 0, 1 - events / risk, np.nan)
    # once all have had it, later turns need nobody to be observed
    gone = np.cumsum(left == 0, axis=-1) > 0
    curve: Floats = np.where(gone, 0.0, np.cumprod(left, axis=-1))
    return curve


def restricted_mean(curve: Floats) -> Floats:
    """Area under the curve up to the horizon, which is its length: 1 for the first turn
    and the share left after each but the last."""
    area: Floats = 1 + curve[..., :-1].sum(axis=-1)
    return area


MANY = 1000
"""Cases above which one is left out at a time: drawing them all anew takes minutes, and
comes to the same (tests/test_survival.py)."""


def draw(sides: Sequence[Turns], draws: int, seed: int) -> list[Floats]:
    """Restricted means of each side when whole cases are drawn with replacement, the same for all sides: (draws,) each.

    With more than MANY cases, the jackknife instead: the means without each case in turn, their deviations scaled to
    spread as draws would (Tukey 1958, doi:10.1214/aoms/1177706647): (cases,) each.
    """
    cases = len(sides[0].events)
    if cases > MANY:
        without = [
            restricted_mean(survival(side.events.sum(axis=0) - side.events, side.risk.sum(axis=0) - side.risk))
            for side in sides
        ]
        scale = np.sqrt((cases - 1) ** 3) / cases
        return [each.mean() + scale * (each - each.mean()) for each in without]
    weights = np.random.default_rng(seed).multinomial(cases, np.full(cases, 1 / cases), size=draws).astype(float)
    return [restricted_mean(survival(weights @ side.events, weights @ side.risk)) for side in sides]


def interval(value: float, drawn: Floats, cases: int, low: float, high: float) -> tuple[float | None, float | None]:
    """Ends of the 95 % interval: t on cases - 1 times the deviation of the draws, within low and high.

    Where no draw differs, the reach of what could go unseen (simrun.estimate.paired.unseen); None for one case, or
    where more than one draw in twenty has no value.
    """
    there = drawn[~np.isnan(drawn)]
    if cases < 2 or len(there) < 0.95 * len(drawn):
        return None, None
    # a bootstrap of few clusters is too narrow by the root of (C - 1) / C, as a variance with n is
    error = float(there.std(ddof=1)) * np.sqrt(cases / (cases - 1))
    if error <= 1e-12:
        return value - unseen(cases) * (value - low), value + unseen(cases) * (high - value)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, cases - 1) * error)
    return max(value - reach, low), min(value + reach, high)
