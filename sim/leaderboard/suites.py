"""Locked suites: what is played, on which cases, told whole: the runs of two models differ in the model alone."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import Any

import orjson
import yaml
from pydantic import Field

from simrun.agents.records import Record
from simrun.config.composition import compose
from simrun.config.errors import unknown
from simrun.config.menus import LOADER, backend, catalogue, options
from simrun.config.options import UNASKED, Config
from simrun.log.manifest import suite as cases_digest
from simrun.plan.design import Plan, planned

CUSTOM = "custom"
"""Stands for the suite of a run that is of none."""
DEMONSTRATIONS = ("scripted", "replay", "human", "caller")
"""Backends that are no model: runs of theirs are shown, and never ranked."""
WHICH = ("model", "revision", "lora", "dtype", "weights", "free_form", "fold")
"""Options of a backend that say which model answers, and in which form it is asked."""
FREE = (
    *WHICH,
    *(
        "url",
        "session_header",
        "key_env",
        "listed",
        "launch",
        "gpus",
        "memory",
        "python",
        "slots",
        "context",
        "threads",
        "gpu_layers",
    ),
    *("repeatable", "concurrency", "timeout", "deadline", "retries", "backoff", "patience", "priority", "images"),
)
"""These, and those that say where and how fast: in a suite these alone may differ."""

ANSWERS = ("backend", "model", "revision", "bytes", "sha256", "quantisation", "dtype")
"""What an engine says of itself that makes it another model."""


def answering(engines: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Role -> which model answered for it."""
    return {role: tuple(f"{key}={told[key]}" for key in ANSWERS if key in told) for role, told in engines.items()}


class Suite(Record):
    """What is locked of a suite beside the options of its runs, which stand in the same file."""

    name: str
    about: str
    version: int
    """Raised whenever anything that is asked changes: figures of two versions are not compared."""
    parts: tuple[str, ...] = ()
    """The suites of which it takes a run each; () where it is a run itself."""
    cases: str = ""
    """Digest of the cases."""
    lock: str = ""
    """Digest of every trial with the seed and the digest of each prompt that is due first in it."""
    audited: tuple[str, ...] = ()
    """Roles that speak in every episode, and of which the figures tell."""
    engine: Mapping[str, Any] = {}
    """Options that every backend that has them keeps at this value."""
    failures: float = Field(0.02, ge=0, le=1)
    """Share of an arm's trials that infrastructure may have ended for good."""
    tokens: int = 0
    """Tokens, of prompts and replies, that a run may take at most; 0 for any number."""

    @property
    def told(self) -> str:
        """`name@version`"""
        return f"{self.name}@{self.version}"

    @property
    def played(self) -> tuple[str, ...]:
        """The suites of which it takes a run each; itself, where it has no parts."""
        return self.parts or (self.name,)


class Drawn(Record):
    """What a run of a suite has in place of the suite's own, because it was drawn for it."""

    seed: int | None = None
    """From which all chance comes: which cases are played, and what is sampled."""
    draw: int | None = None
    """Which cases a scenario makes that makes them."""


OWN = Drawn()
"""As the suite has it."""


def _folder() -> Path:
    return Path(str(files("simrun.configs"))) / "suite"


def names() -> tuple[str, ...]:
    """Every suite."""
    return tuple(sorted(file.stem for file in _folder().glob("*.yaml")))


@cache
def suite(name: str) -> Suite:
    """A suite; ConfigError lists those there are."""
    if name not in names():
        raise unknown("suite", name, names())
    text = (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    comment = takewhile(lambda line: line.startswith("#"), text.splitlines())
    about = " ".join(line.lstrip("# ") for line in comment if not line.startswith("# @package"))
    return Suite(name=name, about=about, **yaml.load(text, LOADER)["suite"])


@cache
def _config(name: str) -> Config:
    return compose([f"suite={name}", "backend=scripted"], {})[0]


def config(name: str, drawn: Drawn = OWN) -> Config:
    """The config of a suite's runs, on the scripted backend; ConfigError for one that has parts."""
    found = _config(name)
    if drawn.draw is not None:
        found = found.model_copy(update={"scenario": {**found.scenario, "draw": drawn.draw}})
    return found if drawn.seed is None else found.model_copy(update={"seed": drawn.seed})


def plan(name: str, engine: Mapping[str, Any] | None = None, drawn: Drawn = OWN) -> Plan:
    """The plan of a suite's runs, from our own code, cases and catalogue, where these options of a backend answer."""
    told = orjson.dumps(_config(name).backend if engine is None else engine, option=orjson.OPT_SORT_KEYS)
    return _plan(name, told, drawn)


@lru_cache(8)  # a board checks many runs of few engines
def _plan(name: str, engine: bytes, drawn: Drawn) -> Plan:
    return planned(config(name, drawn).model_copy(update={"backend": orjson.loads(engine)}), catalogue())


def cases(plan: Plan) -> str:
    """Digest of a plan's cases."""
    return cases_digest(plan)


def lock(plan: Plan) -> str:
    """Digest of every trial of a plan with what is asked first in it, and under which seeds."""
    told = hashlib.blake2b(digest_size=12)
    for trial in plan.trials():
        stage = plan.stage(trial)
        first = (stage.chat(turn) for turn in stage.pending())
        told.update("\x1f".join((trial.id, *(f"{each.speaker} {each.seed} {each.digest}" for each in first))).encode())
    return told.hexdigest()


def differing(given: Config, own: Config) -> tuple[str, ...]:
    """The options in which a config is another than a suite's: those of the backend, and those that change nothing of
    what is asked, apart."""
    left, right = (each.model_dump(mode="json", exclude={*UNASKED, "backend"}) for each in (given, own))
    return tuple(_differing("", left, right))


def _differing(above: str, left: Any, right: Any) -> Iterator[str]:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        for key in {**left, **right}:
            yield from _differing(f"{above}.{key}".strip("."), left.get(key), right.get(key))
    elif left != right:
        yield above


def settings(given: Mapping[str, Any], of: Suite) -> tuple[str, ...]:
    """The options of a backend that a suite does not leave free and that are otherwise, each with what would do."""
    name = str(given.get("name"))
    if name in DEMONSTRATIONS:
        return ()
    own = options(backend(name))
    due, has = {**own, **of.engine}, {**own, **given}
    wrong = (key for key in own if key not in FREE and _plain(has[key]) != _plain(due[key]))
    return tuple(f"{key} is {has[key]!r}, and must be {due[key]!r}" for key in wrong)


def _plain(value: Any) -> Any:
    """A tuple as the list that JSON makes of it."""
    return list(value) if isinstance(value, tuple) else value
