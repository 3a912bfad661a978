"""Every scenario in every mode, for the tests of the environments: a new one is covered without a line here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from simrun.config.menus import scenarios
from simrun.envs.registry import modes
from simrun.envs.session import planned
from simrun.plan.design import Plan

ASKED: dict[str, Any] = {"backend": "scripted", "cases": 2, "repeats": 2}


class Game(NamedTuple):
    """A scenario in one of its modes."""

    scenario: str
    overrides: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.scenario, *self.overrides))

    def plan(self) -> Plan:
        """With every seat the caller's."""
        return planned(self.overrides, {"scenario": self.scenario, **ASKED}, None, None)

    def seat(self) -> str:
        """One of those who decide."""
        return self.plan().reference.scenario.roles()[0]


GAMES = [
    Game(name, tuple(f"scenario.{option}={value}" for option, value in mode.items()))
    for name, kind in scenarios().items()
    for mode in modes(kind)
]


@contextmanager
def closed(env: Any) -> Iterator[Any]:
    """An environment that is closed whatever happens."""
    try:
        yield env
    finally:
        env.close()
