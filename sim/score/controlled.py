"""Samples of pairs in which the instrument itself is looked at: order turned round, questions turned
round, an injected bias that shows or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from simrun.agents.judges.observer import Observer
from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast
from simrun.plan.injections import Injection
from simrun.score.compared import unfinished
from simrun.score.pairs import Pairs, located
from simrun.score.samples import Located, RunValues


@dataclass(frozen=True)
class Controlled(Pairs):
    """Base: a control of this name against its reference."""

    control: ClassVar[str]

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every measured outcome."""
        for contrast in run.manifest.contrasts:
            for outcome in run.outcome.measured() if contrast.why == cls.control else ():
                yield located(cls, run, outcome, contrast, unfinished(run.manifest, run.layout, contrast))

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """The control."""
        there = any(arm.control == cls.control for arm in manifest.arms)
        return "" if there else f"the control {cls.control} is not played: design.controls=[...,{cls.control}]"


@dataclass(frozen=True)
class Swapped(Controlled):
    """The same in the opposite order."""

    control = "swap"


@dataclass(frozen=True)
class Mirrored(Controlled):
    """The questions turned round, the answers turned back."""

    control = "mirror"


@dataclass(frozen=True)
class Shown(Pairs):
    """Whether a blinded observer saw an injected bias, in an arm that carries it and in one that does not."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every injected bias that was looked for, in every comparison of an arm with it and one without."""
        for injection in run.manifest.injections:
            name = f"{Observer.name}.{injection.name}"
            for contrast in toggled(run, injection) if name in run.layout.outcomes else ():
                yield located(cls, run, name, contrast, unfinished(run.manifest, run.layout, contrast))

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Somebody who looks whether a bias shows."""
        there = Observer.name in manifest.judges
        return "" if there else "nobody looks whether a bias shows: judge=observer"


def toggled(run: RunValues, injection: Injection) -> Iterator[Contrast]:
    """The comparisons of arms that carry a bias with arms that do not."""
    carriers = set(injection.arms)
    for contrast in run.manifest.contrasts:
        if not contrast.control and set(contrast.arms) <= carriers and not set(contrast.references) & carriers:
            yield contrast
