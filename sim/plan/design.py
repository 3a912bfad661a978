"""A run as it is decided before a token is spent: factors -> arms -> contrasts -> paired trials."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import orjson

from simrun.agents.backends.base import Backend
from simrun.agents.judges.base import Said
from simrun.config.errors import ConfigError, unknown
from simrun.config.menus import Catalogue
from simrun.config.options import Config, Role, Throughput
from simrun.plan import refusals
from simrun.plan.arms import Arm, Exclusion, arms
from simrun.plan.blocks import check_size, dealt
from simrun.plan.casting import Casting
from simrun.plan.contrasts import Contrast, contrasts, declared
from simrun.plan.factors import Factor, factors
from simrun.plan.injections import Injection, injections
from simrun.plan.looks import check_judged, check_stop
from simrun.plan.roles import casting
from simrun.scenarios.anchor import Anchor
from simrun.scenarios.base import FILLED, Case, Fault, Scenario, Unfit
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial


@dataclass(frozen=True)
class Plan:
    """A run's arms, cases and owed trials, checked: every axis, level, bias and option exists, and every arm differs.

    `planned` makes one. What comes after reads it, and no configuration: `config`
    is kept to be written into the manifest.
    """

    config: Config
    catalogue: Catalogue
    factors: tuple[Factor, ...]
    arms: tuple[Arm, ...]
    """The reference first, controls last."""
    contrasts: tuple[Contrast, ...]
    injections: tuple[Injection, ...]
    castings: Mapping[str, Casting]
    """Of each arm."""
    cases: Mapping[str, Case]
    """In playing order."""
    faults: tuple[Fault, ...]
    exclusions: tuple[Exclusion, ...]
    blocks: Mapping[str, frozenset[str]]
    """In a design of blocks: case -> the arms that it is dealt, controls apart; {} where every case plays every arm."""
    repeats: int
    seed: int
    throughput: Throughput
    identities: Mapping[str, tuple[Any, ...]]
    """What each arm gives to the ids of its trials."""

    @property
    def reference(self) -> Casting:
        """The arm that the others are compared with."""
        return self.castings[self.arms[0].name]

    @property
    def scenario(self) -> Scenario:
        """The scenario as the reference arm plays it."""
        return self.reference.scenario

    def plays(self, case: str, arm: str) -> bool:
        """Whether a case is planned in an arm: it fits, and a design of blocks deals it."""
        return (case, arm) not in self._excluded and (not self.blocks or arm in self.blocks[case] | self._controls)

    @cached_property
    def _excluded(self) -> frozenset[tuple[str, str]]:
        return frozenset((each.case, each.arm) for each in self.exclusions)

    @cached_property
    def _controls(self) -> frozenset[str]:
        return frozenset(arm.name for arm in self.arms if arm.control)

    def played_by(self, case: str) -> tuple[str, ...]:
        """The arms in which a case is planned, in playing order."""
        return tuple(arm.name for arm in self.arms if self.plays(case, arm.name))

    def trials(self, cases: Sequence[str] | None = None) -> Iterator[Trial]:
        """What is owed, of all cases or of some, in playing order: cases as drawn, the arms of a pair side by side."""
        for case in self.cases if cases is None else cases:
            arms = self.played_by(case)
            for repeat in range(self.repeats):
                for arm in arms:
                    yield self.trial(case, arm, repeat)

    def trial(self, case: str, arm: str, repeat: int) -> Trial:
        """The trial of a case, an arm and a repeat, whether or not it is owed."""
        told = orjson.dumps([*self.identities[arm], case, repeat, self.seed], option=orjson.OPT_SORT_KEYS)
        return Trial(id=hashlib.blake2b(told, digest_size=8).hexdigest(), case=case, arm=arm, repeat=repeat)

    def anchor(self) -> tuple[tuple[Anchor, ...], tuple[Fault, ...]]:
        """What people did with real things of the kind, beside which a report is read, and the lines that are none.

        ConfigError for a file that cannot be read.
        """
        try:
            return self.scenario.anchor()
        except (OSError, ValueError) as error:
            raise ConfigError(str(error)) from None

    def paced(self, concurrency: int | None = None, tokens: int | None = None) -> Self:
        """The plan with another number of episodes in flight, or another budget, where one is given."""
        given = {name: own for name, own in (("concurrency", concurrency), ("tokens", tokens)) if own}
        return replace(self, throughput=self.throughput.model_copy(update=given))

    def stage(self, trial: Trial, beside: Said | None = None) -> Stage:
        """A trial, ready to be played; `beside` is what was said of the same in the first arm, for judges."""
        return self.castings[trial.arm].stage(self.cases[trial.case], trial, beside)


def planned(config: Config, catalogue: Catalogue) -> Plan:
    """Resolve a configuration, once.

    ConfigError for what cannot be; a case that an arm makes no sense for is an exclusion.
    """
    scenario = config.played()
    refusals.check_outcome(scenario)
    varied = factors(config.vary or {}, scenario, catalogue, _backends(config, scenario))
    found = arms(varied, config.design, scenario)
    refusals.check_varied(varied, [scenario])
    castings = {arm.name: casting(config, catalogue, arm, varied) for arm in found}
    refusals.check_varied(varied, [own.scenario for own in castings.values()])
    reference = castings[found[0].name]
    refusals.check_kinds(castings)
    refusals.check_doses(varied, castings)
    refusals.check_targets(varied, castings)
    refusals.check_mentions(castings)
    looking = next((own.scenario for own in castings.values() if own.scenario.looks), reference.scenario)
    cases, faults = chosen(config.cases, config.seed, looking)
    refusals.check_aware(varied, castings, cases)
    refusals.check_stated(cases, catalogue, reference.scenario)
    exclusions = tuple(_exclusions(castings, cases))
    plan = Plan(
        config=config,
        catalogue=catalogue,
        factors=varied,
        arms=found,
        contrasts=contrasts(found, varied, config.design.cross),
        injections=injections(reference.injected, castings),
        castings=castings,
        cases=cases,
        faults=faults,
        exclusions=exclusions,
        blocks=_blocks(config, found, cases, exclusions),
        repeats=config.repeats,
        seed=config.seed,
        throughput=config.throughput,
        identities={name: _identity(own) for name, own in castings.items()},
    )
    refusals.check_images(plan)
    check_judged(config.design, [each.name for each in reference.judges])
    refusals.check_primary(config.design.primary, reference.scenario.outcome)
    primary = declared(config.design, reference.scenario.outcome)
    refusals.check_margin(config.design, config.outcomes, primary, reference.scenario.outcome)
    refusals.check_differences(plan)
    check_stop(plan)
    return plan


def _backends(config: Config, scenario: Scenario) -> dict[str, Backend]:
    """Of each role that speaks, as it is when nothing is varied."""
    given = config.roles
    return {
        role: config.engine(role, given.get(role) or given.get(scenario.team(role)) or Role(), {}, scenario)
        for role in scenario.roles()
    }


def _blocks(
    config: Config, found: tuple[Arm, ...], cases: Mapping[str, Case], exclusions: tuple[Exclusion, ...]
) -> dict[str, frozenset[str]]:
    """Case -> the arms that it is dealt; ConfigError for a block that is none."""
    if config.design.cross != "blocks":
        return {}
    crossed = [arm.name for arm in found if not arm.control]
    check_size(config.design.block, len(crossed))
    unfit = {(each.case, each.arm) for each in exclusions}
    return dealt(tuple(cases), crossed, config.design.block, config.seed, unfit)


def _identity(own: Casting) -> tuple[Any, ...]:
    """What an arm gives to the ids of its trials: its scenario's options, its settings, and whether it is a control."""
    scenario = own.scenario
    options = scenario.model_dump(mode="json", exclude={*FILLED, "encoding", *scenario.files()})
    return scenario.name, scenario.mode, options, own.arm.settings, own.arm.control


