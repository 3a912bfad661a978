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
    """The role that you take; without it you are told the roles there are."""
    overrides: Overrides = ()
    config_dir: Mine = None

    def run(self, as_json: bool) -> int:
        """What was said, what came of it and how to go on; for machines the summary of the run."""
        from simrun.cli.telling import say
        from simrun.cli.terminal import ended, show_transcript

        run = seated(self.seat, self.overrides, self.config_dir)
        if as_json:
            return ended(run, as_json)
        for trial in run.episodes.loc[run.episodes["state"] == "done", "trial"]:
            show_transcript(run, trial)
        sys.stdout.flush()
        owed = f"kept as far as it was played; go on with: simrun resume {run.path}"
        say(f"kept   {run.path}" if run.complete else owed)
        return DONE if run.complete else ERRORS


def seated(seat: str | None, overrides: Sequence[str], config_dir: Path | None = None) -> "Run":
    """Play with a person in a seat; all else is as for a run. ConfigError names the seats when none is given.

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
    config, folders = compose(asked, {"roles": {seat: {"backend": "human"}}}, config_dir)
    return start(config, catalogue(folders), Watching())
