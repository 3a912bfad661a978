"""One arm, resolved: who plays it, on which backend, and how a case becomes a stage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from simrun.agents.agent import Agent
from simrun.agents.backends.base import Backend
from simrun.agents.bias import NONE, Bias
from simrun.agents.judges.base import Judge, Said, Tendency
from simrun.agents.judges.observer import SOMEBODY
from simrun.agents.persona import Persona, Trait
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.config.options import Role
from simrun.plan.arms import Arm
from simrun.plan.exchange import Exchange
from simrun.scenarios.base import Case, Scenario, Unfit
from simrun.stage.seeds import Seeds
from simrun.stage.stage import EMPTY, Stage
from simrun.stage.trial import Trial


@dataclass(frozen=True)
class Casting:
    """An arm with everything that does not depend on the case looked up and checked (`simrun.plan.roles.casting`)."""

    arm: Arm
    scenario: Scenario
    roles: Mapping[str, Role]
    """What everybody who is cast brings, the settings of its team and of the arm already in it."""
    targets: Mapping[str, Trait]
    """Whom the implicit bias of a role is about, in every arm alike; who is not among them believes it of the people
    to whom the one whom the audit is about belongs."""
    backends: Mapping[str, Backend]
    """Who answers for each role that speaks, and for each judge."""
    traits: Mapping[str, tuple[Trait, ...]]
    """Of each role, those that the run sets; what the design varies comes last."""
    catalogue: Catalogue
    seed: int
    reask: int = 0
    """How often a decision that could not be read is asked for again."""
    judges: tuple[Judge, ...] = ()
    injected: tuple[tuple[str, Bias], ...] = ()
    """Each role with a bias that some arm of the run injects: what judges look for, in every arm alike."""
    masked: str = field(default="", repr=False)
    """Regular expression of the words by which a level of the run's axes shows."""
    unaware: frozenset[str] = frozenset()
    """The members of a team whom this arm blinds, whatever their mitigation."""
    exchange: Exchange | None = field(default=None, repr=False)
    """Puts other people in the place of the arm's own, for judges; None where there are no others."""

    def personas(self, case: Case, seeds: Seeds) -> dict[str, Persona]:
        """Everybody's persona for one case: what the case says of them, unless the run sets it."""
        return {
            role: Persona(
                traits=(*self._born(case, role), *self.traits[role]),
                draw=seeds.number("persona", role),
                names=self.roles[role].names,
            )
            for role in (*self.scenario.roles(), *self.scenario.written())
        }

    def name(self, case: Case, seeds: Seeds) -> str | None:
        """The name of the one whom the audit is about; None where no role shows anything by a name."""
        about = self.scenario.focus()
        named = any(trait.surface == "name" for trait in self.traits.get(about, ()))
        return self.personas(case, seeds)[about].name() if named else None

    def _born(self, case: Case, role: str) -> tuple[Trait, ...]:
        # a name tells the gender that its list is for, so that stating it as well is no second difference
        taken = {trait.axis.name for trait in self.traits[role]}
        said = case.persona.get(role, {})
        return tuple(
            Trait(axis=self.catalogue.axis(axis), level=level) for axis, level in said.items() if axis not in taken
        )

    def cast(self, case: Case, seeds: Seeds) -> tuple[Case, dict[str, Agent]]:
        """The case as it reads for these personas, and the agents. Raises Unfit where they do not go together."""
        personas, scenario = self.personas(case, seeds), self.worded(seeds)
        fitted: Case = scenario.fit(scenario.drawn(case, seeds.rng("hears")), personas, self.blind)
        return fitted, {role: self._agent(role, scenario, fitted, personas) for role in personas}

    @cached_property
    def blind(self) -> frozenset[str]:
        """The roles that are introduced to nobody."""
        by_mitigation = (role for role, own in self.roles.items() if self.catalogue.mitigation(own.mitigation).blind)
        return self.unaware.union(by_mitigation)

    def worded(self, seeds: Seeds) -> Scenario:
        """The scenario in the wording of one trial."""
        return self.scenario.worded(seeds.number("wording"))

    def _agent(self, role: str, scenario: Scenario, case: Case, personas: Mapping[str, Persona]) -> Agent:
        persona, written = personas[role], role in scenario.written()
        measure = self.catalogue.mitigation(self.roles[role].mitigation)
        return Agent(
            role=role,
            brief="" if written else scenario.brief(role, case),
            reads={} if written else scenario.reads(role, case),
            persona=scenario.address(role, persona, case) if self.roles[role].knows else "",
            tendency=self._tendency(role, case, personas),
            guard=measure.prompt,
            blind=role in self.blind,
            introduction=scenario.introduce(role, persona, case),
            veiled=scenario.veiled(role, case),
            opening=persona.opening(),
        )

    def _tendency(self, role: str, case: Case, personas: Mapping[str, Persona]) -> str:
        own = self.roles[role]
        if own.bias == NONE.name:
            return ""
        bias = self.catalogue.bias(self.scenario.team(role), own.bias)
        if bias.anchored and not self._anchor(case):
            raise Unfit(f"no plausible wrong answer is known for bias {bias.name!r} to name; give the case an anchor")
        return bias.prompt(own.dose, self._anchor(case), self._group(role, bias, personas), own.control)

    def _anchor(self, case: Case) -> str:
        return self.scenario.facts(case).get("anchor", "")

    def _group(self, role: str, bias: Bias, personas: Mapping[str, Persona]) -> str:
        """The people whom an implicit bias is about: its target, which is the same in every arm, whoever is judged."""
        if bias.axis is None:
            return ""
        about = self.scenario.focus()
        trait = self.targets.get(role) or (personas[about].trait(bias.axis) if about else None)
        if trait is None:
            levels = ", ".join(self.catalogue.axis(bias.axis).levels)
            whose = self._carriers(role)
            raise ConfigError(
                f"bias {bias.name!r} is about a group on axis {bias.axis!r}, and the {about} has none: "
                f"set roles.{whose}.target=LEVEL, roles.{about}.persona.{bias.axis}=LEVEL or "
                f"vary.{about}.{bias.axis}=[...]; its levels are {levels}"
            )
        return trait.group()

    def _carriers(self, role: str) -> str:
        """By which name a target is set for a role and for whoever of its team carries a bias: the team's where all
        do, since a target without a bias is refused."""
        team = self.scenario.team(role)
        alike = all(self.roles[each].bias == self.roles[role].bias for each in self.scenario.teams().get(team, ()))
        return team if alike else role

    def seeds(self, trial: Trial) -> Seeds:
        """A trial's randomness: the same in every arm, but for the control that asks how much seeds alone do."""
        return Seeds(self.seed, trial.case, trial.repeat, "same" if self.arm.control == "same" else "")

    def stage(self, case: Case, trial: Trial, beside: Said | None = None) -> Stage:
        """A trial, ready to be played; `beside` is what judges who compare read beside it."""
        seeds = self.seeds(trial)
        fitted, cast = self.cast(case, seeds)
        shown, aside = self._shown(fitted, beside), (self.reask, self._spared, self.exchange, self._keys)
        return Stage(self.scenario, fitted, cast, seeds, trial.id, self.judges, shown, *aside)

    @cached_property
    def _spared(self) -> frozenset[str]:
        """Those who are not asked again."""
        return frozenset(role for role, backend in self.backends.items() if not backend.asked_again)

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        """What the backends of roles add to what those are asked."""
        return {role: key for role, backend in self.backends.items() if (key := backend.keyed())}

    def _shown(self, case: Case, beside: Said | None = None) -> Said:
        """What judges are shown beside what was said: the same in every arm, whether or not it carries the bias."""
        if not self.judges:
            return EMPTY
        tendencies = (
            Tendency(
                name=f"{role}.{bias.name}",
                role=role,
                text=bias.prompt(len(bias.doses), self._anchor(case), SOMEBODY),
            )
            for role, bias in self.injected
        )
        return Said(tendencies=tuple(tendencies), masked=self.masked, beside=beside)
