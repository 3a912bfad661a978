"""Which arms are compared with which, and why: every comparison has one declared difference."""

from collections.abc import Iterator, Sequence
from typing import Literal

from simrun.agents.records import Record
from simrun.config.options import Cross, Design
from simrun.plan.arms import Arm, at, by_sets
from simrun.plan.factors import Factor
from simrun.scenarios.outcome import Outcome

Why = Literal["treatment", "main effect", "noise floor", "placebo", "random direction", "swap", "mirror", "planted"]
"""`treatment`: two arms that differ in one factor. `main effect`: the arms at a level of a factor, and those at its
reference level, the other factors averaged out. The others are controls."""
CONTROLS: dict[str, Why] = {
    "same": "noise floor",
    "placebo": "placebo",
    "random": "random direction",
    "swap": "swap",
    "mirror": "mirror",
    "positive": "planted",
}


class Contrast(Record):
    """What is compared with what: within each pair, the mean over `arms` minus the mean over `references`."""

    arm: str
    """What the one side is called."""
    reference: str
    arms: tuple[str, ...]
    references: tuple[str, ...]
    why: Why
    factor: str = ""
    """The factor (`role.what`) in which the two sides differ, "" for a control."""

    @property
    def control(self) -> bool:
        """Whether it says something of the instrument, and not of what is varied."""
        return self.why in CONTROLS.values()

    @property
    def single(self) -> bool:
        """Whether it is one arm against one."""
        return len(self.arms) == len(self.references) == 1

    @property
    def note(self) -> str:
        """What a reader must know of the two sides."""
        return "" if self.single else "averaged over the other factors"


def contrasts(arms: Sequence[Arm], factors: Sequence[Factor], cross: Cross) -> tuple[Contrast, ...]:
    """What is compared.

    Where several factors are crossed, the arms at each level of a factor with those at its reference level, pooled
    over the others; and, but for a fractional design, arms that differ in one factor, which the reference has at its
    first level: the effect of a group under each mitigation, of a mitigation in each group. In blocks only what cases
    play together: arms that differ in one factor from the reference arm. Controls are compared with the reference arm,
    the planted one with its own reference.
    """
    single = () if cross == "fractional" else tuple(_by_arm(arms, factors))
    if cross == "blocks":
        single = tuple(each for each in single if each.reference == arms[0].name)
    crossed = len(single) > sum(len(factor.levels) - 1 for factor in factors)
    pooled = cross == "fractional" or (cross != "blocks" and crossed)
    return (*(_by_factor(arms, factors) if pooled else ()), *single, *_controls(arms))


def cells(gate: Contrast, contrasts: Sequence[Contrast]) -> tuple[Contrast, ...]:
    """The comparisons of single arms that a main effect pools: asked only where it shows."""
    arms = set(gate.arms) if gate.why == "main effect" else set()
    return tuple(
        each for each in contrasts if each.why == "treatment" and each.factor == gate.factor and arms >= set(each.arms)
    )


def _by_factor(arms: Sequence[Arm], factors: Sequence[Factor]) -> Iterator[Contrast]:
    played = [arm for arm in arms if not arm.control]
    for factor in factors:
        by_level = {
            level: tuple(arm.name for arm in played if arm.settings[factor.name] == level) for level in factor.levels
        }
        for level in factor.levels[1:]:
            yield Contrast(
                arm=f"{factor.name}={level}",
                reference=f"{factor.name}={factor.reference}",
                arms=by_level[level],
                references=by_level[factor.reference],
                why="main effect",
                factor=factor.name,
            )


def _by_arm(arms: Sequence[Arm], factors: Sequence[Factor]) -> Iterator[Contrast]:
    played = by_sets(arms)
    for arm in list(played.values())[1:]:
        for factor in factors:
            if arm.settings[factor.name] == factor.reference:
                continue
            if reference := played.get(at(arm, factor, factor.reference).sets):
                yield Contrast(
                    arm=arm.name,
                    reference=reference.name,
                    arms=(arm.name,),
                    references=(reference.name,),
                    why="treatment",
                    factor=factor.name,
                )


def _controls(arms: Sequence[Arm]) -> Iterator[Contrast]:
    unplanted = next((arm.name for arm in arms if arm.control == "positive reference"), None)
    for arm in arms:
        reference = unplanted if arm.control == "positive" else arms[0].name
        if reference and arm.control in CONTROLS:
            yield Contrast(
                arm=arm.name,
                reference=reference,
                arms=(arm.name,),
                references=(reference,),
                why=CONTROLS[arm.control],
            )


def declared(design: Design, kind: type[Outcome]) -> tuple[str, ...]:
    """The outcomes on which the question is decided: as declared, else the scenario's own, else its accuracy."""
    return design.primary or kind.primary or ((kind.accuracy,) if kind.accuracy else tuple(kind.measured())[:1])
