"""The command: `simrun scenario=clinic ...` plays a run, the first word may be a subcommand."""

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from simrun import __version__
from simrun.cli.command import DONE, ERRORS, INTERRUPTED, UNEXPECTED, USAGE

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


def guarded(command: Callable[[], int]) -> int:
    """Run a command; every expected failure becomes one clear line and its exit code."""
    from simrun.agents.backends.base import BackendError
    from simrun.agents.printable import printable
    from simrun.config.errors import ConfigError
    from simrun.log.files import LogError, NoRoom

    try:
        return command()
    except (ConfigError, LogError, BackendError) as error:
        print(printable(f"simrun: {error}"), file=sys.stderr)
        return ERRORS if isinstance(error, NoRoom) else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `simrun show last | head` is no fault
        return DONE
    except Exception:
        print(printable(traceback.format_exc()), end="", file=sys.stderr)  # what it quotes may be anybody's words
        return UNEXPECTED


def _play(given: list[str], as_json: bool) -> int:
    """Hand over to Hydra, which composes one config, or several for a sweep, and calls back with each."""
    import hydra
    from omegaconf import OmegaConf

    from simrun.config.composition import completed, register
    from simrun.config.mistakes import FAULTS, check_typed, mistaken
    from simrun.log.store.address import kept

    OmegaConf.register_new_resolver("kept", lambda out: str(kept(out)), replace=True)
    full, overrides = "--full" in given, [each for each in given if each != "--full"]
    check_typed(overrides, FLAGS)
    register(overrides)
    codes: list[int] = []
    played: list[Path] = []

    @hydra.main(config_path="pkg://simrun.configs", config_name="config", version_base="1.3")
    def job(composed: Any) -> None:
        codes.append(guarded(lambda: _one(composed, as_json, full, played)))
        if codes[-1] == INTERRUPTED:
            raise KeyboardInterrupt  # the rest of a sweep too

    os.environ["HYDRA_FULL_ERROR"] = "1"  # what it cannot compose is ours to tell
    sys.argv = ["simrun", *completed(overrides)]
    try:
        job()
    except FAULTS as error:
        raise mistaken(error) from None
    except SystemExit as stop:
        # our own job never exits: Hydra did, because it could not compose what was asked for
        if stop.code and not codes:
            return USAGE
    _compared(played, as_json)
    return max(codes, default=DONE)


def _compared(played: Sequence[Path], as_json: bool) -> None:
    """A sweep ends in its runs side by side, or in why they cannot be: that is no fault of a run."""
    from simrun.cli.commands.compare import Compare
    from simrun.cli.telling import say
    from simrun.config.errors import ConfigError

    if len(played) < 2:
        return
    try:
        Compare(references=tuple(map(str, played)), out=str(played[0].parents[1]), trust=True).run(as_json)
    except ConfigError as error:
        say(f"these {len(played)} runs are not set side by side: {error}")


def _one(composed: Any, as_json: bool, full: bool, played: list[Path]) -> int:
    from simrun.cli.terminal import Progress, ended
    from simrun.config.composition import composed as read
    from simrun.config.menus import catalogue
    from simrun.report.run import start

    config, folders = read(composed)
    run = start(config, catalogue(folders), Progress())
    played.append(run.path)
    return ended(run, as_json, full)
