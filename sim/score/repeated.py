"""Samples with several values an episode: a value a turn, a value for each subject."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simrun.log.manifest import Manifest
from simrun.score.layout import Codes, Floats
from simrun.score.samples import Both, Located, Rowed, Rows, RunValues, in_arms_and_between


@dataclass(frozen=True)
class Series(Rowed):
    """A value a turn in one arm, (n, turns), NaN where it is missing or was not observed."""

    value: Floats
    turns: Codes
    """How many turns were observed (n,), missing values included."""
    case: Codes
    low: float | None = None
    high: float | None = None
    better: str = "neither"
    of_all: Floats | None = None
    """Where each value is the share of an episode's attempts that succeeded: the same of all attempts, refused ones
    too (n,)."""

    @property
    def usable(self) -> bool:
        """Some turn has a value."""
        return bool((~np.isnan(self.value)).any()) or self.of_all is not None

    @property
    def binary(self) -> bool:
        """Whether each turn is a yes or a no."""
        return (self.low, self.high) == (0, 1) and bool(np.isin(self.value[~np.isnan(self.value)], (0, 1)).all())

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every series in every arm, and the difference of every comparison of two arms."""
        for name in (
            name for name, shape in run.outcome.shapes().items() if shape.turns and name in run.layout.details
        ):
            value, turns = run.layout.series(name), run.layout.details[name].turns
            span, better = run.outcome.span(name), run.outcome.measured().get(name)
            low, high = (span.low, span.high) if span else (None, None)
            way = better.direction if better else "neither"

            def one(arm: str, rows: Rows) -> "Series":
                at = run.layout.columns([arm])[0]
                return cls(value[rows, at], turns[rows, at], run.layout.case[rows], low, high, way)  # noqa: B023

            yield from in_arms_and_between(run, name, one)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A series."""
        kind = manifest.outcome
        there = any(shape.turns for shape in kind.shapes().values())
        return "" if there else f"{kind.__name__} has no value a turn: annotate a field as a Series"


@dataclass(frozen=True)
class Attempts(Series):
    """Whether attempts succeeded: yes or no a turn, or the share of an episode's attempts, (n, 1)."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every series, and the shares that an outcome declares."""
        yield from super().found(run)
        if not run.outcome.success_fields:
            return
        valid, every = run.outcome.success_fields
        better = run.outcome.measured()[valid].direction

        def one(arm: str, rows: Rows) -> "Attempts":
            of_valid, of_all = (run.layout.table(field, [arm])[rows, 0] for field in (valid, every))
            turns = np.ones(len(of_all), dtype=np.int64)
            return cls(of_valid[:, None], turns, run.layout.case[rows], 0, 1, better, of_all)

        yield from in_arms_and_between(run, valid, one)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Attempts."""
        return "" if manifest.outcome.success_fields else super().lacking(manifest)


@dataclass(frozen=True)
class Subjects(Rowed):
    """A value of each subject of an episode (a reviewer, a paper, a member) in one
    arm, (n, subjects), NaN where it is missing."""

    value: Floats
    case: Codes
    before: Floats | None = None
    """The same before the discussion, where the outcome tells it."""
    low: float | None = None
    high: float | None = None
    merit: Floats | None = None
    """What the episode is truly worth (n,), NaN where it is not known; None where no outcome says so."""

    @property
    def usable(self) -> bool:
        """Some subject has a value."""
        return bool((~np.isnan(self.value)).any())

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every field by subject in every arm, and the difference of every comparison of two arms."""
        kind, layout = run.outcome, run.layout
        several = (name for name, shape in kind.shapes().items() if shape.subjects and name in layout.details)
        for name in (name for name in several if name not in (kind.distance_field, kind.reasons_field)):
            names, value = layout.subjects(name)
            span = kind.span(name)
            low, high = (span.low, span.high) if span else (None, None)
            first = kind.before_field if name == (kind.after_field or kind.score_field) else ""
            earlier = _aligned(names, *layout.subjects(first)) if first in layout.details else None

            def one(arm: str, rows: Rows) -> "Subjects":
                at = layout.columns([arm])[0]
                before = None if earlier is None else earlier[rows, at]  # noqa: B023
                merit = layout.table(kind.merit_field, [arm])[rows, 0] if kind.merit_field else None
                return cls(value[rows, at], layout.case[rows], before, low, high, merit)  # noqa: B023

            yield from in_arms_and_between(run, name, one)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A field by subject."""
        kind = manifest.outcome
        there = any(shape.subjects for shape in kind.shapes().values())
        return "" if there else f"{kind.__name__} has no value for each subject: annotate a field as PerSubject"


@dataclass(frozen=True)
class Shifts(Subjects):
    """Values of each subject before and after a discussion."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The outcome's score by subject, where the same before the discussion is told."""
        for each in super().found(run):
            sample = each.sample
            one = sample.arm if isinstance(sample, Both) else sample
            if isinstance(one, Subjects) and one.before is not None:
                yield each

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """The score before the discussion."""
        kind = manifest.outcome
        there = (kind.after_field or kind.score_field) and kind.before_field
        return (
            "" if there else f"{kind.__name__} says not what the scores were before: set score_field and before_field"
        )


def _aligned(names: tuple[str, ...], others: tuple[str, ...], values: Floats) -> Floats:
    """Values of other subjects in the order of these, NaN for those who have none."""
    found = np.full((*values.shape[:2], len(names)), np.nan)
    for at, name in enumerate(names):
        if name in others:
            found[:, :, at] = values[:, :, others.index(name)]
    return found


@dataclass(frozen=True)
class Reasoned(Rowed):
    """Decisions in an arm and in its reference, the reasons that were given for them, and
    how much was said: an entry a pair (n,)."""

    decision: Floats
    reference_decision: Floats
    reasons: Floats
    """(n, reasons): 1 where this one of a fixed list was given, else 0."""
    reference_reasons: Floats
    amount: Floats
    """Such as words; the same in all where nothing is counted."""
    reference_amount: Floats
    case: Codes

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every comparison of two arms, in an outcome that tells its reasons."""
        kind, layout = run.outcome, run.layout
        for each in run.manifest.contrasts if kind.decision_field and kind.reasons_field in layout.details else ():
            if each.note:
                continue
            arms, done = [each.arm, each.reference], layout.done([each.arm, each.reference])
            decided = layout.table(kind.decision_field, arms)[done]
            given = np.nan_to_num(layout.subjects(kind.reasons_field)[1][done][:, layout.columns(arms)])
            said = layout.table(kind.amount_field, arms)[done] if kind.amount_field else np.ones_like(decided)
            there = ~np.isnan(np.hstack([decided, said])).any(axis=1)
            (one, other), (why, others), (much, more) = ((s[there, 0], s[there, 1]) for s in (decided, given, said))
            out = int((~there).sum())
            yield Located(
                cls(one, other, why, others, much, more, layout.case[done][there]),
                kind.decision_field,
                arm=each.arm,
                reference=each.reference,
                reasons={"value missing in an arm": out} if out else {},
            )

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Reasons."""
        kind = manifest.outcome
        there = kind.decision_field and kind.reasons_field
        return (
            ""
            if there
            else f"{kind.__name__} tells no reasons: set decision_field and reasons_field (PerSubject of yes and no)"
        )
