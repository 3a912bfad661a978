"""`simrun plan`: how many cases and repeats an audit needs."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from simrun.cli.command import DONE, Command, Out, Trust, Value
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError, unknown

if TYPE_CHECKING:
    from simrun.estimate.sample_size import AuditPlan, Choice
    from simrun.report.pilot import Pilot

ASSUMED = ("base", "icc", "agreement")
"""What stands in for a pilot."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1), Value("SHARE")]


class Plan(Command):
    """Say how many cases and repeats find a difference, and what a budget can find."""

    name = "plan"
    target: Annotated[Positive, Value("DIFFERENCE")]
    """The smallest true difference worth finding, in units of the outcome (a share for a yes-or-no one)."""
    power: Annotated[float, Field(gt=0.05, lt=1), Value("SHARE")] = 0.8
    """Share of audits that are to find it; above the 5 % that find one where there is none."""
    pilot: Annotated[str | None, Value("RUN")] = None
    """A run to measure the spread in; without one it is assumed, by `base`, `icc` and `agreement`."""
    outcome: Annotated[str | None, Value("NAME")] = None
    """What is compared; the pilot's first primary outcome when not given."""
    base: Annotated[float, Field(gt=0, lt=1), Value("SHARE")] = 0.6
    """Assumed: how often the reference arm is right."""
    icc: Share = 0.3
    """Assumed: how much of the variance lies between cases."""
    agreement: Share = 0.8
    """Assumed: how often two arms agree where there is no effect."""
    repeats: Annotated[tuple[PositiveInt, ...], Value("N,N,...")] = (1, 2, 3, 5)
    """Numbers of repeats to choose from."""
    tokens: Annotated[Positive | None, Value("N")] = None
    """A budget."""
    tokens_per_episode: Annotated[Positive | None, Value("N")] = None
    """What an episode costs; the pilot's mean when not given."""
    arms: Annotated[int | None, Field(ge=2), Value("N")] = None
    """Arms that are compared, the reference included; the pilot's, else 2. Controls come on top."""
    block: Annotated[int | None, Field(ge=2), Value("N")] = None
    """Arms that each case plays of them, the reference among them, as `design.cross=blocks` deals; all when not given.
    """
    out: Out = "runs"
    trust: Trust = False

    @field_validator("repeats", mode="before")
    @classmethod
    def _several(cls, given: Any) -> Any:
        return given.strip("[]").split(",") if isinstance(given, str) else given

    @field_validator("repeats", mode="after")
    @classmethod
    def _in_order(cls, given: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(given)))

    @model_validator(mode="after")
    def _measured_or_assumed(self) -> Self:
        both = [name for name in ASSUMED if name in self.model_fields_set]
        if self.pilot and both:
            raise ValueError(f"pilot={self.pilot} measures what {', '.join(both)} would assume: give one or the other")
        return self

    def run(self, as_json: bool) -> int:
        """ConfigError says what cannot be and what would do."""
        plan = planned(self)
        tell(plan.model_dump_json() if as_json else told(plan), as_json)
        return DONE


def planned(ask: Plan) -> "AuditPlan":
    """The answer; ConfigError says what cannot be and what would do."""
    from simrun.config.options import Design
    from simrun.estimate.power import ALPHA
    from simrun.estimate.sample_size import AuditPlan, cases_needed, noise_assumed, variances_assumed, with_choices
    from simrun.plan.blocks import check_size

    pilot = _pilot(ask)
    each = ask.tokens_per_episode or (pilot.tokens if pilot else None)
    if ask.tokens and not each:
        raise ConfigError(f"tokens={ask.tokens:g} needs tokens_per_episode=N, or a pilot whose backend counts tokens")
    assumed = {} if pilot else {name: float(getattr(ask, name)) for name in ASSUMED}
    variances = pilot.variances if pilot else variances_assumed(ask.target, **assumed)
    arms = ask.arms or (pilot.arms if pilot else 2)
    if ask.block:
        check_size(ask.block, arms)
    plan = AuditPlan(
        target=ask.target,
        power=ask.power,
        outcome=pilot.outcome if pilot else ask.outcome,
        pilot=pilot.run if pilot else None,
        assumed=assumed,
        variances=variances,
        span=pilot.span if pilot else 1.0,
        level=ALPHA / (arms - 1),
        noise=pilot.noise if pilot else noise_assumed(ask.target, ask.base, ask.agreement),
        arms=arms,
        controls=pilot.controls if pilot else len(Design().controls),
        block=ask.block,
        bank=pilot.bank if pilot else None,
        tokens_per_episode=each,
        tokens=ask.tokens,
        limit=None,
    )
    if variances.between is not None:
        limit = plan.holding(cases_needed(plan.asked, ask.target, math.inf))
        plan = plan.model_copy(update={"limit": limit})
    plan = with_choices(plan, ask.repeats if variances.between is not None else (1,))
    return plan.model_copy(update={"notes": (*verdict(plan), *_doubts(plan, pilot))})


def _pilot(ask: Plan) -> "Pilot | None":
    """What the pilot tells; None without one, where only a yes-or-no outcome can be planned for."""
    from simrun.report.pilot import measured
    from simrun.report.run import load

    if not ask.pilot:
        _check_yes_or_no(ask.outcome)
        return None
    pilot = measured(load(ask.pilot, out=ask.out, trust=ask.trust), ask.outcome)
    if pilot.span and ask.target >= pilot.span:
        raise ConfigError(
            f"target={ask.target:g}: {pilot.outcome} spans {pilot.span:g} in all; "
            f"give less, such as {pilot.span / 20:g}"
        )
    return pilot


