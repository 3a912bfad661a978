"""A folder as a menu: each module of a package holds the class that is called like it. A class of the user's is named
as `package.module:Class`."""

import importlib
import pkgutil
import sys
from typing import Any, TypeVar

from simrun.config import gate
from simrun.config.errors import ConfigError

C = TypeVar("C")


def names(package: str) -> tuple[str, ...]:
    """The modules of a package, in alphabetical order; none of them is imported."""
    return tuple(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))


def held(package: str, module: str, base: type[C], called: str = "name") -> type[C] | None:
    """The subclass in one module whose `name`, or other attribute, is the module's; None where it has none.

    The last of several: what a class is derived from, and imported for, inherits the name to it.
    """
    values = vars(importlib.import_module(f"{package}.{module}")).values()
    own: list[type[C]] = [each for each in values if is_own(each, base) and getattr(each, called, None) == module]
    return own[-1] if own else None


def held_by_all(package: str, base: type[C]) -> dict[str, type[C]]:
    """Module -> its class of that `name`, alphabetically. TypeError for a module that has none."""
    return {module: demanded(package, module, base) for module in names(package)}


def demanded(package: str, module: str, base: type[C]) -> type[C]:
    """The class of one module whose `name` is the module's; TypeError where there is none."""
    kind = held(package, module, base)
    if kind is None:
        raise TypeError(
            f"{package}.{module} holds no {base.__name__} whose name is {module!r}; "
            "name its class so, or keep what is none elsewhere"
        )
    return kind


def imported(menu: str, reference: str, base: type[C]) -> type[C]:
    """The class of a `package.module:Class`; ConfigError says what is wrong with the reference, given as `menu`=.

    The one place where a user's code begins to be imported; it passes the gate of the run that names it.
    """
    module, _, attribute = reference.partition(":")
    passed = gate.held()
    passed.check(menu, reference)
    try:
        with passed.path():
            value = getattr(importlib.import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{menu}={reference}: {error}; install the package, or set PYTHONPATH to the folder that "
            f"{module.partition('.')[0]} is in"
        ) from None
    except Exception as error:
        raise ConfigError(
            f"{menu}={reference}: {module} cannot be imported: {type(error).__name__}: {error}; correct the module"
        ) from error
    if not (isinstance(value, type) and issubclass(value, base)):
        able = [name for name, each in vars(sys.modules[module]).items() if is_own(each, base)]
        raise ConfigError(
            f"{menu}={reference}: {attribute or 'nothing'} of {module} is no subclass of {path(base)}; "
            f"such classes there are: {', '.join(able) or 'none'}"
        )
    return value


def is_own(value: Any, base: type) -> bool:
    """Whether it is a subclass of the base, and not the base."""
    return isinstance(value, type) and issubclass(value, base) and value is not base


def path(kind: type) -> str:
    """`package.module:Class` of a class."""
    return f"{kind.__module__}:{kind.__qualname__}"


def about(kind: type) -> str:
    """What a class says of itself: the first paragraph of its docstring, in one line."""
    return " ".join((kind.__doc__ or "").strip().partition("\n\n")[0].split())
