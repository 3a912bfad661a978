"""What a run says of itself: what was asked for, what it was played with, and whether it is complete."""

import hashlib
import platform
from collections.abc import Mapping
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import orjson
from pydantic import ValidationError

from simrun.agents.records import Record
from simrun.config.errors import ConfigError, explained
from simrun.config.menus import Catalogue
from simrun.config.options import Config
from simrun.log import files
from simrun.log.chain import FIRST, Head
from simrun.log.trust import gate
from simrun.plan.arms import Arm, Exclusion
from simrun.plan.contrasts import Contrast, declared
from simrun.plan.design import Plan, planned
from simrun.plan.factors import Factor
from simrun.plan.injections import Injection
from simrun.plan.looks import Question, questions
from simrun.scenarios.anchor import Anchor
from simrun.scenarios.base import Scenario
from simrun.scenarios.outcome import Outcome
from simrun.scenarios.versions import Version

PACKAGES = (
    "simrun",
    "xllamacpp",
    "aiohttp",
    "pydantic",
    "hydra-core",
    "numpy",
    "scipy",
    "pandas",
    "networkx",
    "matplotlib",
)
FILE = "manifest.json"


class Stated(Record):
    """One attribute that cases state of their people."""

    role: str
    axis: str
    levels: Mapping[str, str]
    """Case -> level."""

    @property
    def name(self) -> str:
        """`role.axis`"""
        return f"{self.role}.{self.axis}"


