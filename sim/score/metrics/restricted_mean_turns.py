"""Restricted mean of turns."""

import math

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import finite
from simrun.estimate.survival import draw, interval, restricted_mean, survival, turns
from simrun.score.counted import Events
from simrun.score.metric import Metric


class RestrictedMean(Record):
    """How many turns it takes, and how the share without the event falls."""

    value: float | None
    low: float | None = None
    high: float | None = None
    curve: tuple[float | None, ...]
    """Share without the event after turns 1 to the horizon; None from where nobody was left to tell."""
    risk: tuple[int, ...]
    """Episodes that were at stake at each turn."""
    n: int
    clusters: int
    events: int
    left: int
    """Episodes that ended before the horizon without the event, such as by a refusal to go on."""


class RestrictedMeanTurns(Metric):
    """Mean turn of the first event (such as a biased reply), counted up to a horizon;
    episodes that stop before it leave the count.

    Area under the Kaplan-Meier curve: 1 + sum of S(t) over t < horizon = E[min(turn, horizon)], 1 to the horizon;
    higher is better where the event is bad. An event at the horizon counts as none: a horizon one beyond the last turn
    tells them apart. Those who leave are taken to be like those who stay. The interval is of the deviation of a
    bootstrap over cases, with a t quantile. ValueError for a turn that was not observed.
    """

    title = "mean turn"
    needs = Events
    low, high, fair, worse = 1, math.inf, None, ""
    undefined = "nobody was left to tell before the horizon"
    source = (
        "Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452; "
        "Royston and Parmar 2013, doi:10.1186/1471-2288-13-152"
    )
    interval = "own"

    draws: int = 2000
    seed: int = 0

    def measure(self, sample: Events) -> RestrictedMean:
        """The mean turn, its interval, and the curve."""
        horizon = sample.horizon
        case = np.unique(sample.case, return_inverse=True)[1]
        found, count = turns(sample.event, sample.observed, case, horizon), len(np.unique(case))
        curve = survival(found.events.sum(axis=0), found.risk.sum(axis=0))
        value = finite(float(restricted_mean(curve))) if count else None
        low, high = None, None
        if value is not None:
            low, high = interval(value, draw([found], self.draws, self.seed)[0], count, 1, horizon)
        return RestrictedMean(
            value=value,
            low=low,
            high=high,
            curve=tuple(finite(float(share)) for share in curve),
            risk=tuple(int(each) for each in found.risk.sum(axis=0)),
            n=len(case),
            clusters=count,
            events=int(found.events.sum()),
            left=int((np.isnan(sample.event) & (sample.observed < horizon)).sum()),
        )
