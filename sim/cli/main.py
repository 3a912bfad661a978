"""The command: `simrun scenario=clinic ...` plays a run, the first word may be a subcommand."""

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from simrun import __version__
from simrun.cli.command import DONE, USAGE
from simrun.cli.guarding import guarded

FLAGS = (
    *("--full", "--cfg", "-c", "--multirun", "-m", "--config-dir", "-cd", "--resolve", "--info"),
    *("--config-name", "-cn", "--config-path", "-cp", "--package", "-p", "-i", "--run", "-r", "--version"),
    *("--shell-completion", "-sc", "--hydra-help", "--experimental-rerun"),
)
"""The flags of a run."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the command."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    warnings.showwarning = _warned
    sys.exit(guarded(lambda: _routed(given)))


def _warned(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any) -> None:
    """A warning quotes what it warns of."""
    from simrun.agents.printable import printable

    print(printable(warnings.formatwarning(message, category, filename, lineno)), end="", file=sys.stderr)


def _routed(given: list[str]) -> int:
    from simrun.cli.command import names
    from simrun.config.errors import ConfigError, unknown

    if given.count("--json") > 1:
        raise ConfigError("--json is given twice; give it once")
    as_json, given = "--json" in given, [argument for argument in given if argument != "--json"]
    if "--show-slurs" in given:
        from simrun.agents.slurs import show

        show()
        given = [argument for argument in given if argument != "--show-slurs"]
    if given in (["--version"], ["-V"]):
        print(f"simrun {__version__}")
        return DONE
    if not given or ({"--help", "-h"} & set(given) and given[0] not in names()):
        from simrun.agents.printable import printable
        from simrun.cli.helping import helped

        print(printable(helped(given)))
        return DONE
    if "=" in given[0] or given[0].startswith("-"):
        return _play(given, as_json)
    if "_".join(given[:2]) in names():  # of two words: simrun board ask
        return _command("_".join(given[:2]), given[2:], as_json)
    if given[0] in names():
        return _command(given[0], given[1:], as_json)
    raise ConfigError(
        f"{unknown('command', given[0], names())}; a run is started by key=value, for example scenario=clinic"
    )


def _command(name: str, given: list[str], as_json: bool) -> int:
    from simrun.cli.arguments import manual
    from simrun.cli.command import command
    from simrun.cli.parsing import parsed

    kind = command(name)
    if {"--help", "-h"} & set(given):
        print(manual(kind))
        return DONE
    return parsed(kind, given).run(as_json)


def _play(given: list[str], as_json: bool) -> int:
    """Hand over to Hydra, which composes one config, or several for a sweep, and has a job made of each."""
    import hydra
    from omegaconf import OmegaConf

    from simrun.cli.jobs import Job
    from simrun.cli.sweeping import Sweep
    from simrun.cli.waiting import Waiting
    from simrun.config.composition import completed, register
    from simrun.config.mistakes import FAULTS, check_typed, mistaken
    from simrun.log.store.address import kept

    OmegaConf.register_new_resolver("kept", lambda out: str(kept(out)), replace=True)
    full, overrides = "--full" in given, [each for each in given if each != "--full"]
    check_typed(overrides, FLAGS)
    register(overrides)
    job = Job(as_json, full)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # what it cannot compose is ours to tell
    sys.argv = ["simrun", *completed(overrides)]
    with Waiting() as waiting:
        try:
            hydra.main(config_path="pkg://simrun.configs", config_name="config", version_base="1.3")(job)()
        except FAULTS as error:
            raise mistaken(error) from None
        except SystemExit as stop:
            # our own job never exits: Hydra did, because it could not compose what was asked for
            if stop.code and job.code is None and Sweep.here is None:
                return USAGE
        except Exception as error:
            waiting.broken(error)
        return waiting.ended(as_json) if job.code is None else job.code
