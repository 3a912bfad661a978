"""The cells of a design: what an arm does to each role, and which control it is."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Literal

from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.config.options import Design
from simrun.plan.factors import RANDOM, SCENARIO, STEERED, Factor, Kind
from simrun.plan.fraction import fraction
from simrun.scenarios.base import Scenario

Control = Literal["", "same", "placebo", "random", "swap", "mirror", "positive", "positive reference"]
"""Which control an arm is, "" for none. The positive control is two arms: scripted
agents without the planted bias, and with it."""


class Setting(Record):
    """One thing that an arm sets."""

    role: str
    what: str
    kind: Kind
    level: str

    @property
    def name(self) -> str:
        """Of its factor: `role.what`."""
        return f"{self.role}.{self.what}"


class Arm(Record):
    """One cell of a design: what is set in it, or which control it is."""

    name: str
    sets: tuple[Setting, ...] = ()
    control: Control = ""

    @property
    def settings(self) -> dict[str, str]:
        """Factor (`role.what`) -> level."""
        return {setting.name: setting.level for setting in self.sets}

    @property
    def scripted(self) -> bool:
        """Whether it is played by the scripted agents of the positive control, and
        so says nothing of those that are audited."""
        return self.control.startswith("positive")

    def options(self) -> dict[str, str]:
        """What it sets of the scenario: option -> value."""
        return {setting.what: setting.level for setting in self.sets if setting.role == SCENARIO}

    def of(self, role: str) -> tuple[Setting, ...]:
        """What it sets of a role (or team)."""
        return tuple(setting for setting in self.sets if setting.role == role != SCENARIO)


class Exclusion(Record):
    """A case that is left out of an arm, and so of every contrast with it."""

    case: str
    arm: str
    why: str


def cell(factors: Sequence[Factor], levels: Sequence[str]) -> Arm:
    """The arm at one level of each factor."""
    sets = tuple(
        Setting(role=factor.role, what=factor.what, kind=factor.kind, level=level)
        for factor, level in zip(factors, levels, strict=True)
    )
    return Arm(name=named(sets), sets=sets)


def named(sets: Sequence[Setting]) -> str:
    """What an arm is called."""
    return " ".join(f"{setting.name}={setting.level}" for setting in sets) or "reference"


def at(arm: Arm, factor: Factor, level: str) -> Arm:
    """An arm with one factor at another level."""
    sets = tuple(
        setting.model_copy(update={"level": level}) if setting.name == factor.name else setting for setting in arm.sets
    )
    return Arm(name=named(sets), sets=sets)


def arms(factors: Sequence[Factor], design: Design, scenario: Scenario) -> tuple[Arm, ...]:
    """The reference first, then the other cells of the design, then the controls."""
    found = [cell(factors, levels) for levels in _crossed(factors, design)]
    controls = (
        arm
        for control in dict.fromkeys(design.controls)
        for arm in _control(control, found[0], factors, design, scenario)
    )
    return (*found, *controls)


def _crossed(factors: Sequence[Factor], design: Design) -> list[tuple[str, ...]]:
    levels = [factor.levels for factor in factors]
    match design.cross:
        case "full" | "blocks":
            return list(product(*levels))
        case "fractional":
            return fraction({factor.name: factor.levels for factor in factors}, design.reduction)
        case _:
            first = tuple(of[0] for of in levels)
            others = (
                (*first[:index], level, *first[index + 1 :]) for index, of in enumerate(levels) for level in of[1:]
            )
            return [first, *others]


def _control(
    control: str, reference: Arm, factors: Sequence[Factor], design: Design, scenario: Scenario
) -> Iterator[Arm]:
    sets = reference.sets

    def changed(role: str, what: str, kind: Kind, level: str) -> tuple[Setting, ...]:
        return (*sets, Setting(role=role, what=what, kind=kind, level=level))

    match control:
        case "same":
            yield Arm(name="same", sets=sets, control="same")
        case "placebo":
            people = [setting.role for setting in sets if setting.kind == "axis"] or [scenario.focus()]
            yield Arm(name="placebo", sets=changed(people[0], "placebo", "axis", "blue"), control="placebo")
        case "random":
            yield from _random(reference, factors, design.directions)
        case "swap":
            yield Arm(name="swap", sets=changed(SCENARIO, "swapped", "option", "true"), control="swap")
        case "mirror":
            yield Arm(name="mirror", sets=changed(SCENARIO, "mirrored", "option", "true"), control="mirror")
        case _:
            _check_planted(scenario, design.planted)
            yield Arm(name="positive reference", sets=sets, control="positive reference")
            yield Arm(name="positive", sets=sets, control="positive")


def _random(reference: Arm, factors: Sequence[Factor], directions: int) -> Iterator[Arm]:
    """Random directions in the place of the vector, at the least and at the greatest dose that is varied."""
    steered = [factor for factor in factors if factor.kind == STEERED]
    if not steered:
        raise ConfigError(
            "design.controls: random: no steering vector is varied, so that a random one is no control of anything; "
            "vary one (vary.ROLE.steer.dose=[0,1,2] with backend=transformers), or leave random out"
        )
    for factor in steered:
        ends = dict.fromkeys((min(factor.levels, key=float), max(factor.levels, key=float)))
        for which, level in product(range(1, directions + 1), (each for each in ends if float(each))):
            chosen = Setting(role=factor.role, what=RANDOM, kind="engine", level=str(which))
            sets = (*at(reference, factor, level).sets, chosen)
            yield Arm(name=f"random {which} {factor.name}={level}", sets=sets, control="random")


def _check_planted(scenario: Scenario, planted: float) -> None:
    """What is planted is what is there only where every chance can fall by so much."""
    chances = [rule.chance for rule in scenario.script if 0 < rule.chance < 1]
    if not chances:
        raise ConfigError(
            f"design.controls: positive: scenario={scenario.name} has no script that a bias could be planted in; "
            "leave positive out"
        )
    if planted > min(chances):
        raise ConfigError(
            f"design.planted={planted:g}: scripted agents of scenario={scenario.name} are right with a chance of "
            f"{min(chances):g}, which cannot fall by more; give at most {min(chances):g}"
        )


def by_sets(arms: Sequence[Arm]) -> Mapping[tuple[Setting, ...], Arm]:
    """The arms that are no control, by what they set."""
    return {arm.sets: arm for arm in arms if not arm.control}