class Manifest(Record):
    """manifest.json of a run."""

    config: Config
    digest: str
    """Of the config, without where it is kept and how fast it is played."""
    catalogue: Catalogue
    """The axes and biases as they were: a run can be played again when the catalogue has changed."""
    suite: str
    """Digest of the cases."""
    cases: tuple[str, ...]
    factors: tuple[Factor, ...]
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    """Which arms are compared, and why."""
    injections: tuple[Injection, ...] = ()
    """Which arms carry which injected bias."""
    judges: tuple[str, ...] = ()
    """Who was asked about what was said: after each episode, or later."""
    repeats: int
    seed: int
    owed: int
    """Trials in the plan."""
    exclusions: tuple[Exclusion, ...] = ()
    faults: tuple[str, ...] = ()
    """Lines of the data that could not be read."""
    anchors: tuple[Anchor, ...] = ()
    """What people did with real things of the kind, beside which the report reads this run."""
    described: tuple[str, ...] = ()
    """What a reader should know of all cases, such as how many there are of each kind."""
    flags: Mapping[str, tuple[str, ...]] = {}
    """Case -> what a reader should know of it."""
    stated: tuple[Stated, ...] = ()
    """What cases say of their people by themselves, where the run neither varies nor sets it."""
    hidden_images: int = 0
    """Cases whose image nobody was shown."""
    image_versions: Mapping[str, tuple[Version, ...]] = {}
    """Case -> the versions of its image that arms show, the one first that the others are compared with; {} where all
    arms show the same."""
    engines: Mapping[str, Mapping[str, Any]] = {}
    """Role -> what answered for it in the reference arm; other arms under `role (arm)`."""
    notes: tuple[str, ...] = ()
    treatment: str = ""
    """Whether only the declared words differ in the pairs, in a sentence; "" where nothing has words of its own."""
    versions: Mapping[str, str] = {}
    created: float
    """Unix time, seconds."""
    name: str = ""
    """Of the folder in which it began: a run keeps it, wherever it is moved."""
    heads: Mapping[str, str] = {}
    """Chain of the log -> hash of its last line when the run was closed."""
    pace: str = ""
    """Digest of pace.jsonl when the run was closed."""
    complete: bool = False
    """Every owed trial has an outcome."""

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario as the reference arm played it."""
        return self.config.played(self.arms[0].options())

    @property
    def outcome(self) -> type[Outcome]:
        """What an episode of this run's scenario comes to."""
        return self.scenario.outcome

    @property
    def primary(self) -> tuple[str, ...]:
        """The outcomes on which the question is decided: as declared, else the scenario's own, else its accuracy."""
        return declared(self.config.design, self.outcome)

    @property
    def questions(self) -> tuple[Question, ...]:
        """What is looked at while the run is played, where it may stop before its last case."""
        return questions(self.config, self.contrasts, self.outcome)

    @property
    def axes(self) -> tuple[str, ...]:
        """The persona axes that were varied, as `role.axis`."""
        return tuple(factor.name for factor in self.factors if factor.kind == "axis")

    def levels(self, factor: str) -> tuple[str, ...]:
        """Of a factor (`role.what`), the reference first."""
        return next(each.levels for each in self.factors if each.name == factor)

    @property
    def fractional(self) -> bool:
        """Whether only a part of all combinations of levels was played."""
        return self.config.design.cross == "fractional"

    @property
    def in_blocks(self) -> bool:
        """Whether each case played only some of the arms."""
        return self.config.design.cross == "blocks"

    @property
    def incomplete(self) -> bool:
        """Whether cases do not play all combinations of levels, so that what needs four arms at once has too few."""
        return self.fractional or self.in_blocks

    @property
    def head(self) -> str:
        """Where the log ended, in words: a hash, of several chains each with its name."""
        return ", ".join(f"{chain} {end}".strip() for chain, end in sorted(self.heads.items())) or FIRST

    def tip(self) -> Head:
        """Where the log ended when the run was last closed."""
        return Head(self.heads, self.complete)

    def told(self, **told: Any) -> Self:
        """The manifest with something new in it."""
        return self.model_copy(update=told)

    @classmethod
    def of(cls, plan: Plan, created: float) -> Self:
        """A run that is about to begin. ConfigError for a file beside the cases that cannot be read."""
        anchors, unread = plan.anchor()
        return cls(
            **derived(plan),
            config=plan.config,
            digest=plan.config.digest(),
            catalogue=used(plan),
            suite=suite(plan),
            judges=tuple(judge.name for judge in plan.reference.judges),
            faults=tuple(map(str, (*plan.faults, *unread))),
            anchors=anchors,
            versions={
                "python": platform.python_version(),
                "platform": platform.platform(),
                **{name: _version(name) for name in PACKAGES},
            },
            created=created,
        )

    @classmethod
    def read(cls, run: Path, trust: bool = False) -> Self:
        """The manifest of a run; ConfigError when the folder holds none, LogError where it holds a link.

        What it names is imported where this user began the run here, or says `trust`.
        """
        files.checked(run)
        try:
            told = cls.model_validate_json((run / FILE).read_bytes())
        except FileNotFoundError:
            raise ConfigError(f"{run} is no run: it has no {FILE}") from None
        except ValidationError as error:
            raise ConfigError(f"{run / FILE} cannot be read: {explained(error)}") from None
        except (ValueError, OSError) as error:
            raise ConfigError(f"{run / FILE} cannot be read: {error}") from None
        return told.told(config=told.config.behind(gate(told, run, trust)))

    def write(self, run: Path) -> None:
        """Replace the manifest in one step: a kill leaves the old one or the new one."""
        told = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n"
        files.replace(run / FILE, told)

    def plan(self) -> Plan:
        """The plan again, from the catalogue as it was; ConfigError when the
        manifest or the cases have changed since."""
        if self.config.digest() != self.digest:
            raise ConfigError(
                f"{FILE} was changed: its config has digest {self.config.digest()}, and the run began with "
                f"{self.digest}; restore it, or start a new run"
            )
        plan = planned(self.config, self.catalogue)
        if suite(plan) != self.suite:
            given = filter(None, map(plan.config.scenario.get, plan.scenario.files()))
            source = ", ".join(map(str, given)) or "the scenario's own bank"
            raise ConfigError(
                f"the cases have changed since this run began (suite digest {suite(plan)}, was "
                f"{self.suite}; from {source}): "
                "restore them, or start a new run"
            )
        self._check(plan)
        return plan

    def _check(self, plan: Plan) -> None:
        """ConfigError where the manifest tells of another design than its config comes to: the report goes by it."""
        wrong = [name for name, found in derived(plan).items() if getattr(self, name) != found]
        if self.faults[: len(plan.faults)] != tuple(map(str, plan.faults)):  # files beside the cases add theirs
            wrong.append("faults")
        if wrong:
            raise ConfigError(
                f"{FILE} was changed, or simrun has: its {', '.join(wrong)} are not what its config comes to; restore "
                "it, or start a new run"
            )