def _check_yes_or_no(outcome: str | None) -> None:
    """Its spread can be assumed; whichever scenario it is of."""
    from simrun.config.menus import playable, scenarios

    if outcome is None:
        return
    kinds = [each.outcome for scenario in scenarios().values() for each in playable(scenario)]
    fields = {name: kind.binary(name) for kind in kinds for name in kind.measured()}
    binary = [name for name, yes_or_no in fields.items() if yes_or_no]
    if outcome in fields and outcome not in binary:
        raise ConfigError(
            f"outcome={outcome} is no yes-or-no outcome, and its spread cannot be assumed: give pilot=RUN, "
            f"or one of {', '.join(binary)}"
        )
    if outcome not in binary:
        raise unknown("outcome", outcome, binary)


def verdict(plan: "AuditPlan") -> Iterator[str]:
    """Which choice is cheapest, and what the bank and the budget allow."""
    possible = [one for one in plan.choices if one.episodes is not None]
    if not possible:
        yield f"No number of cases up to 100,000 finds {plan.target:g}: aim at a larger difference."
        return
    least = min(possible, key=lambda one: one.episodes or 0)
    if plan.cheapest is None:
        yield from _too_few(plan, least)
    else:
        best = next(one for one in plan.choices if one.repeats == plan.cheapest)
        bank = f" with the {plan.bank} cases of the bank" if plan.bank else ""
        yield f"Cheapest{bank}: repeats={best.repeats}, {_amount(best)}."
        if best is not least:
            yield f"Cheaper still, but more than the bank has: repeats={least.repeats}, {_amount(least)}."
    if plan.cheapest is not None and (plan.limit or 0) > 2:
        yield f"However many repeats, at least {plan.limit} cases are needed: repeats cannot replace cases."
    paid = [one for one in plan.choices if one.affordable_detectable is not None]
    if paid:
        best = min(paid, key=lambda one: one.affordable_detectable or math.inf)
        least_found = f"{plan.tokens:g} tokens find the smallest difference, {best.affordable_detectable:.3g}"
        yield f"{least_found}, with repeats={best.repeats} and {best.affordable} cases."
    elif plan.tokens:
        yield f"{plan.tokens:g} tokens do not pay for two cases."


def _too_few(plan: "AuditPlan", least: "Choice") -> Iterator[str]:
    from simrun.estimate.sample_size import repeats_needed

    fewest = min(one.cases for one in plan.choices if one.cases is not None)
    cheapest = f"cheapest would be repeats={least.repeats}, {_amount(least)}"
    yield f"Warning: the bank has {plan.bank} cases, and the target needs {fewest} or more; {cheapest}."
    repeats = repeats_needed(plan.asked, plan.target, plan.meeting(plan.bank or 0))
    if repeats:
        episodes = repeats * (plan.bank or 0) * plan.played
        yield f"All {plan.bank} cases with repeats={repeats} would do ({episodes} episodes)."
    elif plan.limit is not None:
        yield (
            f"Repeats cannot replace cases here: however many, {plan.limit} cases are needed. "
            "Add cases, or aim at a larger difference."
        )


def _amount(one: "Choice") -> str:
    return f"{one.cases} cases, {one.episodes} episodes" + (f", {one.tokens:.3g} tokens" if one.tokens else "")


def _doubts(plan: "AuditPlan", pilot: "Pilot | None") -> Iterator[str]:
    """What the figures do not tell."""
    from simrun.estimate.sample_size import pilot_error

    if pilot:
        low, high = pilot_error(pilot.cases)
        yield (
            f"The pilot compared {pilot.cases} cases: the number needed may well be {low:.2g} to {high:.2g} times as "
            "large (95 %), and more so for other repeats."
        )
    if pilot and plan.variances.between == 0:
        yield (
            "In the pilot, cases differed no more than chance alone makes them, so that repeats seem as good as cases; "
            "a larger pilot may not confirm it."
        )
    if plan.variances.between is None:
        yield (
            "The pilot has one repeat a case, which tells only the total variance: only repeats=1 is planned; "
            "a pilot with repeats=2 tells the rest."
        )


def told(plan: "AuditPlan") -> str:
    """The answer for a person: what was asked, the spread, a table, what follows."""
    spread, outcome = plan.variances, plan.outcome or "a yes-or-no outcome"
    found = f"found in {100 * plan.power:g} % of audits by the report's verdict"
    parts = f", {spread.between:.3g} between and {spread.within:.3g} within cases" if spread.between is not None else ""
    assumed = " ".join(f"{name}={value:g}" for name, value in plan.assumed.items())
    source = f"measured in {plan.pilot}" if plan.pilot else f"assumed, not measured: {assumed}"
    cost = f" Tokens an episode: {plan.tokens_per_episode:.4g}." if plan.tokens_per_episode else ""
    own = f" ({plan.block} of them in each case)" if plan.block else ""
    lines = (
        f"A true difference of {plan.target:g} in {outcome}, {found}.",
        f"Variance of the paired differences: {spread.total:.3g}{parts} ({source}).",
        f"Arms: {plan.arms} compared{own}, p at most {plan.level:.3g} for each, {plan.controls} controls.{cost}",
    )
    return "\n".join([*lines, "", *_table(plan), "", *plan.notes])


def _table(plan: "AuditPlan") -> Iterator[str]:
    """Aligned columns; those that nothing is known for are left out."""
    heads = (
        "repeats",
        "cases",
        "episodes",
        "tokens",
        f"detectable with {plan.bank}",
        "affordable cases",
        "detectable with them",
    )
    rows = [tuple(one.model_dump().values()) for one in plan.choices]
    kept = [index for index in range(len(heads)) if any(row[index] is not None for row in rows)]
    for row in (heads, *rows):
        yield "  ".join(_cell(row[index]).rjust(len(heads[index])) for index in kept)


def _cell(value: object) -> str:
    return "-" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
