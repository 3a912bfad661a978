"""`simrun list`: what there is to choose from."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simrun.cli.command import DONE, Command, Mine, Word
from simrun.cli.telling import tell
from simrun.config.errors import unknown
from simrun.config.modules import about

if TYPE_CHECKING:
    from simrun.config.menus import Catalogue

Entries = Mapping[str, str]
"""Name -> what it says of itself."""


def _scenarios(_: Path | None) -> Entries:
    from simrun.config.menus import scenarios

    return {name: f"{kind.about}{_also('Modes', _modes(kind))}" for name, kind in scenarios().items()}


def _biases(mine: Path | None) -> Entries:
    return {name: f"{bias.about}{_also('Also of', bias.also)}" for name, bias in _known(mine).biases.items()}


def _axes(mine: Path | None) -> Entries:
    return {
        name: f"{axis.about} Levels: {', '.join(axis.levels)}{', or any other' if axis.open else ''}."
        for name, axis in _known(mine).axes.items()
    }


def _mitigations(mine: Path | None) -> Entries:
    return {name: measure.about for name, measure in _known(mine).mitigations.items()}


def _backends(_: Path | None) -> Entries:
    from simrun.config.menus import backends

    return {name: about(kind) for name, kind in backends().items()}


def _metrics(_: Path | None) -> Entries:
    from simrun.score.menu import metrics

    return {name: kind.about for name, kind in metrics().items()}


def _judges(_: Path | None) -> Entries:
    from simrun.config.menus import judges

    return {name: f"{kind.about} Asks {kind.asks}.{_also('Needs', kind.needs)}" for name, kind in judges().items()}


MENUS: Mapping[str, Callable[[Path | None], Entries]] = {
    "scenarios": _scenarios,
    "biases": _biases,
    "axes": _axes,
    "mitigations": _mitigations,
    "backends": _backends,
    "metrics": _metrics,
    "judges": _judges,
}


class List(Command):
    """List what there is to choose from, or one kind of it."""

    name = "list"
    menu: Annotated[
        str | None, Word("MENU"), Field(description=f"One of {', '.join(MENUS)}; all of them when not given.")
    ] = None
    config_dir: Mine = None

    def run(self, as_json: bool) -> int:
        """ConfigError for a kind that there is not."""
        if self.menu is not None and self.menu not in MENUS:
            raise unknown("list", self.menu, list(MENUS))
        shown = {name: dict(MENUS[name](self.config_dir)) for name in ([self.menu] if self.menu else MENUS)}
        tell(json.dumps(shown) if as_json else "\n".join(_lines(shown, headed=self.menu is None)), as_json)
        return DONE


def _lines(shown: Mapping[str, Entries], headed: bool) -> Iterable[str]:
    for name, entries in shown.items():
        if headed and entries:
            yield f"{name}:"
        width = max(map(len, entries), default=0)
        yield from (f"{'  ' * headed}{entry:{width}}  {about}" for entry, about in entries.items())


@cache
def _known(mine: Path | None) -> "Catalogue":
    from simrun.config.menus import catalogue

    return catalogue([mine] if mine else [])


def _modes(kind: type) -> Iterable[str]:
    """The modes of a scenario, where it has any."""
    from simrun.config.menus import modes

    return modes(kind)


def _also(what: str, names: Iterable[str]) -> str:
    return f" {what}: {', '.join(names)}." if names else ""
