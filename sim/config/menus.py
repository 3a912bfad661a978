"""The catalogues that are YAML files, one an entry: axes, biases; and the menus that are modules: scenarios, backends, metrics."""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import ValidationError

from simrun.agents.backends.base import Backend
from simrun.agents.bias import NONE, Bias
from simrun.agents.judges.base import Judge
from simrun.agents.mitigation import UNMITIGATED, Mitigation
from simrun.agents.persona import Axis
from simrun.agents.records import Record
from simrun.config.errors import ConfigError, explained, unknown
from simrun.scenarios.base import Scenario

if TYPE_CHECKING:
    pass

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where PyYAML has it: seventy files are read at every start."""

R = TypeVar("R", bound=Record)
C = TypeVar("C")


class Catalogue(Record):
    """Axes and mitigations by name, biases by role/name. Later folders win, so that a user's file replaces ours.

    A bias that several roles can carry stands once, under its own role.
    """

    axes: Mapping[str, Axis]
    biases: Mapping[str, Bias]
    mitigations: Mapping[str, Mitigation] = {}

    def axis(self, name: str) -> Axis:
        """The axis of this name; ConfigError lists those there are."""
        if name not in self.axes:
            raise unknown("axis", name, list(self.axes))
        return self.axes[name]

    def bias(self, role: str, name: str) -> Bias:
        """A role's bias, its own or one that it shares with another role; `none` is one too. ConfigError lists those it can carry."""
        if name == NONE.name:
            return NONE
        if own := self.biases.get(f"{role}/{name}"):
            return own
        carried = {bias.name: bias for bias in self.biases.values() if role in bias.carriers()}
        if name not in carried:
            raise unknown(f"bias of the {role}", name, [NONE.name, *carried])
        return carried[name]

    def mitigation(self, name: str) -> Mitigation:
        """The mitigation of this name; `none` is one too."""
        known = {UNMITIGATED.name: UNMITIGATED, **self.mitigations}
        if name not in known:
            raise unknown("mitigation", name, list(known))
        return known[name]


def catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """Everything in our own configs/ and then in `folders` (as given by --config-dir)."""
    roots = [Path(str(files("simrun.configs"))), *folders]
    axes = [_record(Axis, file) for root in roots for file in sorted((root / "axis").glob("*.yaml"))]
    biases = [_record(Bias, file) for root in roots for file in sorted((root / "bias").glob("*/*.yaml"))]
    measures = [_record(Mitigation, file) for root in roots for file in sorted((root / "mitigation").glob("*.yaml"))]
    return Catalogue(
        axes={axis.name: axis for axis in axes},
        biases={f"{bias.role}/{bias.name}": bias for bias in biases},
        mitigations={measure.name: measure for measure in measures},
    )


def _record(kind: type[R], file: Path) -> R:
    try:
        return kind.model_validate(yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER))
    except (ValidationError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: {explained(error) if isinstance(error, ValidationError) else error}") from None


@cache
def scenarios() -> Mapping[str, type[Scenario]]:
    """Every scenario: a module of simrun.scenarios with a class of its name."""
    return _menu("simrun.scenarios", Scenario)


@cache
def backends() -> Mapping[str, type[Backend]]:
    """Every backend: a module of simrun.agents.backends with a class of its name."""
    return _menu("simrun.agents.backends", Backend)


@cache
def judges() -> Mapping[str, type[Judge]]:
    """Every judge: a module of simrun.agents.judges with a class of its name."""
    return _menu("simrun.agents.judges", Judge)


def judge(name: str) -> type[Judge]:
    """The judge of this name; ConfigError lists those there are."""
    if name not in judges():
        raise unknown("judge", name, list(judges()))
    return judges()[name]


def _menu(package: str, base: type[C]) -> dict[str, type[C]]:
    found: dict[str, type[C]] = {}
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        for value in vars(importlib.import_module(f"{package}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, base) and getattr(value, "name", None) == module.name:
                found[module.name] = value
    return found


def options(record: Any) -> dict[str, Any]:
    """The options of a scenario or backend with their defaults: the one place where they are written is the class."""
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in record.model_fields.items()
        if name != "voiced"
    }


def metrics() -> Mapping[str, str]:
    """Every metric and the first line of what it says of itself."""
    package = importlib.import_module("simrun.score.metrics")
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        function = getattr(importlib.import_module(f"simrun.score.metrics.{module.name}"), module.name)
        found[module.name] = str(function.__doc__).splitlines()[0]
    return found
