"""The ids of the Gymnasium environments: one a scenario, whose version says that prompts and cases are as they were."""

import hashlib
from dataclasses import dataclass

import gymnasium
import orjson

from simrun.catalogue import scenarios
from simrun.config import Config
from simrun.scenarios.base import Scenario


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of an environment, and the digest of the prompts and cases that it stands for."""

    version: int
    digest: str


EDITIONS: dict[str, Edition] = {"clinic": Edition(0, "eda27030c85a5500")}
"""Scenario -> its current version. A test fails when the digest is not that of the code, and says which line to write here."""


def name(scenario: str) -> str:
    """The id of a scenario's environment, such as simrun/Clinic-v0."""
    edition = EDITIONS.get(scenario)
    return f"simrun/{''.join(word.capitalize() for word in scenario.split('_'))}-v{edition.version if edition else 0}"


def digest(kind: type[Scenario]) -> str:
    """Of all cases and all prompts of a scenario with its default options, in every wording."""
    found = hashlib.blake2b(digest_size=8)
    for wording in range(kind.wordings):
        scenario = Config.of({"scenario": {"name": kind.name, "wording": wording}, "backend": {"name": "scripted"}}).played()
        for case in scenario.bank()[0]:
            told = [case.model_dump(mode="json"), *(scenario.brief(role, case) for role in scenario.roles())]
            found.update(orjson.dumps(told, option=orjson.OPT_SORT_KEYS))
    return found.hexdigest()


def register() -> None:
    """Make every scenario known to gymnasium.make and gymnasium.make_vec."""
    for scenario in scenarios():
        if name(scenario) not in gymnasium.registry:
            gymnasium.register(
                name(scenario),
                entry_point="simrun.envs.seat:Seat",
                vector_entry_point="simrun.envs.vector:Seats",
                disable_env_checker=True,  # it warns of everything that is no array
                kwargs={"scenario": scenario},
            )
