"""Every scenario in every mode, for the tests of the environments: a new one is covered without a line here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import pytest

from simrun.config.errors import ConfigError
from simrun.config.menus import scenarios
from simrun.config.options import Config
from simrun.envs.registry import choices, modes
from simrun.envs.session import planned
from simrun.plan.design import Plan
from simrun.scenarios.base import Scenario

ASKED: dict[str, Any] = {"backend": "scripted", "cases": 2, "repeats": 2}


class Game(NamedTuple):
    """A scenario in one of its modes."""

    scenario: str
    overrides: tuple[str, ...]

    @classmethod
    def of(cls, scenario: str, options: Mapping[str, Any]) -> "Game":
        """With these options."""
        return cls(scenario, tuple(f"scenario.{option}={value}" for option, value in options.items()))

    def __str__(self) -> str:
        return " ".join((self.scenario, *self.overrides))

    def plan(self) -> Plan:
        """With every seat the caller's."""
        return planned(self.overrides, {"scenario": self.scenario, **ASKED}, None, None)

    def seat(self) -> str:
        """One of those who decide."""
        return self.plan().reference.scenario.roles()[0]


def _games() -> Iterator[Any]:
    """All of them; the modes that are not a scenario's default are left to `pytest -m slow`."""
    for name, kind in scenarios().items():
        for mode in modes(kind):
            usual = not mode or kind.default_mode in mode.values()
            yield pytest.param(Game.of(name, mode), marks=() if usual else pytest.mark.slow)


GAMES = list(_games())


def seated() -> Iterator[tuple[Game, tuple[str, ...]]]:
    """The choices of a mode that open seats, such as that of a user whom a model plays; and these seats."""
    for scenario, kind in scenarios().items():
        for mode in modes(kind):
            played = cast(scenario, mode)
            known = set(played.roles())
            for choice in ({option: each} for option, values in choices(type(played)).items() for each in values):
                with suppress(ConfigError):
                    roles = cast(scenario, mode | choice).roles()
                    if seats := tuple(role for role in roles if role not in known):
                        known |= set(seats)
                        yield Game.of(scenario, mode | choice), seats


def cast(scenario: str, options: Mapping[str, Any]) -> Scenario:
    """A scenario with these options."""
    return Config.of({"scenario": {"name": scenario, **options}, "backend": {"name": "scripted"}}).played()


@contextmanager
def closed(env: Any) -> Iterator[Any]:
    """An environment that is closed whatever happens."""
    try:
        yield env
    finally:
        env.close()
