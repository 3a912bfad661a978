"""`simrun play`: a person in one seat of one case, the short way to play a scenario in the terminal."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from simrun.cli.arguments import usage
from simrun.cli.command import DONE, ERRORS, Command, Mine, Overrides, Value
from simrun.config.errors import ConfigError

if TYPE_CHECKING:
    from simrun.report.run import Run

ONE = ("design.controls=[]", "vary={}", "cases=1", "concurrency=1")
"""One case, nothing compared; what is given after it counts."""


class Play(Command):
    """Play one role of a scenario yourself: seat=ROLE."""

    name = "play"
    seat: Annotated[str | None, Value("ROLE")] = None
    """The role that you take; without it you are told the roles there are. Several, ROLE,ROLE, for several people: the
    first sits at this terminal, and the address of every other is printed."""
    web: bool = False
    """Every seat is a page on 127.0.0.1, whose address is printed."""
    at: Annotated[str | None, Value("ADDRESS")] = None
    """Take, at this terminal, a seat whose address another simrun play printed."""
    overrides: Overrides = ()
    config_dir: Mine = None

    def run(self, as_json: bool) -> int:
        """What was said, what came of it and how to go on; for machines the summary of the run."""
        if self.at is not None:
            return _joined(self.at)
        from simrun.cli.telling import say
        from simrun.cli.terminal import ended, show_transcript

        run = seated(self.seat, self.overrides, self.config_dir, self.web)
        if as_json:
            return ended(run, as_json)
        for trial in run.episodes.loc[run.episodes["state"] == "done", "trial"]:
            show_transcript(run, trial)
        sys.stdout.flush()
        owed = f"kept as far as it was played; go on with: simrun resume {run.path}"
        say(f"kept   {run.path}" if run.complete else owed)
        return DONE if run.complete else ERRORS


def _joined(address: str) -> int:
    """Sit in a seat that is played elsewhere on this machine."""
    import asyncio

    from simrun.agents.backends.human.terminal import at

    try:
        asyncio.run(at(address))
    except ValueError as error:
        raise ConfigError(f"at={address}: {error}") from None
    return DONE


def seated(seat: str | None, overrides: Sequence[str], config_dir: Path | None = None, web: bool = False) -> "Run":
    """Play with people in one or several seats; all else is as for a run. ConfigError names the seats when none is
    given, or one is given twice.

    The episode is kept like any other: one that was left is owed, and `simrun resume` goes on with it.
    """
    from simrun.config.composition import compose
    from simrun.config.menus import catalogue
    from simrun.report.run import Watching, start

    asked = (*ONE, *overrides)
    if seat is None:
        scenario = compose(asked, {}, config_dir)[0].played()
        raise ConfigError(
            f"seat=ROLE is missing; the seats of {scenario.name}: {', '.join(scenario.roles())}. usage: {usage(Play)}"
        )
    seats = [each.strip() for each in seat.split(",")]
    if len(set(seats)) < len(seats):
        raise ConfigError(f"seat={seat}: a seat is taken once; name each once")
    config, folders = compose(
        asked, {"roles": {each: _person(each, web or at > 0) for at, each in enumerate(seats)}}, config_dir
    )
    return start(config, catalogue(folders), Watching())


def _person(seat: str, web: bool) -> dict[str, object]:
    return {"backend": "human", "engine": {"web": True, "seat": seat}} if web else {"backend": "human"}
