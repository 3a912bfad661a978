"""How far what some carry is taken up by others, round by round and step by step, beside what happens without it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.bounded import case_means
from simrun.estimate.columns import Floats
from simrun.estimate.paired import LEVEL, Estimate, interval
from simrun.plan.arms import Arm
from simrun.plan.factors import SCENARIO
from simrun.report.breakdown import PartResult, part
from simrun.scenarios.outcome import Range
from simrun.score.compared import Sides
from simrun.score.layout import Codes, nanmean
from simrun.score.scored import Scored

HEARING = "hearing"
"""The option of a scenario that says whether anybody hears anybody."""
CARRIED = ("biased", "bias", "dose", "control", "target")
"""Kinds of factors that say who carries what."""
ANY, UNREACHED, OWN = "any", "no way", "0"
"""Stand in the place of a number of steps: all who do not carry it; those to whom no way leads; those who carry it."""
SPAN = Range(0, 1)
NOT_PLAYED = Estimate(value=None, n=0, clusters=0)


class Nulls(Record):
    """An arm in which some carry a bias and all hear each other, and what it is held against; "" where it was not
    played."""

    arm: str
    drift: str
    """The same, but nobody hears anybody: own drift."""
    plain: str
    """The same, but nobody carries it: what the talk alone does."""


class WaveResult(Record):
    """Share of those at one distance who say it in one round: means over episodes of the shares within them."""

    arm: str
    distance: str
    """Steps from the nearest who carries it, 0 for those who do; `any` for all who do not, `no way` for those out of
    reach."""
    round: int
    """From 1."""
    spread: Estimate
    drift: Estimate
    """The same persons in the arm in which nobody hears anybody; without a value where that was not played."""
    plain: Estimate
    """The same persons in the arm in which nobody carries it; without a value where that was not played."""


class ContagionResult(Record):
    """How many more of those who carry nothing say it than under both nulls; for those who carry it, what that does."""

    arm: str
    distance: str
    round: int
    """The last one."""
    over_drift: Estimate
    """The arm less own drift, within pairs."""
    over_plain: Estimate
    """The arm less the talk in which nobody carries it: at distance 0, the direct effect."""
    contagion: float | None
    """The smaller of the two; None at distance 0."""
    low: float | None
    """95 %: the smaller of their lower ends, since it exceeds both only where each is exceeded (Berger 1982,
    doi:10.1080/00401706.1982.10487790), to the smaller of their upper ends at 97.5 % each (Bonferroni)."""
    high: float | None


@dataclass(frozen=True)
class Wave:
    """One infected arm and its nulls: the values of those who do not carry the bias in it, the same persons in all."""

    nulls: Nulls
    value: dict[str, Floats]
    """Arm -> (pairs, rounds, members)."""
    away: Floats
    """(pairs, members): steps from who carries it in the infected arm; NaN where no way leads from one."""
    case: Codes

    def distances(self) -> tuple[str, ...]:
        """All who do not carry it together, and those that some episode has."""
        known = sorted({int(far) for far in np.unique(self.away[~np.isnan(self.away)])})
        lost = (UNREACHED,) if np.isnan(self.away).any() else ()
        return (ANY, *map(str, known), *lost)

    def share(self, arm: str, distance: str, turn: int) -> Floats:
        """Share of those at a distance who say it in a round, (pairs,); NaN where nobody is, or said anything."""
        at = {ANY: self.away != 0, UNREACHED: np.isnan(self.away)}
        there = at[distance] if distance in at else self.away == int(distance)
        return nanmean(np.where(there, self.value[arm][:, turn], np.nan), axis=1)

    def against(self, arm: str, distance: str, turn: int) -> PartResult:
        """The infected arm beside another, of the same persons, within pairs."""
        one, other = (self.share(each, distance, turn)[:, None] for each in (self.nulls.arm, arm))
        return part(Sides(one, other, self.case), SPAN)


def nulls(run: Scored) -> tuple[Nulls, ...]:
    """Every arm in which something could spread, and what it is held against."""
    arms = [arm for arm in run.manifest.arms if not arm.control]
    carried = {arm for each in run.manifest.injections for arm in each.arms}
    infected = [arm for arm in arms if arm.name in carried and _hear(run, arm)]
    return tuple(
        Nulls(
            arm=arm.name,
            drift=_like(arm, [each for each in arms if each.name in carried and not _hear(run, each)], (HEARING,)),
            plain=_like(arm, [each for each in arms if each.name not in carried and _hear(run, each)], CARRIED),
        )
        for arm in infected
    )


def _hear(run: Scored, arm: Arm) -> bool:
    return bool(getattr(run.manifest.config.played(arm.options()), HEARING, True))


def _like(arm: Arm, others: Sequence[Arm], but: tuple[str, ...]) -> str:
    """The first of the others that is set as this one but for some things, "" for none."""

    def rest(one: Arm) -> dict[str, str]:
        return {each.name: each.level for each in one.sets if not _is(each.role, each.what, each.kind, but)}

    return next((each.name for each in others if rest(each) == rest(arm)), "")


def _is(role: str, what: str, kind: str, but: tuple[str, ...]) -> bool:
    return what in but if role == SCENARIO else kind in but


def waves(run: Scored) -> Iterator[Wave]:
    """Each infected arm with its nulls, where some do not carry it; nothing for an outcome in which nothing spreads."""
    said, away = run.outcome.spread_field, run.outcome.distance_field
    if said not in run.layout.details or away not in run.layout.details:
        return
    layout, value, far = run.layout, run.layout.details[said], run.layout.details[away]
    members = [far.subjects.index(name) for name in value.subjects]
    for each in nulls(run):
        names = [name for name in dict.fromkeys((each.arm, each.drift, each.plain)) if name]
        done, at = layout.done(names), layout.columns([each.arm])[0]
        if done.any() and (far.value[done, at, 0] != 0).any():
            own = {name: value.value[done, layout.columns([name])[0]] for name in names}
            yield Wave(each, own, far.value[done, at, 0][:, members], layout.case[done])


def wave(run: Scored) -> tuple[WaveResult, ...]:
    """Every round at every distance of every infected arm."""
    return tuple(found for each in waves(run) for found in _waved(each))


def _waved(own: Wave) -> Iterator[WaveResult]:
    for distance in own.distances():
        for turn in range(own.value[own.nulls.arm].shape[1]):
            yield WaveResult(
                arm=own.nulls.arm,
                distance=distance,
                round=turn + 1,
                spread=own.against(own.nulls.arm, distance, turn).arm_mean,
                drift=own.against(own.nulls.drift, distance, turn).reference_mean if own.nulls.drift else NOT_PLAYED,
                plain=own.against(own.nulls.plain, distance, turn).reference_mean if own.nulls.plain else NOT_PLAYED,
            )


def contagion(run: Scored) -> tuple[ContagionResult, ...]:
    """In the last round, at every distance of every infected arm that has both nulls."""
    return tuple(
        _contagion(each, distance)
        for each in waves(run)
        if each.nulls.drift and each.nulls.plain
        for distance in each.distances()
    )


def _contagion(own: Wave, distance: str) -> ContagionResult:
    last = own.value[own.nulls.arm].shape[1] - 1
    nulls = (own.nulls.drift, own.nulls.plain)
    both = [own.against(name, distance, last).difference for name in nulls]
    held = both if distance != OWN else []  # nothing is taken up by those who have it
    return ContagionResult(
        arm=own.nulls.arm,
        distance=distance,
        round=last + 1,
        over_drift=both[0],
        over_plain=both[1],
        contagion=least([each.value for each in held]),
        low=least([each.low for each in held]),
        high=least([_upper(own, name, distance, last) for name in nulls if held]),
    )


def least(values: Sequence[float | None]) -> float | None:
    """The smallest, None where one is missing."""
    there = [each for each in values if each is not None]
    return min(there, default=None) if len(there) == len(values) else None


def _upper(own: Wave, null: str, distance: str, turn: int) -> float | None:
    """The upper end of the interval at 97.5 %."""
    apart = own.share(own.nulls.arm, distance, turn) - own.share(null, distance, turn)
    there = ~np.isnan(apart)
    if not there.any():
        return None
    return interval(case_means(apart[there], own.case[there]), -SPAN.high, SPAN.high, 1 - (1 - LEVEL) / 2)[1]
