"""Every scenario in every mode, for the tests of the environments: a new one is covered without a line here."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from simrun.config.errors import ConfigError
from simrun.config.menus import scenarios
from simrun.envs.registry import choices, modes
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


def seated() -> Iterator[tuple[Game, tuple[str, ...]]]:
    """The choices of a mode that open seats, such as that of a user whom a model plays; and these seats."""
    for game in GAMES:
        played = game.plan().scenario
        known = set(played.roles())
        for option, values in choices(type(played)).items():
            for value in values:
                other = Game(game.scenario, (*game.overrides, f"scenario.{option}={value}"))
                with suppress(ConfigError):
                    seats = tuple(role for role in other.plan().scenario.roles() if role not in known)
                    known |= set(seats)
                    if seats:
                        yield other, seats


@contextmanager
def closed(env: Any) -> Iterator[Any]:
    """An environment that is closed whatever happens."""
    try:
        yield env
    finally:
        env.close()
