"""What a run says of itself: what was asked for, what it was played with, and whether it is complete."""

import hashlib
import os
import platform
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

import orjson

from simrun.agents.judges.observer import SHOWN, injected
from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.config.options import Config
from simrun.log.chain import FIRST, Head
from simrun.plan.arms import Arm, Exclusion
from simrun.plan.design import Plan
from simrun.scenarios.outcome import Outcome

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
    arms: tuple[Arm, ...]
    owed: int
    """Trials in the plan."""
    exclusions: tuple[Exclusion, ...] = ()
    faults: tuple[str, ...] = ()
    """Lines of the data that could not be read."""
    flags: Mapping[str, tuple[str, ...]] = {}
    """Case -> what a reader should know of it."""
    stated: Mapping[str, Mapping[str, str]] = {}
    """What cases say of their people by themselves: `role.axis` -> case -> level."""
    hidden_images: int = 0
    """Cases whose image nobody was shown."""
    engines: Mapping[str, Mapping[str, Any]] = {}
    """Role -> what answered for it in the reference arm; other arms under `role (arm)`."""
    notes: tuple[str, ...] = ()
    treatment: str = ""
    """Whether only the declared words differ in the pairs, in a sentence; "" where nothing has words of its own."""
    versions: Mapping[str, str] = {}
    created: float
    """Unix time, seconds."""
    heads: Mapping[str, str] = {}
    """Chain of the log -> hash of its last line when the run was closed."""
    complete: bool = False
    """Every owed trial has an outcome."""

    @property
    def outcome(self) -> type[Outcome]:
        """What an episode of this run's scenario comes to."""
        return self.config.played().kind

    @property
    def laid_out(self) -> tuple[str, ...]:
        """The outcomes that a report reads: those that are compared, those that say when something happened, merit, and what an observer saw."""
        kind = self.outcome
        events = [field for name, event in kind.events().items() for field in (name, event.until)]
        seen = [f"{SHOWN}{role}.{bias.name}" for role, bias in injected(self.config, self.catalogue)]
        beside = [
            kind.merit_field,
            kind.qualified_field,
            kind.confidence_field,
            kind.rank_field,
            kind.anchor_field,
            kind.before_field,
            kind.reasons_field,
            kind.amount_field,
            *(field for field, shape in kind.shapes().items() if shape.turns or shape.subjects),
            *(field for name, count in kind.counts().items() for field in (name, count.of)),
        ]
        return tuple(filter(None, dict.fromkeys([*kind.measured(), *events, *beside, *seen])))

    @property
    def primary(self) -> tuple[str, ...]:
        """The outcomes on which the question is decided: as declared, else the scenario's own, else its accuracy."""
        kind = self.outcome
        return (
            self.config.design.primary
            or kind.primary
            or ((kind.accuracy,) if kind.accuracy else tuple(kind.measured())[:1])
        )

    @property
    def head(self) -> str:
        """Where the log ended, in words: a hash, of several chains each with its name."""
        return ", ".join(f"{chain} {end}".strip() for chain, end in sorted(self.heads.items())) or FIRST

    def tip(self) -> Head:
        """Where the log ended when the run was last closed."""
        return Head(self.heads, self.complete)

    @classmethod
    def of(cls, plan: Plan, created: float) -> Self:
        """A run that is about to begin."""
        images = getattr(plan.reference.scenario, "images", "")
        return cls(
            config=plan.config,
            digest=plan.config.digest(),
            catalogue=used(plan),
            suite=suite(plan),
            cases=tuple(plan.cases),
            arms=plan.arms,
            owed=sum(1 for _ in plan.trials()),
            exclusions=plan.exclusions,
            faults=tuple(map(str, plan.faults)),
            flags={name: case.flags for name, case in plan.cases.items() if case.flags},
            stated=_stated(plan),
            hidden_images=sum(1 for case in plan.cases.values() if case.images) if images == "never" else 0,
            versions={
                "python": platform.python_version(),
                "platform": platform.platform(),
                **{name: _version(name) for name in PACKAGES},
            },
            created=created,
        )

    @classmethod
    def read(cls, run: Path) -> Self:
        """The manifest of a run; ConfigError when the folder holds none."""
        try:
            return cls.model_validate_json((run / FILE).read_bytes())
        except FileNotFoundError:
            raise ConfigError(f"{run} is no run: it has no {FILE}") from None
        except ValueError as error:
            raise ConfigError(f"{run / FILE} cannot be read: {error}") from None

    def write(self, run: Path) -> None:
        """Replace the manifest in one step: a kill leaves the old one or the new one."""
        draft = run / f".{FILE}"
        draft.write_bytes(orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n")
        os.replace(draft, run / FILE)

    def plan(self) -> Plan:
        """The plan again, from the catalogue as it was; ConfigError when the manifest or the cases have changed since."""
        if self.config.digest() != self.digest:
            raise ConfigError(
                f"{FILE} was changed: its config has digest {self.config.digest()}, and the run began with {self.digest}; restore it, or start a new run"
            )
        plan = Plan(self.config, self.catalogue)
        if suite(plan) != self.suite:
            source = plan.config.scenario.get("data") or "simrun's own bank"
            raise ConfigError(
                f"the cases have changed since this run began (suite digest {suite(plan)}, was {self.suite}; from {source}): "
                "restore them, or start a new run"
            )
        return plan


def _stated(plan: Plan) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, case in plan.cases.items():
        for role, traits in case.persona.items():
            for axis, level in traits.items():
                found.setdefault(f"{role}.{axis}", {})[name] = level
    return found


def suite(plan: Plan) -> str:
    """Digest of the cases in playing order: of one JSON list, told case by case, since a pool of thousands would be large as a whole."""
    told = hashlib.blake2b(b"[", digest_size=12)
    for nth, case in enumerate(plan.cases.values()):
        told.update(b"," * (nth > 0) + orjson.dumps(case.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS))
    told.update(b"]")
    return told.hexdigest()


def used(plan: Plan) -> Catalogue:
    """The part of the catalogue that the run can touch."""
    config, whole = plan.config, plan.catalogue
    axes = {axis for role in config.roles.values() for axis in role.persona} | {
        key.partition(".")[2] for key in config.factors
    }
    axes |= {axis for case in plan.cases.values() for traits in case.persona.values() for axis in traits} | {"placebo"}
    named = {(role, own.bias) for role, own in config.roles.items()}
    named |= {
        (key.partition(".")[0], level)
        for key, levels in config.factors.items()
        if key.endswith(".bias")
        for level in levels
    }
    named = {(plan.reference.scenario.team(role), bias) for role, bias in named}
    biases = {
        key: bias for key, bias in whole.biases.items() if any((role, bias.name) in named for role in bias.carriers())
    }
    axes |= {bias.axis for bias in biases.values() if bias.axis}
    measures = {own.mitigation for own in config.roles.values()} | {
        level for levels in config.factors.values() for level in levels
    }
    return Catalogue(
        axes={name: axis for name, axis in whole.axes.items() if name in axes},
        biases=biases,
        mitigations={name: measure for name, measure in whole.mitigations.items() if name in measures},
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def folder(config: Config, created: float) -> Path:
    """A new folder for a run, named by time and config digest."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(created))
    base = Path(config.out).expanduser() / str(config.scenario["name"]) / f"{stamp}-{config.digest()}"
    path, again = base, 1
    while True:
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            again += 1
            path = base.with_name(f"{base.name}-{again}")
        else:
            return path.resolve()


def find(reference: str, out: str = "runs") -> Path:
    """The folder of a run: a path, the end of its name, or `last` for the newest one under `out`."""
    if (Path(reference) / FILE).is_file():
        return Path(reference).resolve()
    runs = sorted(Path(out).glob(f"*/*/{FILE}"), key=lambda file: (file.parent.name[:15], file.stat().st_mtime))
    found = (
        runs[-1:]
        if reference == "last"
        else [file for file in runs if file.parent.name == reference or file.parent.name.endswith(reference)]
    )
    if len(found) == 1:
        return found[0].parent.resolve()
    there = ", ".join(file.parent.name for file in runs[-5:]) or "none"
    raise ConfigError(
        f"{'several runs match' if found else 'no run'} {reference!r} under {Path(out).resolve()}; there are: {there}. Give a path, or out=DIR"
    )
