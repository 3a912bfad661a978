"""What metrics read: frozen samples of a run, each of which finds itself in one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from simrun.log.manifest import Manifest
from simrun.scenarios.outcome import Outcome
from simrun.score.layout import Codes, Layout

if TYPE_CHECKING:
    from simrun.score.judged import Judged

Rows = NDArray[np.bool_]

WORSE: Mapping[str, Literal["lower", "higher", ""]] = {"higher": "lower", "lower": "higher", "neither": ""}
"""Which way is worse, by the way an outcome is better."""


@dataclass(frozen=True, kw_only=True)
class RunValues:
    """A run whose outcomes are laid out: all that samples are found in."""

    manifest: Manifest
    layout: Layout
    wordings: NDArray[np.object_] | None = None
    """The wording of the prompts of each episode, (pairs, arms); None where all are the same."""
    judged: Mapping[str, "Judged"] = field(default_factory=dict)
    """Verdicts beside the labels that people gave, by judge."""

    @property
    def outcome(self) -> type[Outcome]:
        """What an episode comes to."""
        return self.manifest.outcome

    @property
    def axes(self) -> tuple[str, ...]:
        """The persona axes that were varied, as `role.axis`."""
        return self.manifest.axes

    def control(self, name: str) -> str | None:
        """The arm that is this control."""
        return next((arm.name for arm in self.manifest.arms if arm.control == name), None)

    @property
    def settings(self) -> dict[str, Mapping[str, str]]:
        """What is set in each arm that is no control."""
        return {arm.name: arm.settings for arm in self.manifest.arms if not arm.control}

    @property
    def decisive(self) -> tuple[str, ...]:
        """The declared outcomes, the accuracy, the decision and the score, as far as there are any."""
        kind = self.outcome
        every = (*self.manifest.primary, kind.accuracy, kind.decision_field, kind.score_field)
        return tuple(name for name in dict.fromkeys(every) if name in kind.measured())


class Sample(Protocol):
    """Arrays with an entry a row, and the case of each row."""

    @property
    def case(self) -> Codes:
        """(n,): rows of one case are not independent."""

    @property
    def usable(self) -> bool:
        """Whether there is anything to measure."""

    def part(self, rows: Rows) -> Self:
        """Some of the rows."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator["Located"]:
        """Every such sample of a run, and where it stands."""

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """What a run needs in order to have such a sample and has not, and what would do; "" for nothing."""


@dataclass(frozen=True)
class Located:
    """A sample, and where in the run it stands."""

    sample: Sample
    outcome: str = ""
    factor: str = ""
    """The factor or axis by which the groups differ; several are joined by ` & `."""
    arm: str = ""
    """The arm, or the level of the group."""
    reference: str = ""
    within: str = ""
    """The one arm that all of it is from, where groups are as cases state them."""
    floor: tuple[Sample, ...] = ()
    """Samples in which only chance differs."""
    n: int | None = None
    """Where it is not the number of rows."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why planned pairs or episodes are not in the sample, with counts."""


class Rowed:
    """Base of the samples, which are frozen dataclasses: those of its arrays
    that have an entry a row are cut together."""

    case: Codes

    @property
    def usable(self) -> bool:
        """It has rows."""
        return len(self.case) > 0

    def part(self, rows: Rows) -> Self:
        """Some of the rows."""
        return replace(self, **cut(self, rows, len(self.case)))  # type: ignore[type-var]

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Nothing: every run has such a sample."""
        return ""


def distinct(codes: Codes) -> int:
    """How many different whole numbers from 0 there are."""
    return int(np.count_nonzero(np.bincount(codes)))


def cut(record: Any, rows: Rows, length: int) -> dict[str, NDArray[Any]]:
    """Its arrays of this length without the rows that are left out."""
    arrays = {each.name: getattr(record, each.name) for each in fields(record)}
    return {
        name: value[rows] for name, value in arrays.items() if isinstance(value, np.ndarray) and len(value) == length
    }


@dataclass(frozen=True)
class Both(Rowed):
    """The same kind of sample in an arm and in its reference, row by row of the same
    pairs: a metric's difference is asked for."""

    arm: Sample
    reference: Sample

    @property
    def case(self) -> Codes:  # type: ignore[override]
        """Of the pairs."""
        return self.arm.case

    @property
    def usable(self) -> bool:
        """Both sides have something to measure."""
        return self.arm.usable and self.reference.usable

    def part(self, rows: Rows) -> "Both":
        """Some of the pairs."""
        return Both(self.arm.part(rows), self.reference.part(rows))

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Of itself it is found nowhere: one-sided samples make it."""
        return iter(())


def in_arms_and_between(run: RunValues, outcome: str, one: Callable[[str, Rows], Sample]) -> Iterator[Located]:
    """A one-sided sample of every arm, and of both sides of every comparison of two arms;
    `one` takes an arm and the rows to take."""
    for arm in run.layout.arms:
        yield Located(one(arm, run.layout.done([arm])), outcome, arm=arm)
    for each in run.manifest.contrasts:
        if not each.note:
            done = run.layout.done([each.arm, each.reference])
            both = Both(one(each.arm, done), one(each.reference, done))
            yield Located(both, outcome, arm=each.arm, reference=each.reference)
