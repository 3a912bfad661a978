"""`simrun plan`: what is asked, what a pilot run tells, the answer in words."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt, ValidationError, field_validator
from scipy import stats

from simrun.agents.records import Record
from simrun.config.errors import ConfigError, explained, unknown
from simrun.config.menus import scenarios
from simrun.estimate.paired import LEVEL
from simrun.estimate.sample_size import (
    AuditPlan,
    Choice,
    Variances,
    cases_needed,
    choice,
    repeats_needed,
    variances_assumed,
    variances_from_pilot,
)

if TYPE_CHECKING:
    from simrun.report.run import Run

ASSUMED = ("base", "icc", "agreement")
"""What stands in for a pilot."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Ask(Record):
    """What `simrun plan` is asked: its options, key=value."""

    target: Positive
    """The smallest true difference worth finding, in units of the outcome (a share for a yes-or-no one)."""
    power: float = Field(0.8, gt=0.05, lt=1)
    """Share of audits that are to find it; above the 5 % that find one where there is none."""
    pilot: str | None = None
    """A run to measure the spread in; without one it is assumed, by `base`, `icc` and `agreement`."""
    outcome: str | None = None
    """The pilot's first primary outcome when not given."""
    base: float = Field(0.6, gt=0, lt=1)
    icc: Share = 0.3
    agreement: Share = 0.8
    repeats: tuple[PositiveInt, ...] = (1, 2, 3, 5)
    tokens: Positive | None = None
    """A budget."""
    tokens_per_episode: Positive | None = None
    """The pilot's mean when not given."""
    arms: int | None = Field(None, ge=2)
    """Arms that are compared, the reference included; the pilot's, else 2. Controls come on top."""
    out: str = "runs"

    @field_validator("repeats", mode="before")
    @classmethod
    def _several(cls, given: Any) -> Any:
        return given.strip("[]").split(",") if isinstance(given, str) else given

    @field_validator("repeats", mode="after")
    @classmethod
    def _in_order(cls, given: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(given)))

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Self:
        """Read the options of the command; ConfigError says which is wrong and what would do."""
        for key in given:
            if key not in cls.model_fields:
                raise unknown("option of plan", key, list(cls.model_fields))
        if "target" not in given:
            raise ConfigError("target is missing: give the smallest difference worth finding, for example target=0.05")
        if "pilot" in given and (both := [key for key in ASSUMED if key in given]):
            raise ConfigError(
                f"pilot={given['pilot']} measures what {', '.join(both)} would assume: give one or the other"
            )
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ConfigError(explained(error)) from None


class Pilot(Record):
    """What a run that was played tells of the next one."""

    run: str
    outcome: str
    variances: Variances
    span: float | None
    """The greatest value of the outcome minus the least; None when unbounded."""
    cases: int
    """Compared in the arm that has most."""
    arms: int
    controls: int
    bank: int | None
    """Cases that its scenario has; None where its file is gone."""
    tokens: float | None
    """Prompt and output tokens of a finished episode, mean over all arms; None where the backend does not count."""


def measured(reference: str, out: str = "runs", outcome: str | None = None) -> Pilot:
    """Read a pilot run; ConfigError when it has nothing to plan from."""
    from simrun.log.manifest import find
    from simrun.report.run import load

    run = load(find(reference, out))
    manifest = run.manifests[0]
    kind = manifest.outcome
    field = outcome or manifest.primary[0]
    if field not in kind.measured():
        raise unknown("outcome", field, list(kind.measured()))
    found = _differences(run, field)
    variances = variances_from_pilot(found)
    if variances.total < 1e-12:
        raise ConfigError(
            f"pilot {run.path}: every pair came out the same in {field}, which tells nothing of its spread; play more cases, or assume"
        )
    controls = sum(1 for arm in manifest.arms if arm.control)
    return Pilot(
        run=str(run.path),
        outcome=field,
        variances=variances,
        span=bounds.high - bounds.low if (bounds := kind.span(field)) else None,
        cases=max(len(np.unique(cases)) for _, cases in found),
        arms=len(manifest.arms) - controls,
        controls=controls,
        bank=_bank(run),
        tokens=_tokens(run),
    )


