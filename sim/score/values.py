"""Samples of one outcome, an entry an episode: in one arm, in one group, over several groups or wordings."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from simrun.estimate.columns import Names
from simrun.log.manifest import Manifest
from simrun.score.layout import Codes, Floats
from simrun.score.samples import Located, Rowed, Rows, RunValues, in_arms_and_between


@dataclass(frozen=True)
class Episodes(Rowed):
    """One outcome in one arm (n,): of every measured outcome in every arm."""

    value: Floats
    case: Codes
    low: float | None = None
    high: float | None = None
    better: str = "neither"

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every measured outcome in every arm."""
        for outcome in run.outcome.measured():
            yield from in_arms(cls, run, outcome)


def in_arms(kind: type[Episodes], run: RunValues, outcome: str) -> Iterator[Located]:
    """One outcome in every arm."""
    for arm in run.layout.arms if outcome in run.layout.outcomes else ():
        seen = run.layout.observed(outcome, [arm])
        out = int(run.layout.done([arm]).sum()) - len(seen.value)
        yield Located(
            valued(kind, run, outcome, seen.value, seen.case),
            outcome,
            arm=arm,
            reasons={"value missing": out} if out else {},
        )


def valued(kind: type[Episodes], run: RunValues, outcome: str, value: Floats, case: Codes) -> Episodes:
    """A sample of one outcome, with what the outcome says of itself."""
    span, better = run.outcome.span(outcome), run.outcome.measured().get(outcome)
    low, high = (span.low, span.high) if span else (None, None)
    return kind(value, case, low, high, better.direction if better else "neither")


@dataclass(frozen=True)
class Right(Episodes):
    """Whether an episode came out right: the outcome that its scenario declares as its accuracy, in one arm."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """In every arm."""
        yield from in_arms(cls, run, run.outcome.accuracy)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """An accuracy."""
        return "" if manifest.outcome.accuracy else f"{manifest.outcome.__name__} says not what is right: set accuracy"


@dataclass(frozen=True)
class Places(Episodes):
    """The place of the truth among what was named, in one arm: 1 is the first, 0 where it was not named."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """In every arm, of the episodes whose accuracy was observed."""
        right, place = run.outcome.accuracy, run.outcome.rank_field
        for arm in run.layout.arms if place and right else ():
            told, named = (run.layout.table(field, [arm])[:, 0] for field in (right, place))
            there = ~np.isnan(told)
            sample = cls(np.nan_to_num(named[there]), run.layout.case[there], better="lower")
            out = int(run.layout.done([arm]).sum()) - int(there.sum())
            yield Located(sample, place, arm=arm, reasons={"value missing": out} if out else {})

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """An outcome that says at which place the truth stood."""
        there = manifest.outcome.rank_field and manifest.outcome.accuracy
        return (
            "" if there else f"{manifest.outcome.__name__} says not where the truth stood: set rank_field and accuracy"
        )


@dataclass(frozen=True)
class Groups(Rowed):
    """One outcome and the group of each episode (n,), over all that else was varied; controls are left out."""

    value: Floats
    group: Codes
    """Position in `names`."""
    case: Codes
    names: tuple[str, ...]
    """Of the groups, in alphabetical order."""
    low: float | None = None
    high: float | None = None
    better: str = "neither"

    @property
    def means(self) -> dict[str, float]:
        """By group, of those that have a value."""
        counts, sums = (np.bincount(self.group, by, minlength=len(self.names)) for by in (None, self.value))
        return {name: float(sums[at] / counts[at]) for at, name in enumerate(self.names) if counts[at]}

    def cells(self, cases: int) -> tuple[Floats, Floats]:
        """Number and sum of the values by case, of so many, and by group: (cases, groups) each."""
        shape = cases, len(self.names)
        cell = self.case * shape[1] + self.group
        count, total = (
            np.bincount(cell, by, minlength=cases * shape[1]).reshape(shape).astype(float) for by in (None, self.value)
        )
        return count, total

    def only(self, names: Collection[str]) -> "Groups":
        """Some of the groups."""
        return self.part(np.isin(self.group, [at for at, name in enumerate(self.names) if name in names]))

    @property
    def binary(self) -> bool:
        """Whether each value is a yes or a no, and not a share of several decisions."""
        return (self.low, self.high) == (0, 1) and bool(np.isin(self.value, (0, 1)).all())

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every decisive outcome over every axis that was varied, and over all together where there are several."""
        for outcome, factor, groups in grouped(run):
            yield Located(groups, outcome, factor)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """An axis that is varied."""
        return "" if manifest.axes else "no axis is varied: vary.ROLE.AXIS=[LEVEL,LEVEL]"


def grouped(run: RunValues) -> Iterator[tuple[str, str, Groups]]:
    """Outcome, factor, and the groups."""
    axes = list(run.axes)
    for outcome in run.decisive:
        seen = run.layout.observed(outcome, run.settings)
        one = valued(Episodes, run, outcome, seen.value, seen.case)
        for factor in [[axis] for axis in axes] + ([axes] if len(axes) > 1 else []):
            labels = {arm: " & ".join(own[axis] for axis in factor) for arm, own in run.settings.items()}
            names = tuple(sorted(set(labels.values())))
            codes = np.array([names.index(labels[arm]) if arm in labels else -1 for arm in run.layout.arms])
            groups = Groups(one.value, codes[seen.arm], one.case, names, one.low, one.high, one.better)
            if len(groups.means) > 1:
                yield outcome, " & ".join(factor), groups


