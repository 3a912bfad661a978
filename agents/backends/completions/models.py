"""Which models a server has, by a list in any of the shapes that servers send, and whether a name is meant by it."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.completions.bodies import decoded

SHOWN = 12
"""Names that an error lists at most: some lists have hundreds."""


@dataclass(frozen=True)
class Models:
    """The list: name -> what is told of that model."""

    cards: Mapping[str, Mapping[str, Any]]
    whole: bool = True
    """Whether this is all of it; some servers send a page at a time."""

    @classmethod
    def of(cls, raw: bytes) -> "Models":
        """A list out of a body; an empty one where there is none."""
        try:
            told = decoded(raw)
        except ValueError:
            return cls({})
        listed = told.get("data", told.get("models")) if isinstance(told, Mapping) else told
        entries = [entry if isinstance(entry, Mapping) else {"id": entry} for entry in _items(listed) if entry]
        names = [(entry.get("id") or entry.get("name"), entry) for entry in entries]
        cards = {name: entry for name, entry in names if isinstance(name, str)}
        return cls(cards, not (isinstance(told, Mapping) and told.get("has_more")))

    def knows(self, name: str) -> bool:
        """Whether the list means this name: by itself, by an alias or a pattern, with a tag that is implied, or with a
        suffix that says how it is served."""
        bare, _, tag = name.partition(":")
        if any(name in _names(listed, card) for listed, card in self.cards.items()):
            return True
        implied = f"{name}:latest" if not tag else bare
        return implied in self.cards or any(
            fnmatchcase(name, listed) for listed in self.cards if "*" in listed and "[" not in listed
        )

    def chosen(self, asked: str, listed: bool, base: str) -> str:
        """The model to ask: the one that was given, or the only one. BackendError for none that is meant."""
        if not asked and len(self.cards) == 1 and "*" not in next(iter(self.cards)):
            return next(iter(self.cards))
        if asked and (not listed or not self.cards or not self.whole or self.knows(asked)):
            return asked
        given = f"has no model {asked!r}" if asked else "has several models" if self.cards else "names no model"
        way = "; for a name that its list leaves out, backend.listed=false" if asked else ""
        raise BackendError("request", f"{base} {given}; set backend.model to one of: {self._shown(asked)}{way}")

    def _shown(self, asked: str) -> str:
        """The names there are; of many the nearest."""
        names = list(self.cards)
        near = difflib.get_close_matches(asked, names, SHOWN, 0.4) if len(names) > SHOWN else names
        shown = near or names[:SHOWN]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        return (", ".join(shown) or "unknown") + more


def _items(listed: Any) -> list[Any]:
    return listed if isinstance(listed, list) else []


def _names(listed: str, card: Mapping[str, Any]) -> tuple[str, ...]:
    """All that one entry of a list is called."""
    aliases = (str(alias) for alias in _items(card.get("aliases")))
    return listed, listed.removeprefix("models/"), *aliases
