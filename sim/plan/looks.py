"""What is looked at while a run is played, and when: fixed before it begins, so that nothing seen can change it."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.config.options import Config, Design, Width
from simrun.plan.contrasts import Contrast, declared
from simrun.scenarios.outcome import Outcome

if TYPE_CHECKING:
    from simrun.plan.design import Plan

LOOKS = 10
"""Looks at a run that does not say after how many cases it wants them."""


class Question(Record):
    """One primary outcome of one comparison, on which it depends whether a run goes on."""

    contrast: Contrast
    outcome: str
    bound: float
    """By how much a case can differ at most, in the outcome's units."""
    margin: float | None
    """Within which a difference does not matter; None where none was declared."""
    signs: bool
    """Whether a case can differ by all or nothing alone (yes or no, one repeat, one arm against one): signs are then
    fair exactly where the mean is 0. Of other questions the interval has to leave out 0 as well."""


def looks(design: Design, cases: int) -> tuple[int, ...]:
    """After how many cases one looks, the last time after all; () for a run that cannot stop."""
    if design.stop is None:
        return ()
    block = design.look or math.ceil(cases / LOOKS)
    return (*range(block, cases, block), cases)


def questions(config: Config, contrasts: Sequence[Contrast], outcome: type[Outcome]) -> tuple[Question, ...]:
    """Every primary outcome of every comparison that is no control; () for a run that cannot stop.

    Where main effects are compared, the cells behind them do not keep a run going.
    """
    design, pooled = config.design, any(each.why == "main effect" for each in contrasts)
    asked = [each for each in contrasts if not each.control and (each.why == "main effect" or not pooled)]
    sampled = config.outcomes == "sampled" and config.repeats == 1
    return tuple(
        Question(
            contrast=contrast,
            outcome=name,
            bound=bound(design, outcome, name),
            margin=design.margin_of(name),
            signs=sampled and contrast.single and outcome.binary(name),
        )
        for contrast in asked
        for name in declared(design, outcome)
        if design.stop is not None
    )


def bound(design: Design, outcome: type[Outcome], name: str) -> float:
    """By how much a case can differ at most: as declared, else the outcome's range. ConfigError for neither."""
    span, declared = outcome.span(name), design.case_effect_of(name)
    if declared is None and span is None:
        raise ConfigError(
            f"design.stop: {name} has no bounds, without which no interval holds at every look; declare by how much a "
            f"case can differ at most, design.largest_case_effect={{{name}: NUMBER}}, or leave design.stop out"
        )
    widest = span.high - span.low if span else math.inf
    return min(widest, math.inf if declared is None else declared)


def check_judged(design: Design, judges: Sequence[str]) -> None:
    """ConfigError where it is to be decided by what judges find: that is not there while the run is played."""
    for name in design.primary if design.stop is not None else ():
        if name.partition(".")[0] in judges:
            raise ConfigError(
                f"design.stop: {name} is found by a judge, after the play: it cannot be looked at while the run is "
                "played; give another outcome as design.primary, or leave design.stop out"
            )


def check_stop(plan: "Plan") -> None:
    """ConfigError where a run is to stop when something is decided, and nothing could be, or everything is already."""
    design, outcome = plan.config.design, plan.scenario.outcome
    asked = questions(plan.config, plan.contrasts, outcome)
    if design.stop is None:
        return
    if not asked:
        raise ConfigError("design.stop: nothing is compared that could be decided; give vary, or leave design.stop out")
    for name, value, what in _declared(design, asked):
        limit = next(each.bound for each in asked if each.outcome == name)
        if not 0 < value < limit:
            raise ConfigError(
                f"{what}={value:g}: no case can differ by more than {limit:g} in {name}, so that it says nothing; give "
                "a number between 0 and that"
            )


def _declared(design: Design, asked: Sequence[Question]) -> list[tuple[str, float, str]]:
    """Outcome, number and option of what is to be reached."""
    names = dict.fromkeys(each.outcome for each in asked)
    margins = [(name, margin, "design.margin") for name in names if (margin := design.margin_of(name)) is not None]
    if not isinstance(design.stop, Width):
        return margins
    return [(name, design.stop.half_width, "design.stop.half_width") for name in names]
