"""Who plays an arm: personas, biases and backends put together with a case into agents."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from simrun.agents.agent import Agent
from simrun.agents.backends.base import Backend
from simrun.agents.backends.scripted import EVERYBODY, Scripted
from simrun.agents.bias import Bias
from simrun.agents.judges.observer import OBSERVER, Check, checks, injected, masked, observer
from simrun.agents.persona import Persona, Surface, Trait
from simrun.config.errors import ConfigError, explained
from simrun.config.menus import Catalogue
from simrun.config.options import Config, Role
from simrun.plan.arms import Arm
from simrun.scenarios.base import Case, Scenario
from simrun.stage.seeds import Luck
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial

OWN = ("bias", "dose", "surface", "mitigation")
"""What of a role can be varied beside its persona and its engine."""
BIASED = "biased"
"""What of a team can be varied: how many of its members, the first ones, carry its bias; the others get the bias's control text."""


class Casting:
    """One arm, resolved: everything that does not depend on the case is looked up and checked once.

    `roles` and `backends` are of everybody who is cast, a team's settings and the arm's already in them. Raises ConfigError for an axis, level, bias or option that is not there.
    """

    def __init__(self, config: Config, catalogue: Catalogue, arm: Arm):
        self.arm, self._config, self._catalogue = arm, config, catalogue
        split = [(key.partition(".")[0], key.partition(".")[2], level) for key, level in arm.settings.items()]
        self.scenario = config.played({what: level for role, what, level in split if role == "scenario"})
        self._changes = {role: self._own_changes(role, split) for role in self._cast_roles(split)}
        self.roles = {role: self._role(role) for role in self._cast_roles(split)}
        self.backends: dict[str, Backend] = {
            role: self._backend(role) for role in self.roles if role not in self.scenario.written()
        }

    def _cast_roles(self, split: list[tuple[str, str, str]]) -> tuple[str, ...]:
        watched = self._config.roles.get(OBSERVER, Role()).backend is not None
        roles = (*self.scenario.roles(), *self.scenario.written(), *((OBSERVER,) if watched else ()))
        for role in [*self._config.roles, *(by for by, _, _ in split if by != "scenario")]:
            if role not in roles and not set(self.scenario.teams().get(role, ())) & set(roles):
                teams = f"; its teams are {', '.join(self.scenario.teams())}" if self.scenario.teams() else ""
                raise ConfigError(
                    f"scenario={self.scenario.name} casts no {role!r} with these options; its roles are {', '.join(roles)}{teams}"
                )
        return roles

    def _own_changes(self, role: str, split: list[tuple[str, str, str]]) -> dict[str, str]:
        """What an arm sets for a role: as a member of its team, then for itself."""
        team = self.scenario.team(role)
        changes = {what: level for by, what, level in split if by == team} | {
            what: level for by, what, level in split if by == role
        }
        biased = changes.pop(BIASED, None)
        if biased is None:
            return changes
        members = self.scenario.teams().get(team, ())
        if role not in members:
            raise ConfigError(
                f"vary.{role}.{BIASED}: the {role} is one person with these options; vary the bias itself: vary.{role}.bias=[none, ...]"
            )
        if members.index(role) >= int(biased):
            changes["dose"] = "0"
        return changes

    def _role(self, role: str) -> Role:
        given = self._config.roles
        own = {**self._twin(role), **_given(given.get(self.scenario.team(role))), **_given(given.get(role))}
        changes = self._changes[role]
        given_here = {what for what, value in {**own, **changes}.items() if value}
        if role in self.scenario.written() and (
            able := sorted(given_here & {"backend", "bias", "dose", "mitigation", "engine"})
        ):
            raise ConfigError(
                f"the {role} of scenario={self.scenario.name} is only read about with these options and has no {' or '.join(able)}; "
                f"set roles.{role}.persona, roles.{role}.surface or vary.{role}.AXIS, or the {', '.join(able)} of: {', '.join(self.scenario.roles())}"
            )
        try:
            return Role.model_validate(own | {what: changes[what] for what in OWN if what in changes})
        except ValidationError as error:
            raise ConfigError(f"arm {self.arm.name!r}: {explained(error)}") from None

    def _twin(self, role: str) -> dict[str, Any]:
        """What a role shows because the one whom it stands beside does: the same axes, at their reference levels."""
        other = self.scenario.twins.get(role)
        if other is None:
            return {}
        shown = self._config.roles.get(other, Role())
        varied = {
            key.partition(".")[2]: levels[0]
            for key, levels in self._config.factors.items()
            if key.partition(".")[0] == other
        }
        persona = {**shown.persona, **{axis: level for axis, level in varied.items() if axis in self._catalogue.axes}}
        return {"persona": persona, "surface": shown.surface}

    def _backend(self, role: str) -> Backend:
        if self.arm.control in ("positive", "positive reference"):
            planted = (
                {"group": EVERYBODY, "effect": self._config.design.planted} if self.arm.control == "positive" else {}
            )
            return Scripted(rules=self.scenario.script, **planted)
        engine = {
            what: level
            for what, level in self._changes[role].items()
            if what not in OWN and what not in self._catalogue.axes
        }
        return self._config.engine(role, self.roles[role], engine, self.scenario)

    def _varied(self, role: str) -> dict[str, str]:
        return {what: level for what, level in self._changes[role].items() if what in self._catalogue.axes}

    @cached_property
    def _own(self) -> dict[str, tuple[Trait, ...]]:
        """The traits of each role that the run sets, those that the design varies last."""
        found = {}
        for role, own in self.roles.items():
            varied = self._varied(role)
            if (own.persona or varied) and role not in self.scenario.people():
                raise ConfigError(
                    f"the {role} of scenario={self.scenario.name} has no persona; give one to: {', '.join(self.scenario.people()) or 'nobody'}"
                )
            fixed = {axis: level for axis, level in own.persona.items() if axis not in varied}
            shown: Surface = "stated" if varied else own.surface
            found[role] = (
                *(self._trait(role, axis, level, shown) for axis, level in fixed.items()),
                *(self._trait(role, axis, level, own.surface) for axis, level in varied.items()),
            )
        return found

    def _trait(self, role: str, name: str, level: str, surface: Surface) -> Trait:
        axis, here = self._catalogue.axis(name), self.scenario.surfaces(role)
        try:
            surfaces = axis.surfaces(level, here)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if surface not in surfaces:
            able = [
                other.name
                for other in self._catalogue.axes.values()
                if all(surface in other.surfaces(each, here) for each in other.levels)
            ]
            others = (
                f"axes that can: {', '.join(able)}"
                if able
                else f"nobody shows so in scenario={self.scenario.name} with these options"
            )
            raise ConfigError(
                f"{name}={level} cannot show by surface={surface}, only by {', '.join(surfaces)}; {others}"
            )
        return Trait(axis=axis, level=level, surface=surface)

    def personas(self, case: Case, luck: Luck) -> dict[str, Persona]:
        """Everybody's persona for one case: what the case says of them, unless the run sets it."""
        return {
            role: Persona(traits=(*self._born(case, role), *self._own[role]), draw=luck.number("persona", role))
            for role in (*self.scenario.roles(), *self.scenario.written())
        }

    def name(self, case: Case, luck: Luck) -> str | None:
        """The name of the one whom the audit is about; None where no role shows anything by a name."""
        about = self.scenario.focus()
        named = any(trait.surface == "name" for trait in self._own.get(about, ()))
        return self.personas(case, luck)[about].name() if named else None

    def _born(self, case: Case, role: str) -> tuple[Trait, ...]:
        # a name tells the gender that its list is for, so that stating it as well is no second difference
        taken = {trait.axis.name for trait in self._own[role]}
        return tuple(
            Trait(axis=self._catalogue.axis(axis), level=level)
            for axis, level in case.persona.get(role, {}).items()
            if axis not in taken
        )

    def cast(self, case: Case, luck: Luck) -> tuple[Case, dict[str, Agent]]:
        """The case as it reads for these personas, and the agents. Raises Unfit where they do not go together."""
        personas, scenario = self.personas(case, luck), self.worded(luck)
        fitted = scenario.fit(case, personas, self._blind)
        cast = {role: self._agent(role, scenario, fitted, personas) for role in personas}
        return fitted, cast | ({OBSERVER: observer()} if OBSERVER in self.roles else {})

    @cached_property
    def _blind(self) -> frozenset[str]:
        """The roles that are introduced to nobody."""
        return frozenset(role for role, own in self.roles.items() if self._catalogue.mitigation(own.mitigation).blind)

    def worded(self, luck: Luck) -> Scenario:
        """The scenario in the wording of one trial."""
        return self.scenario.worded(luck.number("wording"))

    def _agent(self, role: str, scenario: Scenario, case: Case, personas: Mapping[str, Persona]) -> Agent:
        persona = personas[role]
        own, written = persona.self_sheet(), role in scenario.written()
        measure = self._catalogue.mitigation(self.roles[role].mitigation)
        return Agent(
            role=role,
            brief="" if written else scenario.brief(role, case),
            persona=f"About you: {own}" if own else "",
            tendency=self._tendency(role, case, personas),
            guard=measure.prompt,
            blind=measure.blind,
            introduction=scenario.introduce(role, persona, case),
            veiled=scenario.veiled(role, case),
            opening=persona.opening(),
        )

    def _tendency(self, role: str, case: Case, personas: Mapping[str, Persona]) -> str:
        own = self.roles[role]
        bias = self._catalogue.bias(self.scenario.team(role), own.bias)
        return bias.prompt(own.dose, self.scenario.facts(case).get("anchor", ""), self._group(bias, personas))

    def _group(self, bias: Bias, personas: Mapping[str, Persona]) -> str:
        """The people whom an implicit bias is about: those whom the one whom the audit is about belongs to."""
        if bias.axis is None:
            return ""
        about = self.scenario.focus()
        trait = personas[about].trait(bias.axis) if about else None
        if trait is None:
            raise ConfigError(
                f"bias {bias.name!r} is about a group on axis {bias.axis!r}, and the {about} has none: "
                f"set roles.{about}.persona.{bias.axis}=LEVEL or vary.{about}.{bias.axis}=[...]; its levels are {', '.join(self._catalogue.axis(bias.axis).levels)}"
            )
        return trait.group()

    def luck(self, trial: Trial) -> Luck:
        """A trial's randomness: the same in every arm, but for the control that asks how much luck alone does."""
        return Luck(self._config.seed, trial.case, trial.repeat, self.arm.control if self.arm.control == "same" else "")

    def stage(self, case: Case, trial: Trial) -> Stage:
        """A trial, ready to be played."""
        luck = self.luck(trial)
        fitted, cast = self.cast(case, luck)
        return Stage(self.scenario, fitted, cast, luck, trial.id, self._checks(fitted))

    def _checks(self, case: Case) -> tuple[Check, ...]:
        """What the observer is asked: the same in every arm, whether or not it carries the bias."""
        return (
            checks(self._injected, self.scenario.facts(case).get("anchor", ""), self._masked)
            if OBSERVER in self.roles
            else ()
        )

    @cached_property
    def _injected(self) -> tuple[tuple[str, Bias], ...]:
        return tuple(injected(self._config, self._catalogue))

    @cached_property
    def _masked(self) -> str:
        told = {axis for own in self._config.roles.values() for axis in own.persona} | {
            key.partition(".")[2] for key in self._config.factors
        }
        return masked([axis for name, axis in self._catalogue.axes.items() if name in told])


def _given(role: Role | None) -> dict[str, Any]:
    """What was set of a role, without the defaults."""
    return role.model_dump(exclude_unset=True) if role else {}
