"""Samples of pairs in which the instrument itself is looked at: order turned round, questions turned round, an injected bias that shows or not."""

from collections.abc import Iterator
from dataclasses import dataclass

from simrun.agents.bias import NONE
from simrun.agents.judges.observer import OBSERVER, SHOWN
from simrun.config.options import Role
from simrun.log.manifest import Manifest
from simrun.plan.arms import Arm
from simrun.score.compared import Contrast, unfinished
from simrun.score.pairs import Pairs, located
from simrun.score.samples import Located, Scored


@dataclass(frozen=True)
class Swapped(Pairs):
    """The same in the opposite order: the control `swap` against its reference."""

    @classmethod
    def found(cls, run: Scored) -> Iterator[Located]:
        """Every measured outcome."""
        yield from _controlled(cls, run, "swap")

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """The control."""
        return _uncontrolled(manifest, "swap")


@dataclass(frozen=True)
class Mirrored(Pairs):
    """The questions turned round, the answers turned back: the control `mirror` against its reference."""

    @classmethod
    def found(cls, run: Scored) -> Iterator[Located]:
        """Every measured outcome."""
        yield from _controlled(cls, run, "mirror")

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """The control."""
        return _uncontrolled(manifest, "mirror")


def _controlled(kind: type[Pairs], run: Scored, control: str) -> Iterator[Located]:
    arm, first = run.control(control), run.manifest.arms[0].name
    for outcome in run.kind.measured() if arm else ():
        contrast = Contrast(str(arm), first, (str(arm),), (first,), control=True)
        yield located(kind, run, outcome, contrast, unfinished(run.manifest, run.layout, contrast))


def _uncontrolled(manifest: Manifest, control: str) -> str:
    there = any(arm.control == control for arm in manifest.arms)
    return "" if there else f"the control {control} is not played: design.controls=[...,{control}]"


@dataclass(frozen=True)
class Shown(Pairs):
    """Whether a blinded observer saw an injected bias, in an arm that carries it and in one that does not."""

    @classmethod
    def found(cls, run: Scored) -> Iterator[Located]:
        """Every injected bias that was looked for, in every comparison of an arm with it and one without."""
        for name in (name for name in run.layout.outcomes if name.startswith(SHOWN)):
            role, _, bias = name.removeprefix(SHOWN).partition(".")
            for contrast in toggled(run, role, bias) if OBSERVER in run.manifest.config.roles else ():
                yield located(cls, run, name, contrast, unfinished(run.manifest, run.layout, contrast))

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Somebody who looks whether a bias shows."""
        return (
            "" if OBSERVER in manifest.config.roles else "nobody looks whether a bias shows: roles.observer.backend=..."
        )


def toggled(run: Scored, role: str, bias: str) -> Iterator[Contrast]:
    """The comparisons of arms in which this role carries the bias with arms in which it does not."""
    carriers = {arm.name for arm in run.manifest.arms if _carries(run.manifest, arm, role, bias)}
    for contrast in run.contrasts:
        if not contrast.control and set(contrast.arms) <= carriers and not set(contrast.references) & carriers:
            yield contrast


def _carries(manifest: Manifest, arm: Arm, role: str, bias: str) -> bool:
    """Whether some agent of this role has the text of the bias, and not only that of its control, in an arm."""
    own, given = arm.settings, manifest.config.roles.get(role, Role())
    dose, biased = own.get(f"{role}.dose", str(given.dose)), own.get(f"{role}.biased", "all")
    return (
        own.get(f"{role}.bias", given.bias) == bias != NONE.name
        and dose != "0"
        and biased != "0"
        and not arm.control.startswith("positive")
    )
