"""The ids of the Gymnasium environments: one a scenario, whose version says that prompts and cases are as they were."""

import contextlib
import hashlib
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import gymnasium
import orjson

from simrun.agents.backends.scripted import Scripted
from simrun.agents.records import Chat
from simrun.agents.reply import Reply
from simrun.config import menus
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue, catalogue, scenarios
from simrun.config.modules import names
from simrun.config.options import Config
from simrun.plan.arms import Arm
from simrun.plan.design import planned
from simrun.plan.roles import casting
from simrun.scenarios.base import FILLED, Case, Scenario, Turn, Unfit
from simrun.stage.drive import at_once, driven
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of an environment, and the digest of the prompts and cases that it stands for."""

    version: int
    digest: str


EDITIONS: dict[str, Edition] = {
    "clinic": Edition(0, "d1da880519404702"),
    "dialogue": Edition(0, "5a9441e409e6c6f1"),
    "peer_review": Edition(0, "9e60d1b8036145e4"),
    "recruitment": Edition(0, "ff237dc47a517086"),
}
"""Scenario -> its current version. A test fails when the digest is not that of the code, and says which line to
write here."""


def name(scenario: str) -> str:
    """The id of a scenario's environment, such as simrun/Clinic-v0."""
    edition = EDITIONS.get(scenario)
    return f"simrun/{''.join(word.capitalize() for word in scenario.split('_'))}-v{edition.version if edition else 0}"


def modes(kind: type[Scenario]) -> tuple[dict[str, str], ...]:
    """What a scenario can play, each as options of it: its modes, or only {} where it has none."""
    return tuple({"mode": mode} for mode in menus.modes(kind)) or ({},)


def choices(kind: type[Scenario]) -> Mapping[str, tuple[Any, ...]]:
    """The options that are a choice of a few, and what there is to choose."""
    found: dict[str, tuple[Any, ...]] = {"wording": tuple(range(kind.wordings))}
    for option, field in kind.model_fields.items():
        if option in FILLED:
            continue
        if field.annotation is bool:
            found[option] = (False, True)
        elif get_origin(field.annotation) is Literal:
            found[option] = get_args(field.annotation)
    return found


def digest(kind: type[Scenario]) -> str:
    """Of all cases, all prompts, and what is asked in each mode: with its other options as they are, and with each
    choice made alone."""
    found, known = hashlib.blake2b(_prompts(kind), digest_size=8), catalogue()
    for mode in modes(kind):
        played = _config(kind, mode, vary={}).played()
        cases = played.bank()[0]
        found.update(orjson.dumps([case.model_dump(mode="json") for case in cases], option=orjson.OPT_SORT_KEYS))
        others = [{option: value} for option, values in choices(type(played)).items() for value in values]
        for options in (mode, *(mode | other for other in others)):
            found.update("".join(_asked(kind, options, cases[0], known)).encode())
    return found.hexdigest()


def _config(kind: type[Scenario], options: Mapping[str, Any], voiced: Sequence[str] = (), **more: Any) -> Config:
    roles = {role: {"backend": "scripted"} for role in voiced}
    asked = {"scenario": {"name": kind.name, **options}, "backend": {"name": "scripted"}, "roles": roles}
    return Config.of(asked | more)


def _prompts(kind: type[Scenario]) -> bytes:
    """The texts that stand as constants in all modules of a scenario's package, or in its one module: those that are
    seldom used too."""
    found = (value for module in _modules(kind) for name, value in vars(module).items() if name.isupper())
    return b"\n".join(sorted({orjson.dumps(value) for value in found if _text(value)}))


def _modules(kind: type[Scenario]) -> list[ModuleType]:
    package = sys.modules[str(sys.modules[kind.__module__].__package__)]
    if package.__name__.rpartition(".")[2] != kind.name:
        return [sys.modules[kind.__module__]]
    return [importlib.import_module(f"{package.__name__}.{each}") for each in names(package.__name__)]


def _text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, tuple) and all(isinstance(each, str) for each in value))


def _asked(kind: type[Scenario], options: Mapping[str, Any], case: Case, known: Catalogue) -> Iterator[str]:
    """The digests of all that is asked in one scripted episode, with its judges where they can be
    heard; nothing where it cannot be played."""
    stage = _stage(kind, options, kind.judges, case, known) or _stage(kind, options, (), case, known)
    if stage is None:
        return
    scripted, asked = Scripted(rules=_config(kind, options).played().script), list[str]()

    def answer(turn: Turn, chat: Chat) -> Reply:
        asked.append(chat.digest)
        return Reply.of(at_once(scripted.reply(chat)), turn.kinds(), chat.told)

    driven(stage, answer)
    yield from asked


def _stage(
    kind: type[Scenario], options: Mapping[str, Any], voiced: Sequence[str], case: Case, known: Catalogue
) -> Stage | None:
    """An episode of a case about nobody in particular; where that makes no sense, of the first case that the scenario
    is about when a run does not say, in its reference arm."""
    with contextlib.suppress(ConfigError):
        config = _config(kind, options, voiced, design={"controls": ()}, cases=1)
        arm = Arm(name="reference")
        try:
            return casting(config, known, arm, ()).stage(case, Trial(id="", case=case.id, arm=arm.name, repeat=0))
        except Unfit:
            plan = planned(config, known)
            return plan.stage(next(plan.trials()))
    return None


def register() -> None:
    """Make every scenario known to gymnasium.make and gymnasium.make_vec."""
    for scenario in scenarios():
        if name(scenario) not in gymnasium.registry:
            gymnasium.register(
                name(scenario),
                entry_point="simrun.envs.gym:Seat",
                vector_entry_point="simrun.envs.vector:Seats",
                disable_env_checker=True,  # it warns of everything that is no array
                kwargs={"scenario": scenario},
            )