def _differences(run: "Run", field: str) -> list[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Paired differences and their cases, for each comparison of the run's report that is no control."""
    from simrun.score.compared import compared, pairs

    chosen = [each for each in compared(run.manifests[0]) if not each.control]
    if not chosen:
        raise ConfigError(
            f"pilot {run.path} compares no arm with its reference, only controls; give a run that varies something"
        )
    whole = [pairs(run.layout, field, each).whole() for each in chosen]
    found = [(each.difference(), each.case) for each in whole if len(each.case)]
    if max((len(np.unique(cases)) for _, cases in found), default=0) < 2:
        raise ConfigError(
            f"pilot {run.path} has {sum(len(cases) for _, cases in found)} pair(s) with a value of {field} in both arms, "
            "and needs pairs of at least 2 cases; resume it, play more cases, or leave pilot= out and assume"
        )
    return found


def _bank(run: "Run") -> int | None:
    try:
        return len(run.manifests[0].config.played().bank()[0])
    except (OSError, ValueError, ConfigError):
        return None  # a file of cases that was moved since; the rest of the pilot still tells


def _tokens(run: "Run") -> float | None:
    done = run.episodes[run.episodes.state == "done"]
    mean = float((done["prompt_tokens"].fillna(0) + done["output_tokens"].fillna(0)).mean())
    return mean if mean > 0 else None


def planned(ask: Ask) -> AuditPlan:
    """Answer; ConfigError says what cannot be and what would do."""
    pilot = measured(ask.pilot, ask.out, ask.outcome) if ask.pilot else None
    if pilot is None:
        _check_yes_or_no(ask.outcome)
    elif pilot.span and ask.target >= pilot.span:
        raise ConfigError(
            f"target={ask.target:g}: {pilot.outcome} spans {pilot.span:g} in all; give less, such as {pilot.span / 20:g}"
        )
    each = ask.tokens_per_episode or (pilot.tokens if pilot else None)
    if ask.tokens and not each:
        raise ConfigError(f"tokens={ask.tokens:g} needs tokens_per_episode=N, or a pilot whose backend counts tokens")
    assumed = {} if pilot else {name: float(getattr(ask, name)) for name in ASSUMED}
    variances = pilot.variances if pilot else variances_assumed(ask.target, **assumed)
    plan = AuditPlan(
        target=ask.target,
        power=ask.power,
        outcome=pilot.outcome if pilot else ask.outcome,
        pilot=pilot.run if pilot else None,
        assumed=assumed,
        variances=variances,
        arms=ask.arms or (pilot.arms if pilot else 2),
        controls=pilot.controls if pilot else 1,
        bank=pilot.bank if pilot else None,
        tokens_per_episode=each,
        tokens=ask.tokens,
        choices=(),
        limit=None if variances.between is None else cases_needed(ask.target, variances, math.inf, ask.power),
        cheapest=None,
        notes=(),
    )
    plan = concluded(plan, ask.repeats if variances.between is not None else (1,))
    return plan.model_copy(update={"notes": (*plan.notes, *_doubts(plan, pilot))})


def concluded(plan: AuditPlan, repeats: Sequence[int]) -> AuditPlan:
    """A plan with a choice for each number of repeats, the cheapest of them, and what follows in words."""
    choices = tuple(choice(plan, each) for each in repeats)
    allowed = [one for one in choices if plan.bank is None or one.cases <= plan.bank]
    cheapest = min(allowed, key=lambda one: one.episodes).repeats if allowed else None
    plan = plan.model_copy(update={"choices": choices, "cheapest": cheapest})
    return plan.model_copy(update={"notes": tuple(_verdict(plan))})


def _check_yes_or_no(outcome: str | None) -> None:
    """Without a pilot only a yes-or-no outcome can be planned for, of any scenario."""
    if outcome is None:
        return
    kinds = [kind for scenario in scenarios().values() for kind in scenario.outcomes]
    fields = {name: kind.model_fields[name].annotation for kind in kinds for name in kind.measured()}
    binary = [name for name, annotation in fields.items() if annotation in (bool, bool | None)]
    if outcome in fields and outcome not in binary:
        raise ConfigError(
            f"outcome={outcome} is no yes-or-no outcome, and its spread cannot be assumed: give pilot=RUN, or one of {', '.join(binary)}"
        )
    if outcome not in binary:
        raise unknown("outcome", outcome, binary)


def _verdict(plan: AuditPlan) -> Iterator[str]:
    """Which choice is cheapest, and what the bank and the budget allow."""
    least = min(plan.choices, key=lambda one: one.episodes)
    if plan.cheapest is None:
        yield from _too_few(plan, least)
    else:
        best = next(one for one in plan.choices if one.repeats == plan.cheapest)
        yield f"Cheapest{f' with the {plan.bank} cases of the bank' if plan.bank else ''}: repeats={best.repeats}, {_amount(best)}."
        if best is not least:
            yield f"Cheaper still, but more than the bank has: repeats={least.repeats}, {_amount(least)}."
    if plan.cheapest is not None and (plan.limit or 0) > 2:
        yield f"However many repeats, at least {plan.limit} cases are needed: repeats cannot replace cases."
    paid = [one for one in plan.choices if one.affordable_detectable is not None]
    if paid:
        best = min(paid, key=lambda one: one.affordable_detectable or math.inf)
        yield f"{plan.tokens:g} tokens find the smallest difference, {best.affordable_detectable:.3g}, with repeats={best.repeats} and {best.affordable} cases."
    elif plan.tokens:
        yield f"{plan.tokens:g} tokens do not pay for two cases."


def _too_few(plan: AuditPlan, least: Choice) -> Iterator[str]:
    fewest = min(one.cases for one in plan.choices)
    yield f"Warning: the bank has {plan.bank} cases, and the target needs {fewest} or more; cheapest would be repeats={least.repeats}, {_amount(least)}."
    repeats = repeats_needed(plan.target, plan.variances, plan.bank or 0, plan.power)
    if repeats:
        episodes = repeats * (plan.bank or 0) * (plan.arms + plan.controls)
        yield f"All {plan.bank} cases with repeats={repeats} would do ({episodes} episodes)."
    elif plan.limit is not None:
        yield f"Repeats cannot replace cases here: however many, {plan.limit} cases are needed. Add cases, or aim at a larger difference."


def _amount(one: Choice) -> str:
    return f"{one.cases} cases, {one.episodes} episodes" + (f", {one.tokens:.3g} tokens" if one.tokens else "")


def _doubts(plan: AuditPlan, pilot: Pilot | None) -> Iterator[str]:
    """What the figures do not tell."""
    if pilot:
        freedom = pilot.cases - 1
        low, high = (freedom / float(stats.chi2.ppf(share, freedom)) for share in ((1 + LEVEL) / 2, (1 - LEVEL) / 2))
        # Browne 1995, doi:10.1002/sim.4780141709: the spread of a small pilot is no fact
        yield f"The pilot compared {pilot.cases} cases: the number needed may well be {low:.2g} to {high:.2g} times as large (95 %), and more so for other repeats."
    if pilot and plan.variances.between == 0:
        yield "In the pilot, cases differed no more than luck does, so that repeats seem as good as cases; a larger pilot may not confirm it."
    if plan.variances.between is None:
        yield "The pilot has one repeat a case, which tells only the total variance: only repeats=1 is planned; a pilot with repeats=2 tells the rest."
    if plan.arms > 2:
        yield f"Planned for one comparison at 5 %; the report corrects for all {plan.arms - 1} or more (Holm), which asks for more cases."


def told(plan: AuditPlan) -> str:
    """The answer for a person: what was asked, the spread, a table, what follows."""
    spread = plan.variances
    parts = f", {spread.between:.3g} between and {spread.within:.3g} within cases" if spread.between is not None else ""
    source = (
        f"measured in {plan.pilot}"
        if plan.pilot
        else f"assumed, not measured: {' '.join(f'{k}={v:g}' for k, v in plan.assumed.items())}"
    )
    return "\n".join(
        [
            f"A true difference of {plan.target:g} in {plan.outcome or 'a yes-or-no outcome'}, found in {100 * plan.power:g} % of audits (5 % two-sided).",
            f"Variance of the paired differences: {spread.total:.3g}{parts} ({source}).",
            f"Arms: {plan.arms} compared, {plan.controls} control."
            + (f" Tokens an episode: {plan.tokens_per_episode:.4g}." if plan.tokens_per_episode else ""),
            "",
            *_table(plan),
            "",
            *plan.notes,
        ]
    )


def _table(plan: AuditPlan) -> Iterator[str]:
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
