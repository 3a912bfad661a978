"""The contract of a launcher: it has the shares of a run played by an engine that exists, which schedules, places and
retries them; no coordinator of ours crosses a machine."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import ValidationError

from simrun.agents.records import Record
from simrun.config import modules
from simrun.config.errors import ConfigError, explained, unknown
from simrun.log.store.address import told
from simrun.play.blocks import Share
from simrun.play.watch import Watch

LAUNCHERS = "simrun.play.launch"
_BESIDE = ("base",)
"""Modules of the folder that are no launcher."""


@dataclass(frozen=True, slots=True)
class Job:
    """A run, and the shares of it that are to be played now."""

    path: Path
    shares: Sequence[Share]
    concurrency: int | None
    """Episodes in flight in each; the backend's own figure where None."""

    @property
    def place(self) -> str:
        """Where other machines find the run: its folder, or its URL."""
        return told(self.path)

    def command(self, share: Share) -> list[str]:
        """What plays a share, on any machine that sees the run's place and has this simrun installed."""
        given = [f"concurrency={self.concurrency}"] if self.concurrency else []
        words = ["worker", self.place, f"blocks={share.told}", "trust=true", *given]  # whoever launches, began it
        return [sys.executable, "-m", "simrun", *words]


class Launcher(Record):
    """Options are fields: `launch=NAME launch.OPTION=VALUE`."""

    name: ClassVar[str]
    """As typed; the name of its module."""
    resumes: ClassVar[bool] = True
    """Whether `simrun resume` launches again what is owed; else it is played by who resumes."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """With these options; ConfigError for one that there is not, or that cannot be so."""
        if wrong := [key for key in given if key not in cls.model_fields]:
            raise unknown(f"option of launch={cls.name}", wrong[0], list(cls.model_fields))
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ConfigError(f"launch={cls.name}: {explained(error, cls)}") from None

    async def play(self, job: Job, watch: Watch) -> None:
        """Have all shares played, and come back when nobody plays any more; `watch.stopping`, set by anybody, asks to
        end early, and set here says why not all was played. BackendError or ConfigError where nothing can be
        started."""
        raise NotImplementedError


def names() -> tuple[str, ...]:
    """Every launcher."""
    return tuple(name for name in modules.names(LAUNCHERS) if name not in _BESIDE)


def launcher(given: dict[str, Any]) -> Launcher | None:
    """The one that a run names, with its options; None for a run that is played here. ConfigError for a name or an
    option that there is not."""
    own = dict(given)
    if (name := own.pop("name", None)) is None:
        if own:
            raise ConfigError(f"launch.{next(iter(own))}: nothing is launched; add launch=NAME: {', '.join(names())}")
        return None
    if name not in names():
        raise unknown("launcher", str(name), names())
    return modules.demanded(LAUNCHERS, str(name), Launcher).of(own)
