"""Several runs side by side on the pairs that they share: models, mitigations, versions."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.estimate.families import holm
from simrun.estimate.signs import sign_flip
from simrun.report.run import Run
from simrun.scenarios.outcome import Outcome
from simrun.score.arms import ArmResult
from simrun.score.contrasts import ContrastResult
from simrun.score.layout import Codes, Floats, Layout
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.pairs import Pairs


class Side(Record):
    """One of the runs, as its own report tells it: all of its pairs, shared or not."""

    run: str
    reference: ArmResult
    effects: tuple[ContrastResult, ...]
    """The primary outcomes of every contrast that is no control."""


class Shared(Record):
    """What a run has in common with the first one."""

    run: str
    episodes: int
    """Episodes of the reference arm, by case and repeat, that both runs finished."""
    pairs: int
    """Pairs of an arm and its reference, by case, repeat and the names of both, that both runs finished."""
    pairs_first: int
    """Finished pairs of the first run, shared or not."""
    pairs_run: int
    arms_apart: tuple[str, ...]
    """Arms that only one of the two has, or that the other compares with another reference: left out."""


class Between(Record):
    """One figure of a run minus the same of the first run, on the pairs that both finished."""

    run: str
    what: str
    """accuracy (of the reference arm; where a scenario has none, the mean of each primary outcome there) or effect (of
    an arm, within its pairs: a difference in differences)."""
    outcome: str
    arm: str
    reference: str
    """What the arm is compared with; "" for an accuracy or a mean."""
    first: float | None
    """The figure in the first run, on the shared pairs."""
    value: float | None
    """The figure in this run, on the same."""
    difference: float | None
    """value - first; 0 where the runs agree."""
    low: float | None
    high: float | None
    pairs: int
    cases: int
    p: float | None
    """Two-sided, by flipping the signs of whole cases."""
    p_adjusted: float | None
    """Holm, over all comparisons between runs."""


class Comparison(Record):
    """Several runs of one scenario, side by side; the first is what the others are compared with."""

    scenario: str
    outcomes: tuple[str, ...]
    """The primary outcomes of the first run: on these the runs are compared."""
    runs: tuple[Side, ...]
    shared: tuple[Shared, ...]
    between: tuple[Between, ...]
    differing: Mapping[str, tuple[Any, ...]]
    """Config key -> its value in each run, where they are not all the same; None where a run has no such key."""
    notes: tuple[str, ...]


Key = tuple[str, str]
"""What a contrast is known by in several runs: the names of the arm and of its reference."""


class _Compared:
    """A run's values, laid out to be matched with those of another."""

    def __init__(self, run: Run):
        self.run, self.name, self.manifest = run, run.path.name, run.manifests[0]
        self.scenario = self.manifest.scenario.name
        self.kind: type[Outcome] = self.manifest.outcome
        self.reference = self.manifest.arms[0].name
        self.contrasts = {(each.arm, each.reference): each for each in self.manifest.contrasts if not each.control}

    @property
    def layout(self) -> Layout:
        """The run by pairs, read when it is first asked for: what cannot be compared is refused before."""
        return self.run.layout

    def rows(self, other: "_Compared") -> Codes:
        """Rows of the cases and repeats that both planned, in the order that they have seen from either side."""
        cases = sorted(set(self.layout.cases) & set(other.layout.cases))
        return self.layout.rows(cases, min(self.layout.repeats, other.layout.repeats))

    def done(self, key: Key) -> NDArray[np.bool_]:
        """Where all arms of a contrast finished: (pairs,)."""
        return self.layout.done((*self.contrasts[key].arms, *self.contrasts[key].references))

    def level(self, outcome: str) -> Floats:
        """The outcome in the reference arm: (pairs,), NaN where missing."""
        return self.layout.table(outcome, [self.reference])[:, 0]

    def effect(self, outcome: str, key: Key) -> Floats:
        """The arm minus its reference: (pairs,), NaN where either is missing."""
        own = self.contrasts[key]
        difference: Floats = self.layout.table(outcome, own.arms).mean(axis=1) - self.layout.table(
            outcome, own.references
        ).mean(axis=1)
        return difference

    def side(self, outcomes: Sequence[str]) -> Side:
        """What its own report says."""
        scored = self.run.scored
        effects = tuple(each for each in scored.contrasts if each.outcome in outcomes and each.family != "control")
        return Side(run=self.name, reference=scored.arms[0], effects=effects)


def compare(runs: Sequence[Run]) -> Comparison:
    """Set runs side by side, matched by case, repeat and the names of what is compared.

    Between the first run and each other: the difference in accuracy of the reference arm (or in its primary outcomes,
    where there is no accuracy), and the difference of the effects, within pairs, clustered over cases, Holm-adjusted
    over all of them. ConfigError for fewer than two runs, for different scenarios, and where two runs have nothing in
    common.
    """
    told = [_Compared(Run(path, trust=run.trust)) for run in runs for path in run.paths]
    if len(told) < 2:
        raise ConfigError(
            f"a comparison takes at least two runs, got {len(told)}; give their paths, the ends of their names, or last"
        )
    first, *others = told
    outcomes = first.manifest.primary
    shared = tuple(_shared(first, other) for other in others)
    return Comparison(
        scenario=first.scenario,
        outcomes=outcomes,
        runs=tuple(each.side(outcomes) for each in told),
        shared=shared,
        between=_adjusted([each for other in others for each in _between(first, other, outcomes)]),
        differing=_differing(told),
        notes=tuple(_notes(told, shared)),
    )


