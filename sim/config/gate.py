"""Which classes of the user's may be imported: all that a user types, and of what a run's folder names only what its
user began, or trusts."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Self

from simrun.config.errors import ConfigError


@dataclass(frozen=True)
class Gate:
    """What may be imported, and from where."""

    run: Path | None = None
    """The folder whose manifest names the classes; None where the user does."""
    known: frozenset[str] | None = None
    """These `package.module:Class` alone; None for any."""
    apart: bool = False
    """Never from the current folder or the run's: whoever sent the run may have put a module there."""

    def also(self, typed: Iterable[str]) -> Self:
        """The gate with what the user asks for now."""
        return self if self.known is None else replace(self, known=self.known | frozenset(typed))

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is imported meanwhile passes this gate."""
        before = _HELD.set(self)
        try:
            yield
        finally:
            _HELD.reset(before)

    def check(self, menu: str, reference: str) -> None:
        """ConfigError for what may not be imported."""
        if self.known is not None and reference not in self.known:
            raise ConfigError(
                f"{menu}={reference}: the run in {self.run} was not begun here by you, and to import a class that it "
                "names would run its code; add trust=true if you know whose it is"
            )

    @contextmanager
    def path(self) -> Iterator[None]:
        """Modules are looked for where this gate wants it."""
        before, guard = list(sys.path), _Elsewhere(self.run)
        if self.apart:
            sys.path[:] = guard.able(before)
            sys.meta_path.insert(0, guard)
        try:
            yield
        finally:
            if self.apart:
                sys.path[:] = before
                sys.meta_path.remove(guard)


class _Elsewhere(MetaPathFinder):
    """Finds no module, and refuses one that lies in a run's folder."""

    def __init__(self, run: Path | None):
        self._run = run

    def able(self, path: Sequence[str]) -> list[str]:
        """The folders of sys.path that are neither the current one nor in the run's."""
        here = Path.cwd().resolve()
        whole = [each for each in path if os.path.isabs(each)]
        return [each for each in whole if (at := Path(each).resolve()) != here and not self._own(at)]

    def _own(self, place: Path) -> bool:
        return self._run is not None and place.is_relative_to(self._run)

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """ModuleNotFoundError for a module that lies there: a folder above the run may be on the path."""
        found = PathFinder.find_spec(fullname, path, target)
        if found and found.origin and self._own(Path(found.origin).resolve()):
            raise ModuleNotFoundError(f"{found.origin} lies in the run's own folder, which no code is taken from")


OPEN = Gate()
"""For what the user types."""
_HELD: ContextVar[Gate] = ContextVar("gate", default=OPEN)


def held() -> Gate:
    """The gate that imports pass now."""
    return _HELD.get()
