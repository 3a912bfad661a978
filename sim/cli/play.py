"""A person in one seat of one case: the short way to play a scenario in the terminal."""

import sys
from collections.abc import Sequence

from simrun.config.composition import compose
from simrun.config.errors import ConfigError
from simrun.config.menus import catalogue
from simrun.report.run import Run, Watching, start

ONE = ("design.controls=[]", "vary={}", "cases=1", "concurrency=1")
"""One case, nothing compared; what is given after it counts."""


def play(arguments: Sequence[str]) -> Run:
    """Play with a person in `seat=ROLE`; all else is as for a run. ConfigError names the seats when none is given.

    The episode is kept like any other: one that was left is owed, and `simrun resume` goes on with it.
    """
    seats = [argument.removeprefix("seat=") for argument in arguments if argument.startswith("seat=")]
    given = (*ONE, *(argument for argument in arguments if not argument.startswith("seat=")))
    config, _ = compose(given, {})
    if len(seats) != 1:
        roles = ", ".join(config.played().roles())
        raise ConfigError(
            f"usage: simrun play scenario=NAME seat=ROLE [key=value ...]; the seats of {config.played().name}: {roles}"
        )
    config, folders = compose(given, {"roles": {seats[0]: {"backend": "human"}}})
    return start(config, catalogue(folders), Watching())


def played(arguments: Sequence[str]) -> Run:
    """Play, and tell what came of it and how to go on."""
    from simrun.cli.terminal import say, show_transcript

    run = play(arguments)
    for trial in run.episodes.loc[run.episodes["state"] == "done", "trial"]:
        show_transcript(run, trial)
    say(f"kept   {run.path}" if run.complete else f"kept as far as it was played; go on with: simrun resume {run.path}")
    sys.stdout.flush()
    return run
