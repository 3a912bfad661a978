"""Samples of counts and of events: what an outcome counts of another, and when something happened."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simrun.log.manifest import Manifest
from simrun.score.layout import Codes, Floats
from simrun.score.samples import Located, Rowed, RunValues


@dataclass(frozen=True)
class Counts(Rowed):
    """How much was counted, and of how much, in an arm and in its reference: an entry a
    pair (n,), or a column a word (n, words)."""

    counted: Floats
    total: Floats
    reference_counted: Floats
    reference_total: Floats
    case: Codes

    @property
    def sums(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Over the pairs."""
        columns = (self.counted, self.total, self.reference_counted, self.reference_total)
        one, two, three, four = (column.sum(axis=0) for column in columns)
        return one, two, three, four

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every count in every comparison that is no control and is between two arms."""
        for name, count in run.outcome.counts().items():
            for each in run.manifest.contrasts:
                if not each.control and not each.note:
                    yield _counted(run, name, count.of, each.arm, each.reference)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A field that counts."""
        there = manifest.outcome.counts()
        return "" if there else f"{manifest.outcome.__name__} counts nothing: annotate a field with Count(of=FIELD)"


def _counted(run: RunValues, name: str, of: str, arm: str, reference: str) -> Located:
    done = run.layout.done([arm, reference])
    table = np.hstack([run.layout.table(field, [arm, reference])[done] for field in (name, of)])
    there = ~np.isnan(table).any(axis=1)
    one, other, all_one, all_other = table[there].T
    sample = Counts(one, all_one, other, all_other, run.layout.case[done][there])
    out = int((~there).sum())
    return Located(sample, name, arm=arm, reference=reference, reasons={"count missing in an arm": out} if out else {})


@dataclass(frozen=True)
class Events(Rowed):
    """The turn of an event in one arm, NaN where there was none, and how many turns were observed (n,)."""

    event: Floats
    observed: Floats
    case: Codes
    horizon: int
    """Turns up to which is counted; an event at the horizon counts as none."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every event, and the first yes of every series of yes and no, in every arm."""
        for arm in run.layout.arms:
            for name, event, observed, horizon in _timed(run, [arm]):
                done = run.layout.done([arm])
                yield Located(cls(event[done, 0], observed[done, 0], run.layout.case[done], horizon), name, arm=arm)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Something that happens at a turn."""
        kind = manifest.outcome
        there = kind.events() or any(shape.turns for shape in kind.shapes().values())
        return (
            ""
            if there
            else f"{kind.__name__} has nothing that happens at a turn: annotate a field with Event(...) or as a Series"
        )


@dataclass(frozen=True)
class EventPairs(Rowed):
    """Events in an arm and in its reference, of the same pairs."""

    arm: Events
    reference: Events

    @property
    def case(self) -> Codes:  # type: ignore[override]
        """Of the pairs."""
        return self.arm.case

    def part(self, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> "EventPairs":
        """Some of the pairs."""
        return EventPairs(self.arm.part(rows), self.reference.part(rows))

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every event in every comparison of two arms that is no control."""
        for each in run.manifest.contrasts:
            if each.control or each.note:
                continue
            done, sides = run.layout.done((each.arm, each.reference)), (each.arm, each.reference)
            case = run.layout.case[done]
            for name, event, observed, horizon in _timed(run, sides) if done.any() else ():
                one, other = (Events(event[done, at], observed[done, at], case, horizon) for at in (0, 1))
                yield Located(cls(one, other), name, arm=each.arm, reference=each.reference)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Something that happens at a turn."""
        return Events.lacking(manifest)


def _timed(run: RunValues, arms: "tuple[str, str] | list[str]") -> Iterator[tuple[str, Floats, Floats, int]]:
    """Each event: its turn and how many turns were observed, (pairs, arms), and the horizon."""
    scenario = run.manifest.scenario
    for name, event in run.outcome.events().items():
        happened, seen = (run.layout.table(field, arms) for field in (name, event.until))
        # an event in the last turn comes before the horizon
        yield name, happened, seen, int(getattr(scenario, event.horizon)) + 1
    for name, detail in run.layout.details.items():
        span = run.outcome.span(name) if name in run.outcome.model_fields else None
        if span and run.outcome.shapes()[name].turns and (span.low, span.high) == (0, 1):
            value = run.layout.series(name, arms)
            came = value == 1
            first = np.where(came.any(axis=2), came.argmax(axis=2) + 1.0, np.nan)
            yield name, first, detail.turns[:, run.layout.columns(arms)].astype(float), value.shape[2] + 1
