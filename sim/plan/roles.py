"""What an arm does to each role: the run's settings of it, its team's, its twin's and the arm's own, put together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from simrun.agents.backends.base import Backend
from simrun.agents.backends.scripted import EVERYBODY, Scripted
from simrun.agents.bias import NONE, Bias
from simrun.agents.judges.base import Judge
from simrun.agents.judges.replies import OfReplies
from simrun.agents.persona import UNSTATED, Surface, Trait, masked
from simrun.config.errors import ConfigError, explained
from simrun.config.menus import Catalogue
from simrun.config.menus import judges as menu
from simrun.config.options import Config, Role
from simrun.plan.arms import Arm
from simrun.plan.casting import Casting
from simrun.plan.exchange import exchange
from simrun.plan.factors import AWARE, BIASED, OF_ENGINE, OWN, Factor
from simrun.scenarios.base import Scenario

JUDGE = "judge"
"""The role whose settings every judge has that has none of its own."""


def casting(config: Config, catalogue: Catalogue, arm: Arm, factors: Sequence[Factor]) -> Casting:
    """Resolve one arm. ConfigError for an axis, level, bias or option that is not there."""
    scenario, judges = config.played(arm.options()), config.judges()
    cast = _cast_roles(config, scenario, factors, judges)
    changes = {role: _changes(role, arm, scenario) for role in cast}
    roles = {role: _role(role, config, arm, scenario, catalogue, changes[role], factors) for role in cast}
    scenario = scenario.model_copy(
        update={
            "carrying": tuple(role for role, own in roles.items() if own.bias != NONE.name and own.dose > 0),
            "ever_carrying": tuple(role for role in cast if _ever(role, config, arm, scenario, catalogue, factors)),
        }
    )
    backends = {
        role: _backend(role, config, roles[role], arm, scenario, changes[role])
        for role in cast
        if role not in scenario.written()
    }
    backends |= {judge.name: speaking(judge, config, scenario) for judge in judges if not judge.alone}
    axes = {role: _axes(role, config, scenario, factors) for role in cast}
    traits = {role: tuple(_traits(role, roles[role], arm, scenario, catalogue, axes[role])) for role in cast}
    return Casting(
        arm=arm,
        scenario=scenario,
        roles=roles,
        targets=dict(_targets(roles, scenario, catalogue, factors)),
        backends=backends,
        traits=traits,
        catalogue=catalogue,
        seed=config.seed,
        reask=config.reask,
        judges=judges,
        injected=tuple(injected(config, catalogue, scenario, factors)),
        masked=_masked(config, catalogue, factors) if judges else "",
        exchange=exchange(traits, factors) if judges else None,
        unaware=frozenset(role for role in cast if _unaware(role, arm, scenario)),
    )


def _cast_roles(
    config: Config, scenario: Scenario, factors: Sequence[Factor], judges: Sequence[Judge]
) -> tuple[str, ...]:
    roles = (*scenario.roles(), *scenario.written())
    _check_judged(judges, scenario)
    known = {*roles, *(judge.name for judge in judges), *([JUDGE] if judges else [])}
    for role in (*config.roles, *(factor.role for factor in factors if factor.kind != "option")):
        if role not in known and not set(scenario.teams().get(role, ())) & set(roles):
            teams = f"; its teams are {', '.join(scenario.teams())}" if scenario.teams() else ""
            way = f"; a judge of that name is asked with judge={role}" if role in menu() else ""
            raise ConfigError(
                f"scenario={scenario.name} casts no {role!r} with these options; its roles are {', '.join(roles)}"
                f"{teams}{way}"
            )
    return roles


def _check_judged(judges: Sequence[Judge], scenario: Scenario) -> None:
    """ConfigError for a judge of the replies of somebody who is not there."""
    for judge in judges:
        if isinstance(judge, OfReplies) and judge.role not in scenario.roles():
            raise ConfigError(
                f"judge={judge.name} judges what the {judge.role!r} says, whom scenario={scenario.name} does not cast "
                f"with these options; set judge.role to one of: {', '.join(scenario.roles())}"
            )


def _changes(role: str, arm: Arm, scenario: Scenario) -> dict[str, str]:
    """What an arm sets for a role: as a member of its team, then for itself."""
    team, members = scenario.team(role), scenario.teams()
    changes = {each.what: each.level for by in dict.fromkeys((team, role)) for each in arm.of(by)}
    changes.pop(AWARE, None)
    biased = changes.pop(BIASED, None)
    if biased is None:
        return changes
    if role not in members.get(team, ()):
        raise ConfigError(
            f"vary.{role}.{BIASED}: the {role} is one person with these options; vary the bias itself: "
            f"vary.{role}.bias=[none, ...]"
        )
    if members[team].index(role) >= int(biased):
        changes["dose"] = "0"
    return changes


def _unaware(role: str, arm: Arm, scenario: Scenario) -> bool:
    """Whether an arm blinds a member of a team of which only the first ones know who the others are."""
    members = scenario.teams().get(scenario.team(role), ())
    aware = next((int(each.level) for each in arm.of(scenario.team(role)) if each.kind == AWARE), len(members))
    return role in members and members.index(role) >= aware


def _role(
    role: str,
    config: Config,
    arm: Arm,
    scenario: Scenario,
    catalogue: Catalogue,
    changes: Mapping[str, str],
    factors: Sequence[Factor],
) -> Role:
    given = config.roles
    own = {
        **_twin(role, config, scenario),
        **_given(given.get(scenario.team(role))),
        **_given(given.get(role)),
    }
    # a manifest states all that a role brings, and what is as for anybody is nothing that it has
    given_here = {**own, **changes}.items()
    set_here = {what for what, value in given_here if value != _default(what) and (value or what == "knows")}
    bodily = set_here & {"backend", "bias", "dose", "control", "target", "mitigation", "engine", "knows"}
    if role in scenario.written() and (able := sorted(bodily)):
        raise ConfigError(
            f"the {role} of scenario={scenario.name} is only read about with these options and has no "
            f"{' or '.join(able)}; set roles.{role}.persona, roles.{role}.surface or vary.{role}.AXIS, "
            f"or the {', '.join(able)} of: {', '.join(scenario.roles())}"
        )
    try:
        return Role.model_validate(own | {what: changes[what] for what in OWN if what in changes})
    except ValidationError as error:
        raise ConfigError(f"arm {arm.name!r}: {explained(error)}") from None


def _ever(
    role: str, config: Config, arm: Arm, scenario: Scenario, catalogue: Catalogue, factors: Sequence[Factor]
) -> bool:
    """Whether a role carries a bias, and not only its control text, in some arm of the run."""
    own, team = _role(role, config, arm, scenario, catalogue, {}, factors), scenario.team(role)
    levels = {each.what: each.levels for by in (team, role) for each in factors if each.role == by}
    members = scenario.teams().get(team, (role,))
    most = max(map(int, levels.get(BIASED, (str(len(members)),))))
    biased = any(name != NONE.name for name in levels.get("bias", (own.bias,)))
    return biased and any(dose != "0" for dose in levels.get("dose", (str(own.dose),))) and members.index(role) < most


def _default(what: str) -> Any:
    field = Role.model_fields.get(what)
    return field.get_default(call_default_factory=True) if field else None


def _given(role: Role | None) -> dict[str, Any]:
    """What was set of a role, without the defaults."""
    return role.model_dump(exclude_unset=True) if role else {}


def _twin(role: str, config: Config, scenario: Scenario) -> dict[str, Any]:
    """What a role shows because the one whom it stands beside does, in the same way; what is varied of that one comes
    to it as what is varied (`_traits`)."""
    shown = _given(config.roles.get(scenario.twins.get(role, "")))
    return {what: shown[what] for what in ("persona", "surface", "names") if what in shown}


def _backend(role: str, config: Config, own: Role, arm: Arm, scenario: Scenario, changes: Mapping[str, str]) -> Backend:
    if arm.scripted:
        return _scripted(config, arm, scenario)
    options = {each.what for by in (scenario.team(role), role) for each in arm.of(by) if each.kind in OF_ENGINE}
    return config.engine(role, own, {what: changes[what] for what in options if what in changes}, scenario)


def speaking(judge: Judge, config: Config, scenario: Scenario) -> Backend:
    """The backend of a judge: its own, or that of the role `judge`, or the run's; the same in every arm, so that what
    is planted in scripted agents goes through the judge as well."""
    own = config.roles.get(judge.name) or config.roles.get(JUDGE) or Role()
    made = config.engine(judge.name, own, {}, scenario)
    if not isinstance(made, Scripted):
        return made
    # how a scenario's script judges is written for the role `judge`, whichever judge that is
    rules = [each.model_copy(update={"role": judge.name}) for each in made.rules if each.role == JUDGE]
    able = (each for each in rules if isinstance(each.say, Mapping) and judge.decision.from_json(each.say))
    return made.model_copy(update={"rules": (*made.rules, *able)})


def _scripted(config: Config, arm: Arm, scenario: Scenario) -> Backend:
    """The agents of the positive control."""
    planted = {"group": EVERYBODY, "effect": config.design.planted} if arm.control == "positive" else {}
    return Scripted.model_validate({"rules": scenario.script, **planted})


def _traits(
    role: str, own: Role, arm: Arm, scenario: Scenario, catalogue: Catalogue, axes: Sequence[Factor]
) -> Iterator[Trait]:
    """The traits of a role that the run sets, those that the design varies last."""
    sets = (*(arm.of(scenario.team(role)) if scenario.team(role) != role else ()), *arm.of(role))
    varied = {each.what: each.reference for each in axes if each.role == scenario.twins.get(role)}
    varied |= {each.what: each.level for each in sets if each.kind == "axis"}
    if (own.persona or varied) and role not in scenario.people():
        raise ConfigError(
            f"the {role} of scenario={scenario.name} has no persona; give one to: "
            f"{', '.join(scenario.people()) or 'nobody'}"
        )
    fixed = {axis: level for axis, level in own.persona.items() if axis not in varied}
    wanted = own.surface
    known = {axis: (level,) for axis, level in (varied | fixed).items()} | {each.what: each.levels for each in axes}
    named = _by_name(role, known, scenario, catalogue) if wanted in (None, "name") else ()
    for axis, level in fixed.items():
        beside = "name" if axis in named else None if varied else wanted
        yield _trait(role, axis, level, beside, scenario, catalogue)
    for axis, level in varied.items():
        # a control shows as it can beside what is varied: nobody is called, or speaks, in the colour of a folder
        control = arm.control == "placebo" and axis == "placebo"
        able = catalogue.axis(axis).surfaces(level, scenario.surfaces(role)) if control else ()
        way = wanted or ("name" if axis in named else None)
        yield _trait(role, axis, level, None if control and way not in able else way, scenario, catalogue)


def _axes(role: str, config: Config, scenario: Scenario, factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """The axes that are varied of a role, or of the one whose twin it is, unless it has a persona of its own."""
    own = (config.roles.get(role) or Role()).persona
    about = {scenario.team(role), role, *(() if own else (scenario.twins.get(role),))}
    return tuple(each for each in factors if each.kind == "axis" and each.role in about)


def _by_name(
    role: str, levels: Mapping[str, Sequence[str]], scenario: Scenario, catalogue: Catalogue
) -> tuple[str, ...]:
    """The axes that a name tells where a run does not say how somebody shows: gender, and the first other one of which
    every level has names; none where of some level a name would tell nothing."""

    def able(axis: str) -> bool:
        known = catalogue.axis(axis)
        return all(level in known.levels and "name" in known.surfaces(level, here) for level in levels[axis])

    here = scenario.surfaces(role)
    unsaid = any(UNSTATED in each for each in levels.values())
    if role not in scenario.named() or unsaid or ("gender" in levels and not able("gender")):
        return ()
    other = next(((axis,) for axis in levels if axis != "gender" and able(axis)), ())
    return (*other, *(["gender"] if "gender" in levels else []))


def _trait(role: str, name: str, level: str, wanted: Surface | None, scenario: Scenario, catalogue: Catalogue) -> Trait:
    axis, here = catalogue.axis(name), scenario.surfaces(role)
    try:
        surfaces = axis.surfaces(level, here)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    # an axis of its own way to show does so beside another that shows as the run wants: a language is spoken
    own = axis.shows if axis.shows in surfaces else "stated"
    surface = own if wanted is None or (wanted not in surfaces and own != "stated") else wanted
    if surface not in surfaces:
        able = [
            other.name
            for other in catalogue.axes.values()
            if all(surface in other.surfaces(each, here) for each in other.levels)
        ]
        nobody = f"nobody shows so in scenario={scenario.name} with these options"
        others = f"axes that can: {', '.join(able)}" if able else nobody
        raise ConfigError(f"{name}={level} cannot show by surface={surface}, only by {', '.join(surfaces)}; {others}")
    return Trait(axis=axis, level=level, surface=surface)


def injected(
    config: Config, catalogue: Catalogue, scenario: Scenario, factors: Sequence[Factor]
) -> Iterator[tuple[str, Bias]]:
    """The biases that some arm of a run injects, each with the role (or team) that carries it."""
    varied = {factor.role: factor.levels for factor in factors if factor.kind == "bias"}
    people = [*config.roles, *(factor.role for factor in factors if factor.kind != "option")]
    for role in dict.fromkeys(people):
        own = config.roles.get(role, Role()).bias
        for name in dict.fromkeys(varied.get(role, (own,))):
            if name != NONE.name:
                yield role, catalogue.bias(scenario.team(role), name)


def _targets(
    roles: Mapping[str, Role], scenario: Scenario, catalogue: Catalogue, factors: Sequence[Factor]
) -> Iterator[tuple[str, Trait]]:
    """Each role whose implicit bias has a target of its own, or one by what is varied, and whom it is about."""
    about = {scenario.focus(), scenario.team(scenario.focus())}
    # nobody is prejudiced against people of whom nothing is said
    varied = {
        each.what: next((level for level in reversed(each.levels) if level != UNSTATED), "")
        for each in factors
        if each.kind == "axis" and each.role in about
    }
    for role, own in roles.items():
        bias = catalogue.bias(scenario.team(role), own.bias)
        level = own.target or varied.get(bias.axis or "")
        if bias.axis is None or not bias.aimed or not level:
            continue
        if level == UNSTATED:
            raise ConfigError(f"roles.{role}.target={level}: these are no people; give a level of axis {bias.axis!r}")
        try:
            catalogue.axis(bias.axis).level(level)
        except ValueError as error:
            raise ConfigError(
                f"target={level!r} of the {role}: bias {bias.name!r} is about a group on axis {bias.axis!r}; {error}"
            ) from None
        yield role, Trait(axis=catalogue.axis(bias.axis), level=level)


def _masked(config: Config, catalogue: Catalogue, factors: Iterable[Factor]) -> str:
    told = {axis for own in config.roles.values() for axis in own.persona} | {factor.what for factor in factors}
    return masked([axis for name, axis in catalogue.axes.items() if name in told])