def derived(plan: Plan) -> dict[str, Any]:
    """What a manifest says again of a plan."""
    cases = plan.cases.values()
    return {
        "cases": tuple(plan.cases),
        "factors": plan.factors,
        "arms": plan.arms,
        "contrasts": plan.contrasts,
        "injections": plan.injections,
        "repeats": plan.repeats,
        "seed": plan.seed,
        "owed": plan.repeats * sum(len(plan.played_by(case)) for case in plan.cases),  # every worker begins with it
        "exclusions": plan.exclusions,
        "described": plan.scenario.described(tuple(cases)),
        "flags": {name: case.flags for name, case in plan.cases.items() if case.flags},
        "stated": _stated(plan),
        "hidden_images": sum(1 for case in cases if case.images and not plan.scenario.shown_images(case)),
        "image_versions": _image_versions(plan),
    }


def _stated(plan: Plan) -> tuple[Stated, ...]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name, case in plan.cases.items():
        for role, traits in case.persona.items():
            for axis, level in traits.items():
                found.setdefault((role, axis), {})[name] = level
    decided = {(factor.role, factor.what) for factor in plan.factors}
    decided |= {(role, axis) for role, own in plan.config.roles.items() for axis in own.persona}
    return tuple(
        Stated(role=role, axis=axis, levels=own) for (role, axis), own in found.items() if (role, axis) not in decided
    )


def _image_versions(plan: Plan) -> dict[str, tuple[Version, ...]]:
    """Of each case that is shown in several; with the first one always, which the others were compared with."""
    shown = {level for each in plan.factors if each.name == "scenario.image_version" for level in each.levels}
    found = {
        name: tuple(each for place, each in enumerate(case.images) if not place or each.level in shown)
        for name, case in plan.cases.items()
        if shown and len(case.images) > 1
    }
    return {name: each for name, each in found.items() if len(each) > 1}


def suite(plan: Plan) -> str:
    """Digest of the cases in playing order: of one JSON list, told case by case, since a
    pool of thousands would be large as a whole."""
    told = hashlib.blake2b(b"[", digest_size=12)
    for nth, case in enumerate(plan.cases.values()):
        told.update(b"," * (nth > 0) + orjson.dumps(case.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS))
    told.update(b"]")
    return told.hexdigest()


def used(plan: Plan) -> Catalogue:
    """The part of the catalogue that the run can touch."""
    whole, roles = plan.catalogue, plan.config.roles
    levels = {level for factor in plan.factors for level in factor.levels}
    biases = {f"{bias.role}/{bias.name}": bias for own in plan.castings.values() for _, bias in own.injected}
    axes = {axis for role in roles.values() for axis in role.persona} | {factor.what for factor in plan.factors}
    axes |= {axis for case in plan.cases.values() for traits in case.persona.values() for axis in traits} | {"placebo"}
    axes |= {bias.axis for bias in biases.values() if bias.axis}
    measures = {own.mitigation for own in roles.values()} | levels
    return Catalogue(
        axes={name: axis for name, axis in whole.axes.items() if name in axes},
        biases={key: bias for key, bias in whole.biases.items() if key in biases},
        mitigations={name: measure for name, measure in whole.mitigations.items() if name in measures},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