def _shared(first: _Compared, other: _Compared) -> Shared:
    """What two runs have in common; ConfigError where that is nothing."""
    if other.scenario != first.scenario:
        raise ConfigError(
            f"{first.name} plays {first.scenario} and {other.name} plays {other.scenario}: "
            "only runs of one scenario compare"
        )
    if other.kind is not first.kind:
        raise ConfigError(
            f"{first.name} ends in a {first.kind.__name__} and {other.name} in a {other.kind.__name__}: "
            "only runs of one mode compare"
        )
    if other.reference != first.reference:
        raise ConfigError(
            f"no pair in common: the reference arm of {first.name} is {first.reference!r}, "
            f"that of {other.name} is {other.reference!r}; "
            "play both with the same reference, the first level under vary"
        )
    if not set(first.manifest.cases) & set(other.manifest.cases):
        raise ConfigError(
            f"no pair in common: {first.name} plays the cases {', '.join(first.manifest.cases[:4])}, ... "
            f"and {other.name} {', '.join(other.manifest.cases[:4])}, ...; "
            "play both with the same cases=[...], or with the same seed"
        )
    rows = first.rows(other), other.rows(first)
    episodes = _both(first.layout.done([first.reference]), other.layout.done([other.reference]), rows)
    if not episodes:
        raise ConfigError(
            f"no pair in common: {first.name} and {other.name} have finished no episode of the same case and repeat "
            f"in {first.reference!r}; go on with: simrun resume RUN"
        )
    return Shared(
        run=other.name,
        episodes=episodes,
        pairs=sum(_both(first.done(key), other.done(key), rows) for key in first.contrasts if key in other.contrasts),
        pairs_first=sum(int(first.done(key).sum()) for key in first.contrasts),
        pairs_run=sum(int(other.done(key).sum()) for key in other.contrasts),
        arms_apart=tuple(sorted({arm for arm, _ in first.contrasts.keys() ^ other.contrasts.keys()})),
    )


def _both(first: NDArray[np.bool_], other: NDArray[np.bool_], rows: tuple[Codes, Codes]) -> int:
    return int((first[rows[0]] & other[rows[1]]).sum())


def _between(first: _Compared, other: _Compared, outcomes: Sequence[str]) -> Iterator[Between]:
    accuracy, rows = first.kind.accuracy, (first.rows(other), other.rows(first))
    case = first.layout.case[rows[0]]
    for outcome in (accuracy,) if accuracy else outcomes:
        before, after = first.level(outcome)[rows[0]], other.level(outcome)[rows[1]]
        figures = difference(before, after, case, _span(first, outcome))
        what = "accuracy" if accuracy else "mean"
        yield Between(run=other.name, what=what, outcome=outcome, arm=first.reference, reference="", **figures)
    for key in first.contrasts:
        if key in other.contrasts:
            for outcome in outcomes:
                before, after = first.effect(outcome, key)[rows[0]], other.effect(outcome, key)[rows[1]]
                # an effect is itself a difference: two of them can lie twice the range apart
                figures = difference(before, after, case, _span(first, outcome, 2))
                yield Between(run=other.name, what="effect", outcome=outcome, arm=key[0], reference=key[1], **figures)


def _span(told: _Compared, outcome: str, times: int = 1) -> float | None:
    bounds = told.kind.span(outcome)
    return (bounds.high - bounds.low) * times if bounds else None


def difference(before: Floats, after: Floats, case: Codes, reach: float | None) -> dict[str, Any]:
    """Other minus first, on what both have: values (n,) of the same pairs, NaN where missing, and the case of each.

    `reach` is the greatest difference that a pair can have, None without bounds; 0 is no difference.
    """
    there = ~(np.isnan(before) | np.isnan(after))
    before, after, case = before[there], after[there], case[there]
    found = PairedDifference().measure(Pairs(after, before, case, None if reach is None else 0.0, reach))
    return {
        "first": float(before.mean()) if len(before) else None,
        "value": float(after.mean()) if len(after) else None,
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "pairs": found.n,
        "cases": found.clusters,
        "p": sign_flip(after - before, case, reach),
        "p_adjusted": None,
    }


def _adjusted(found: Sequence[Between]) -> tuple[Between, ...]:
    adjusted = iter(holm([each.p for each in found if each.p is not None]))
    return tuple(each if each.p is None else each.model_copy(update={"p_adjusted": next(adjusted)}) for each in found)


def _differing(told: Sequence[_Compared]) -> dict[str, tuple[Any, ...]]:
    flat = [
        dict(_flat(each.manifest.config.model_dump(mode="json", exclude={"out", "concurrency", "workers", "deadline"})))
        for each in told
    ]
    rows = {key: tuple(each.get(key) for each in flat) for key in sorted(set().union(*flat))}
    return {key: values for key, values in rows.items() if any(one != two for one, two in pairwise(values))}


def _flat(nested: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """`{"backend": {"name": ...}}` as it is written on the command line: backend.name."""
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _notes(told: Sequence[_Compared], shared: Sequence[Shared]) -> Iterator[str]:
    """What a reader must know before the figures."""
    first, *others = told
    for other, common in zip(others, shared, strict=True):
        if common.arms_apart:
            yield f"{other.name}: only one of the two runs has {', '.join(common.arms_apart)}; not compared."
        if other.manifest.cases == first.manifest.cases and other.manifest.suite != first.manifest.suite:
            yield (
                f"{other.name}: its cases have the names of {first.name}'s, but not all of their text: "
                "pairs may not be alike."
            )
    for each in told:
        if not each.run.complete:
            yield f"{each.name} is not complete: simrun resume {each.run.path}"
        if each.manifest.notes:
            yield f"{each.name}: {' '.join(each.manifest.notes)}"
