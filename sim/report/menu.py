"""A folder as a menu: every module of a package holds one class of its name."""

import importlib
import pkgutil
from typing import TypeVar

C = TypeVar("C")


def modules(package: str, base: type[C]) -> dict[str, type[C]]:
    """Module -> its class of that `name`, alphabetically. TypeError for a module that has none."""
    found: dict[str, type[C]] = {}
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        for value in vars(importlib.import_module(f"{package}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, base) and getattr(value, "name", None) == module.name:
                found[module.name] = value
        if module.name not in found:
            raise TypeError(
                f"{package}.{module.name} holds no {base.__name__} whose name is {module.name!r}; "
                f"name its class so, or keep what is none elsewhere"
            )
    return found
