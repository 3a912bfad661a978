"""A run of a suite that is about to be played, by the board or by whoever hands it in: its config, and who answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from simrun.config.composition import compose
from simrun.config.errors import ConfigError
from simrun.leaderboard import suites
from simrun.leaderboard.commitment import committed
from simrun.leaderboard.submission import Commitment, Who
from simrun.plan.design import Plan
from simrun.play.engines import Engines
from simrun.stage.drive import anywhere


def engine(name: str, overrides: Sequence[str]) -> dict[str, Any]:
    """The options of a backend that is to play a suite (or a part of it). ConfigError for what the suite locks."""
    own = suites.suite(suites.suite(name).played[0])
    found = dict(compose([f"suite={own.name}", *overrides], {})[0].backend)
    if wrong := suites.settings(found, own):
        due = " ".join(f"backend.{key}={value}" for key, value in own.engine.items())
        raise ConfigError(f"suite {name} is played with other settings: backend.{wrong[0]}; give {due}")
    return found


def prepared(name: str, overrides: Sequence[str], who: Who) -> Commitment:
    """A commitment to a suite, by whoever answers now. BackendError where no engine can be opened."""
    found = engine(name, overrides)
    return committed(name, anywhere(_answering(suites.plan(suites.suite(name).played[0], found))), found, who)


async def _answering(plan: Plan) -> Mapping[str, Mapping[str, Any]]:
    async with Engines(plan) as engines:
        return engines.identities(plan.arms[0].name)
