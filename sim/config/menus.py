"""The catalogues that are YAML files, one an entry: axes, biases; and the menus that are modules: scenarios and their
modes, backends, judges. Where a menu takes a name it also takes `package.module:Class`, a class of the user's."""

import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from simrun.agents.backends.base import Backend
from simrun.agents.bias import NONE, Bias
from simrun.agents.judges.base import Judge
from simrun.agents.mitigation import UNMITIGATED, Mitigation
from simrun.agents.persona import Axis
from simrun.agents.records import Record
from simrun.agents.reply import Decision
from simrun.config.errors import ConfigError, explained, unknown
from simrun.config.modules import held, imported, is_own, names, path
from simrun.scenarios.base import FILLED, Scenario
from simrun.scenarios.outcome import Outcome

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where PyYAML has it: seventy files are read at every start."""

NEEDED: Mapping[type, tuple[str, ...]] = {
    Scenario: ("bank", "roles", "hears", "brief", "play"),
    Backend: ("reply",),
    Judge: ("brief", "questions", "tally"),
}
"""Methods that a class must have of its own."""

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
        """A role's bias, its own or one that it shares with another role; `none` is one too. ConfigError lists those
        it can carry."""
        if name == NONE.name:
            return NONE
        if own := self.biases.get(f"{role}/{name}"):
            return own
        carried = {bias.name: bias for bias in self.biases.values() if role in bias.carriers()}
        if name not in carried:
            raise unknown(f"bias of the {role}", name, [NONE.name, *carried])
        return carried[name]

    def implicit(self, role: str) -> tuple[str, ...]:
        """The names of the biases that a role can carry and that take a target."""
        found = (each.name for each in self.biases.values() if role in each.carriers() and each.aimed)
        return tuple(dict.fromkeys(found))

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
def modes(kind: type[Scenario]) -> Mapping[str, type[Scenario]]:
    """The modes of a scenario: a module of its package with a subclass of that mode; {} where it has none, or is one
    itself."""
    if not kind.default_mode or kind.mode:
        return {}
    package = sys.modules[kind.__module__].__package__
    found = _menu(package, kind, "mode") if package else {}
    if kind.default_mode not in found:
        raise ConfigError(
            f"{path(kind)}: no module {kind.default_mode!r} beside it has a class of the mode {kind.default_mode!r}; "
            f"modes there are: {', '.join(found) or 'none'}; write one, or change default_mode"
        )
    return {mode: _sound(each) for mode, each in found.items()}


def playable(kind: type[Scenario]) -> tuple[type[Scenario], ...]:
    """All that a scenario can play: its modes, or itself where it has none."""
    return tuple(modes(kind).values()) or (kind,)


def scenario(name: str) -> type[Scenario]:
    """The scenario of a name or of a `package.module:Class`; ConfigError lists those there are."""
    return _named("scenario", name, Scenario, scenarios())


def backend(name: str) -> type[Backend]:
    """The backend of a name or of a `package.module:Class`; ConfigError lists those there are."""
    return _named("backend", name, Backend, backends())


def _named(menu: str, name: str, base: type[C], known: Mapping[str, type[C]]) -> type[C]:
    """What stands on a menu, or a class of the user's."""
    if ":" in name:
        return _sound(imported(menu, name, base))
    if name not in known:
        raise unknown(menu, name, list(known))
    return known[name]


def _sound(kind: type[C]) -> type[C]:
    """The class, if it has all that it needs to be played; ConfigError says what it lacks."""
    base: type = next(each for each in NEEDED if issubclass(kind, each))
    whole = not issubclass(kind, Scenario) or not modes(kind)
    lacking = [f"{method}()" for method in NEEDED[base] if whole and getattr(kind, method) is getattr(base, method)]
    if not re.fullmatch(r"\w[\w-]*", str(getattr(kind, "name", ""))):
        lacking.insert(0, "name (a ClassVar[str]: a word)")
    if base is Judge and not is_own(getattr(kind, "decision", None), Decision):
        lacking.append("decision (a ClassVar: its subclass of Decision)")
    outcome = getattr(kind, "outcome", None)
    if base is Scenario and whole and not (isinstance(outcome, type) and issubclass(outcome, Outcome)):
        lacking.append("outcome (a ClassVar: its subclass of Outcome)")
    if lacking:
        raise ConfigError(f"{path(kind)} lacks {', '.join(lacking)}; see {path(base)}")
    return kind


@cache
def backends() -> Mapping[str, type[Backend]]:
    """Every backend: a module of simrun.agents.backends with a class of its name."""
    return _menu("simrun.agents.backends", Backend)


@cache
def judges() -> Mapping[str, type[Judge]]:
    """Every judge: a module of simrun.agents.judges with a class of its name."""
    return _menu("simrun.agents.judges", Judge)


def judge(name: str) -> type[Judge]:
    """The judge of a name or of a `package.module:Class`; ConfigError lists those there are."""
    return _named("judge", name, Judge, judges())


def _menu(package: str, base: type[C], called: str = "name") -> dict[str, type[C]]:
    """The modules that hold a class called like them; modules that hold none are no entries."""
    kinds = {module: held(package, module, base, called) for module in names(package)}
    return {
        module: kind for module, kind in kinds.items() if kind and (called == "mode" or not getattr(kind, "mode", ""))
    }


def options(record: Any) -> dict[str, Any]:
    """The options of a scenario or backend with their defaults: the one place where they are written is the class."""
    # a run has an option of the name of a field that it fills in itself
    filled = FILLED if issubclass(record, Scenario) else ()
    return {
        name: field.get_default(call_default_factory=True)
        for name, field in record.model_fields.items()
        if name not in filled
    }
