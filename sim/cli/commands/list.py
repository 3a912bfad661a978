"""`simrun list`: what there is to choose from."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from simrun.cli.command import DONE, Command, Mine, Out, Word
from simrun.cli.telling import tell
from simrun.config.errors import ConfigError, unknown
from simrun.config.modules import about

if TYPE_CHECKING:
    from simrun.config.menus import Catalogue

Entries = Mapping[str, str]
"""Name -> what it says of itself."""


def _scenarios(_: Path | None) -> Entries:
    from simrun.config.menus import modes, scenarios

    return {name: f"{kind.about}{_also('Modes', modes(kind))}" for name, kind in scenarios().items()}


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


def _exports(_: Path | None) -> Entries:
    from simrun.export.exporter import exporter
    from simrun.export.exporter import names as forms

    return {name: f"{exporter(name).about()} Opens in {exporter(name).opens}." for name in forms()}


def experiments(mine: Path | None) -> Entries:
    """Every experiment, ours and the user's, with the first sentence of what its file says of itself."""
    folders = [Path(str(files("simrun.configs"))), *([mine] if mine else [])]
    found = [file for folder in folders for file in sorted((folder / "experiment").glob("*.yaml"))]
    return {file.stem: _comment(file.read_text(encoding="utf-8")) for file in found}


def _comment(text: str) -> str:
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    return " ".join(line.lstrip("# ") for line in lines if not line.startswith("# @package"))


def _modes_of_all(_: Path | None) -> Entries:
    from simrun.config.menus import modes, scenarios

    each = ((name, mode, own) for name, kind in scenarios().items() for mode, own in modes(kind).items())
    return {f"{name} {mode}": about(own) for name, mode, own in each}


def _surfaces(_: Path | None) -> Entries:
    from simrun.agents.persona import SURFACES

    return {str(name): told for name, told in SURFACES.items()}


def _options(_: Path | None) -> Entries:
    from simrun.config.described import described
    from simrun.config.options import Config, Role

    every = (*described(Config), *described(Role, "roles.ROLE."))
    return {f"{each.key}={each.takes}": f"{each.about} Default: {each.default or 'none'}." for each in every}


def _runs(_: Path | None, out: str = "runs") -> Entries:
    from simrun.log.files import LogError
    from simrun.log.manifest import FILE, Manifest
    from simrun.log.places import there
    from simrun.log.store.address import is_url

    if is_url(out):
        return {url.rpartition("/")[2]: url for url in there(out)}
    told = {}
    for file in sorted(Path(out).glob(f"*/*/{FILE}"), key=lambda file: file.parent.name):
        try:
            run = Manifest.read(file.parent)
        except (ConfigError, LogError) as error:
            told[file.parent.name] = f"cannot be read: {error}"
            continue
        state = "complete" if run.complete else "incomplete"
        told[file.parent.name] = (
            f"{file.parent.parent.name}, {len(run.cases)} cases, {len(run.arms)} arms, {run.owed} episodes, {state}"
        )
    return told


MENUS: Mapping[str, Callable[[Path | None], Entries]] = {
    "scenarios": _scenarios,
    "biases": _biases,
    "axes": _axes,
    "mitigations": _mitigations,
    "backends": _backends,
    "metrics": _metrics,
    "judges": _judges,
    "exports": _exports,
    "modes": _modes_of_all,
    "experiments": experiments,
    "surfaces": _surfaces,
    "options": _options,
    "runs": _runs,
}
LONG = ("options", "runs")
"""Shown only where they are asked for."""
ALL = f"all but {' and '.join(LONG)}"


WIDEST = 40
"""Columns for names: what is longer moves what stands behind it."""


class List(Command):
    """List what there is to choose from, or one kind of it."""

    name = "list"
    menu: Annotated[
        str | None,
        Word("MENU"),
        Field(description=f"One of {', '.join(MENUS)}; {ALL} when not given."),
    ] = None
    config_dir: Mine = None
    out: Out = "runs"

    def run(self, as_json: bool) -> int:
        """ConfigError for a kind that there is not."""
        if self.menu is not None and self.menu not in MENUS:
            raise unknown("list", self.menu, list(MENUS))
        asked = [self.menu] if self.menu else [name for name in MENUS if name not in LONG]
        menus: Mapping[str, Callable[[Path | None], Entries]] = {**MENUS, "runs": partial(_runs, out=self.out)}
        shown = {name: dict(menus[name](self.config_dir)) for name in asked}
        tell(json.dumps(shown) if as_json else "\n".join(_lines(shown, headed=self.menu is None)), as_json)
        return DONE


def _lines(shown: Mapping[str, Entries], headed: bool) -> Iterable[str]:
    for name, entries in shown.items():
        if headed and entries:
            yield f"{name}:"
        width = min(max(map(len, entries), default=0), WIDEST)
        yield from (f"{'  ' * headed}{entry:{width}}  {about}" for entry, about in entries.items())


@cache
def _known(mine: Path | None) -> "Catalogue":
    from simrun.config.menus import catalogue

    return catalogue([mine] if mine else [])


def _also(what: str, names: Iterable[str]) -> str:
    return f" {what}: {', '.join(names)}." if names else ""