@dataclass(frozen=True)
class Group(Episodes):
    """One outcome in one group, over all that else was varied; controls are left out."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every decisive outcome in every level of every axis that was varied, and of all together."""
        for outcome, factor, groups in grouped(run):
            for level in groups.means:
                own = groups.only([level])
                yield Located(valued(cls, run, outcome, own.value, own.case), outcome, factor, arm=level)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """An axis that is varied."""
        return Groups.lacking(manifest)


@dataclass(frozen=True)
class Worded(Rowed):
    """One outcome in one arm, and the wording of the prompts in which it came about (n,)."""

    value: Floats
    wording: Names
    case: Codes

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every decisive outcome in the reference arm."""
        arm, wordings = run.manifest.arms[0].name, run.wordings
        for outcome in run.decisive if wordings is not None else ():
            value = run.layout.table(outcome, [arm])[:, 0]
            there = ~np.isnan(value)
            assert wordings is not None
            words = wordings[there, run.layout.columns([arm])[0]].astype(str)
            yield Located(cls(value[there], words, run.layout.case[there]), outcome, arm=arm)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Several wordings."""
        drawn = manifest.scenario.wording == "drawn"
        return "" if drawn else "all prompts have one wording: scenario.wording=drawn"


@dataclass(frozen=True)
class Anchored(Rowed):
    """Whether a wrong answer was the one that was planted, in one arm (n,): NaN where the answer was right."""

    value: Floats
    case: Codes

    @property
    def usable(self) -> bool:
        """Somebody was wrong."""
        return bool((~np.isnan(self.value)).any())

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """In every arm, and the difference of every comparison of two arms."""
        right, anchor = run.outcome.accuracy, run.outcome.anchor_field
        if not right or not anchor:
            return

        def one(arm: str, rows: Rows) -> "Anchored":
            came, told = (run.layout.table(field, [arm])[rows, 0] for field in (right, anchor))
            return cls(np.where(came == 0, told, np.nan), run.layout.case[rows])

        yield from in_arms_and_between(run, anchor, one)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """An outcome that says whether the answer was the planted one."""
        there = manifest.outcome.anchor_field and manifest.outcome.accuracy
        return "" if there else f"{manifest.outcome.__name__} says not what is planted: set anchor_field and accuracy"


@dataclass(frozen=True)
class Answers(Rowed):
    """What was answered (n,), by the attribute that was varied and by what was asked."""

    answer: Codes
    attribute: Codes
    """Both as whole numbers from 0."""
    label: Codes
    """The question: the case."""
    case: Codes

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every decisive yes or no over every axis that was varied, where each
        case was asked several times in each group."""
        for outcome, factor, groups in grouped(run) if run.layout.repeats > 1 else ():
            if groups.binary:
                sample = cls(groups.value.astype(np.int64), groups.group, groups.case, groups.case)
                yield Located(sample, outcome, factor)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Groups, and repeats."""
        return Group.lacking(manifest) or ("" if manifest.repeats > 1 else "each case is asked once: repeats=2 or more")


@dataclass(frozen=True)
class Graded(Rowed):
    """A score beside what is true, in one arm (n,)."""

    score: Floats
    merit: Floats
    """NaN where it is not known."""
    qualified: Floats
    """1, 0, or NaN where it is not known."""
    case: Codes

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The outcome's score in every arm that is no control."""
        kind, layout = run.outcome, run.layout
        for arm in run.settings if kind.score_field and (kind.merit_field or kind.qualified_field) else ():
            score = layout.table(kind.score_field, [arm])[:, 0]
            there = ~np.isnan(score)
            merit, qualified = (
                layout.table(name, [arm])[there, 0] if name else np.full(int(there.sum()), np.nan)
                for name in (kind.merit_field, kind.qualified_field)
            )
            yield Located(cls(score[there], merit, qualified, layout.case[there]), kind.score_field, arm=arm)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A score and what it should have been."""
        kind = manifest.outcome
        there = kind.score_field and (kind.merit_field or kind.qualified_field)
        return (
            ""
            if there
            else f"{kind.__name__} says not what is true: set score_field, and merit_field or qualified_field"
        )


@dataclass(frozen=True)
class Confident(Rowed):
    """Whether it came out right, and how sure somebody was of it, 0 to 1, in one arm (n,)."""

    right: Floats
    confidence: Floats
    case: Codes

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """In every arm that is no control."""
        kind = run.outcome
        for arm in run.settings if kind.accuracy and kind.confidence_field else ():
            both = np.stack([run.layout.table(name, [arm])[:, 0] for name in (kind.accuracy, kind.confidence_field)])
            there = ~np.isnan(both).any(axis=0)
            sample = cls(both[0, there], both[1, there], run.layout.case[there])
            yield Located(sample, kind.confidence_field, arm=arm)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A confidence."""
        there = manifest.outcome.accuracy and manifest.outcome.confidence_field
        return (
            "" if there else f"{manifest.outcome.__name__} says not how sure it is: set confidence_field and accuracy"
        )
