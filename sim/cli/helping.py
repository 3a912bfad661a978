"""What `--help` says of a run: one screen, or the options of a scenario, a mode, a backend or an experiment."""

import re
import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import fill, shorten
from typing import Any

from simrun.cli.command import command, names
from simrun.config.described import Described, described
from simrun.config.errors import unknown
from simrun.config.menus import backend, modes, scenario
from simrun.config.modules import about

WIDE = 80
"""Columns of the first screen."""
_KEYS = 36
"""Columns for keys: a longer one stands on a line of its own."""
SCREEN = """\
simrun plays LLM agents, changes one thing about a person, says what changed.

  simrun scenario=clinic vary.patient.ethnicity=[White,Black] cases=8 seed=7

{commands}

simrun COMMAND --help       what a command takes; a run: simrun list options
simrun scenario=NAME --help its options; of backend=, experiment= likewise
of a run: --full, --json, --cfg job (its config), -m (sweep), --config-dir DIR"""


def screen() -> str:
    """What a newcomer sees: at most 24 lines of 80 columns."""
    return SCREEN.format(commands=overview())


def overview() -> str:
    """A line for each subcommand of every day, and one with the names of the others; those of two words stand in the
    help of their first."""
    every = [name for name in names() if name.partition("_")[0] not in names() or "_" not in name]
    abouts = {name: _first(command(name).about()) for name in every if command(name).daily}
    abouts |= {"also": ", ".join(name.replace("_", " ") for name in every if name not in abouts)}
    width = max(map(len, abouts))
    return "\n".join(
        f"  {name:{width}}  {shorten(about, WIDE - width - 4, placeholder=' …')}" for name, about in abouts.items()
    )


def _first(about: str) -> str:
    """The first clause, which is what fits on the screen."""
    return re.split(r"[:;.]\s|\.$", about, maxsplit=1)[0]


def helped(typed: Sequence[str]) -> str:
    """The options of what is named among the overrides; the first screen where nothing is. ConfigError for a name that
    there is not."""
    asked = {key.lstrip("+"): value for key, _, value in (each.partition("=") for each in typed)}
    parts = []
    if "experiment" in asked:
        mine = next((Path(folder) for flag, folder in pairwise(typed) if flag in ("--config-dir", "-cd")), None)
        parts.append(_experiment(asked["experiment"], mine))
    if {"scenario", "scenario.mode"} & set(asked):
        parts.append(_scenario(asked.get("scenario", "clinic"), asked.get("scenario.mode")))
    if "backend" in asked:
        kind = backend(asked["backend"])
        parts.append(_told(f"backend={asked['backend']}: {about(kind)}", described(kind, "backend.")))
    return "\n\n".join(parts) or screen()


def _scenario(name: str, mode: str | None) -> str:
    kind: Any = scenario(name)
    known = modes(kind)
    if mode and mode not in known:
        raise unknown(f"mode of scenario={name}", mode, list(known))
    played = known.get(mode or kind.default_mode, kind)
    head = f"scenario={name}: {kind.about}"
    if known:
        others = "\n".join(f"  scenario.mode={each}: {about(own)}" for each, own in known.items())
        head += f"\n{others}\n\nOptions of scenario.mode={played.mode}:"
    return _told(head, described(played, "scenario."))


def _experiment(name: str, mine: Path | None) -> str:
    from simrun.cli.commands.list import experiments

    known = experiments(mine)
    if name not in known:
        raise unknown("experiment", name, list(known))
    return f"experiment={name}: {known[name]}\nsimrun experiment={name} --cfg job shows its config."


def _told(head: str, options: Iterator[Described]) -> str:
    return "\n".join([head, "", *(line(each) for each in options)])


def line(each: Described) -> str:
    """One option: its key and what it takes, then what it is and its default."""
    room = max(60, shutil.get_terminal_size((120, 24)).columns)
    shown, blank = f"  {each.key}={each.takes}", " " * (_KEYS + 2)
    first = f"{shown:{_KEYS}}  " if len(shown) <= _KEYS else blank
    default = f" Default: {each.default}." if each.default else " Has to be given."
    told = fill(f"{each.about}{default}", room, initial_indent=first, subsequent_indent=blank)
    return told if len(shown) <= _KEYS else f"{shown}\n{told}"