def _exclusions(castings: Mapping[str, Casting], cases: Mapping[str, Case]) -> Iterator[Exclusion]:
    for name, case in cases.items():
        for arm, own in castings.items():
            try:
                own.stage(case, Trial(id="", case=name, arm=arm, repeat=0))  # as far as its first turn
            except Unfit as unfit:
                yield Exclusion(case=name, arm=arm, why=str(unfit))
            except ValueError as error:
                raise ConfigError(f"arm {arm}: {error}") from None


def chosen(
    cases: int | tuple[str, ...] | None, seed: int, scenario: Scenario
) -> tuple[dict[str, Case], tuple[Fault, ...]]:
    """The cases of a run in playing order, by id, and the lines of the bank that are none."""
    try:
        bank, faults = scenario.bank()
    except (OSError, ValueError) as error:
        raise ConfigError(str(error)) from None
    known = {case.id: case for case in bank}
    if isinstance(cases, tuple):
        for name in cases:
            if name not in known:
                raise unknown("case", name, list(known))
        return {name: known[name] for name in cases}, faults
    if cases is not None and cases < 1:
        raise ConfigError(f"cases={cases}: give at least 1, a list of ids, or null for all {len(known)}")
    order = np.random.default_rng(seed).permutation(len(bank))[:cases]
    return {bank[index].id: bank[index] for index in order}, faults
