"""What cannot be compared is refused before a token is spent, with the way out."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations
from typing import TYPE_CHECKING

from simrun.agents.bias import NONE
from simrun.config.errors import ConfigError, unknown
from simrun.config.menus import Catalogue
from simrun.config.options import Design
from simrun.plan.arms import at
from simrun.plan.casting import Casting
from simrun.plan.factors import AWARE, Factor
from simrun.plan.roles import casting
from simrun.scenarios.base import Case, Scenario, Unfit
from simrun.scenarios.outcome import Outcome
from simrun.stage.seeds import Seeds

if TYPE_CHECKING:
    from simrun.plan.design import Plan


UNRELATED = "leave the control out (unrelated is the default)"


def check_outcome(scenario: Scenario) -> None:
    """A field of an outcome that no table could keep."""
    try:
        scenario.outcome.shapes()
    except TypeError as error:
        raise ConfigError(f"scenario={scenario.name}: {error}") from None


def check_kinds(castings: Mapping[str, Casting]) -> None:
    """Arms are compared in the outcomes that all of them have."""
    reference, *others = castings.values()
    kind = reference.scenario.outcome
    for other in others:
        if other.scenario.outcome is not kind:
            raise ConfigError(
                f"arm {other.arm.name!r} ends in a {other.scenario.outcome.__name__} and the reference in a "
                f"{kind.__name__}, which cannot be compared; play them as two runs"
            )


def doses(castings: Mapping[str, Casting]) -> dict[tuple[str, str], set[int]]:
    """Role, or team, and bias -> the doses at which the design plays it."""
    found: dict[tuple[str, str], set[int]] = {}
    for each in castings.values():
        for role, own in each.roles.items():
            for by in {role, each.scenario.team(role)} if own.bias != NONE.name else ():
                found.setdefault((by, own.bias), set()).add(own.dose)
    return found


def check_doses(factors: Sequence[Factor], castings: Mapping[str, Casting]) -> None:
    """A dose of no bias, or a number of members without one, would change nothing."""
    biased = {by for by, _ in doses(castings)}
    for factor in factors:
        if factor.kind in ("dose", "biased") and factor.role not in biased:
            raise ConfigError(
                f"vary.{factor.name}: the {factor.role} has no bias; set roles.{factor.role}.bias=NAME "
                "(simrun list biases)"
            )


def check_varied(factors: Sequence[Factor], scenarios: Iterable[Scenario]) -> None:
    """What a scenario cannot compare, as some arm plays it."""
    varied = [factor.name for factor in factors]
    for each in scenarios:
        if why := each.incomparable(varied):
            raise ConfigError(why)


def check_aware(factors: Sequence[Factor], castings: Mapping[str, Casting], cases: Mapping[str, Case]) -> None:
    """Where nobody has a persona, nobody can be told who anybody is."""
    stated = {role for case in cases.values() for role, traits in case.persona.items() if traits}
    shown = {role for each in castings.values() for role, traits in each.traits.items() if traits}
    for factor in factors:
        scenario = next(iter(castings.values())).scenario
        if factor.kind == AWARE and shown | stated <= set(scenario.teams()[factor.role]):
            who = scenario.focus()
            raise ConfigError(
                f"vary.{factor.name}: nobody has a persona that the {factor.role} could be told of; set "
                f"roles.{who}.persona or vary.{who}.AXIS (simrun list axes)"
            )


def check_targets(factors: Sequence[Factor], castings: Mapping[str, Casting]) -> None:
    """Only a bias that leaves open whom it is about has a target."""
    varied = {each.role for each in factors if each.kind == "target"}
    for arm in castings.values():
        for role, own in arm.roles.items():
            team = arm.scenario.team(role)
            if not own.target or any(role in each.targets for each in castings.values()):
                continue
            named = f"vary.{role}.target" if {role, team} & varied else f"roles.{role}.target={own.target}"
            able = ", ".join(arm.catalogue.implicit(team))
            raise ConfigError(
                f"{named}: the {role} has no bias that takes a target; "
                + (f"set roles.{team}.bias to one of: {able}, or leave the target out" if able else "leave it out")
            )


def check_mentions(castings: Mapping[str, Casting]) -> None:
    """Only a bias that is about somebody or something named has a control text that names it."""
    for arm in castings.values():
        for role, own in arm.roles.items():
            bias = arm.catalogue.bias(arm.scenario.team(role), own.bias)
            if own.control not in bias.controls():
                what = "no bias" if bias == NONE else f"bias {bias.name!r}, which names neither a group nor an anchor"
                raise ConfigError(
                    f"roles.{role}.control={own.control}: the {role} has {what}; "
                    + (f"set roles.{role}.bias=NAME" if bias == NONE else f"set mention: in its file, or {UNRELATED}")
                )


def check_stated(cases: Mapping[str, Case], catalogue: Catalogue, scenario: Scenario) -> None:
    """What cases say of their people must be levels of the axes."""
    for name, case in cases.items():
        for role, traits in case.persona.items():
            for axis, level in traits.items():
                try:
                    catalogue.axis(axis).level(level)
                except ValueError as error:
                    way = scenario.remedy(axis, level)
                    raise ConfigError(f"case {name!r} says of its {role}: {axis} {level}; {error}; {way}") from None


def check_images(plan: "Plan") -> None:
    """Who is shown an image must be able to see it."""
    for arm, own in plan.castings.items():
        shown = chain.from_iterable(own.scenario.shown_images(case) for case in plan.cases.values())
        for role in dict.fromkeys(shown) if not own.arm.scripted else ():  # scripted agents look at nothing
            if not own.backends[role].takes_images():
                raise ConfigError(
                    f"scenario={own.scenario.name} shows images to the {role}, but backend={own.backends[role].name} "
                    f"takes none (arm {arm}); use backend=server backend.images=true with a model that sees, or "
                    f"{own.scenario.without_images or 'cases without images'}"
                )


def check_primary(primary: Sequence[str], outcome: type[Outcome]) -> None:
    """Declared outcomes must be measured."""
    measured = outcome.measured()
    for name in primary:
        if name not in measured:
            raise unknown("outcome for design.primary", name, list(measured))


def check_margin(design: Design, outcomes: str, primary: Sequence[str], outcome: type[Outcome]) -> None:
    """Margins are of measured outcomes; expected values are never exactly equal, so that they need one."""
    for name in ("margin", "largest_case_effect"):
        told = getattr(design, name)
        for field in told if isinstance(told, Mapping) else ():
            if field not in outcome.measured():
                raise unknown(f"outcome for design.{name}", field, list(outcome.measured()))
    lacking = [name for name in primary if design.margin_of(name) is None]
    if outcomes == "expected" and lacking:
        raise ConfigError(
            f"outcomes=expected: two expected values are never exactly equal, so that a verdict on "
            f"{', '.join(lacking)} needs the largest difference that does not matter: design.margin=0.05, or "
            f"design.margin={{{lacking[0]}: 0.05}}, in the outcome's own units; or outcomes=both"
        )


def check_differences(plan: "Plan") -> None:
    """A level that changes nothing would be reported as `no effect`."""
    for arm in plan.arms:
        left = [each.why for each in plan.exclusions if each.arm == arm.name]
        if len(left) == len(plan.cases):
            raise ConfigError(
                f"no case fits arm {arm.name!r}: {'; '.join(sorted(set(left))[:3])}; give other cases, or another level"
            )
    for arm in plan.arms[1:]:
        own = plan.castings[arm.name]
        if arm.control not in ("same", "positive reference") and not _differ_somewhere(plan, plan.reference, own):
            way_out = (
                f"leave {arm.control} out of design.controls"
                if arm.control
                else "give another level, or leave it out of vary"
            )
            raise ConfigError(
                f"arm {arm.name!r} changes nothing: it plays the same prompts on the same backends as "
                f"{plan.arms[0].name!r}; {way_out}"
            )


def comparable(plan: "Plan") -> None:
    """ConfigError where nothing could be found: one case has no interval, and says nothing of
    others; levels that play alike have no effect.

    For a run that is to begin: one that was played can be read whatever it could show.
    """
    if len(plan.cases) == 1 and plan.factors:
        raise ConfigError(
            f"one case ({next(iter(plan.cases))}) cannot show what {', '.join(each.name for each in plan.factors)} "
            "changes: an interval needs two; give cases=2 or more, or vary={} to play it without comparing anything"
        )
    _check_pairs(plan)
    _check_levels(plan)
    _check_carried(plan)


def _check_pairs(plan: "Plan") -> None:
    """Exclusions, or blocks, may leave one case where two were asked for."""
    first = plan.arms[0].name
    for arm in plan.arms[1:]:
        both = [case for case in plan.cases if plan.plays(case, arm.name) and plan.plays(case, first)]
        if len(both) < 2 and not arm.control:
            why = sorted({each.why for each in plan.exclusions if each.arm in (arm.name, first)})
            why += [_dealt_once(plan)] if plan.blocks else []
            raise ConfigError(
                f"arm {arm.name!r}: of {len(plan.cases)} cases {len(both)} fits it and the reference, and an interval "
                f"needs two ({'; '.join(why[:3])}); give more cases, or another level"
            )


def _dealt_once(plan: "Plan") -> str:
    others, block = sum(not arm.control for arm in plan.arms) - 1, plan.config.design.block
    return f"in blocks of {block} each of {others} arms is dealt to two of {-(-2 * others // (block - 1))} cases"


def _check_levels(plan: "Plan") -> None:
    """Levels that are spelled differently may play alike; a fraction may leave out the arms that would show it."""
    for factor in plan.factors:
        for one, other in combinations(factor.levels, 2):
            pair = _alone(plan, factor, one), _alone(plan, factor, other)
            if not _differ_somewhere(plan, *pair):
                raise ConfigError(
                    f"vary.{factor.name}: {one!r} and {other!r} play the same prompts on the same backends; "
                    "leave one of them out"
                )


def _alone(plan: "Plan", factor: Factor, level: str) -> Casting:
    """The reference arm with one level changed, whether or not the design plays it."""
    arm = at(plan.arms[0], factor, level)
    return plan.castings.get(arm.name) or casting(plan.config, plan.catalogue, arm, plan.factors)


def _check_carried(plan: "Plan") -> None:
    for (role, bias), played in doses(plan.castings).items():
        compared = any(each.role == role and each.kind == "control" for each in plan.factors)  # two control texts
        if played == {0} and not compared and plan.scenario.team(role) == role:
            raise ConfigError(
                f"the {role}'s bias {bias!r} is played at dose 0 only, which is its control text: nobody carries it; "
                f"set roles.{role}.dose to 1, 2 or 3, or roles.{role}.bias=none"
            )


def _differ_somewhere(plan: "Plan", one: Casting, other: Casting) -> bool:
    return any(_differ(one, other, case, plan.seed) for case in plan.cases.values())


def _differ(one: Casting, other: Casting, case: Case, seed: int) -> bool:
    if one.backends != other.backends or one.scenario != other.scenario:
        return True
    seeds = Seeds(seed, case.id, 0)
    try:
        return one.cast(case, seeds) != other.cast(case, seeds)
    except Unfit:
        return False
