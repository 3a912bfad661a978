"""The space of what can be said and heard: any Unicode text."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from simrun.agents.records import Answer
from simrun.agents.reply import Decision

MOST = 10_000_000
"""Characters that a text of these spaces has at most: more than any chat."""
_SAMPLED = 60
_PRINTABLE = "".join(map(chr, range(32, 127)))


class Heard(str):
    """An observation: a string that states its dtype, which PettingZoo's conformance kit asks of every observation."""

    __slots__ = ()
    dtype = np.dtype(str)


class Speech(spaces.Text):
    """Any text that UTF-8 can carry.

    `charset` is only what samples are drawn from: printable ASCII, at most 60 characters.
    """

    def __init__(self, seed: int | np.random.Generator | None = None):
        super().__init__(MOST, min_length=0, charset=_PRINTABLE, seed=seed)

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A short text of printable ASCII; there is nothing to mask. ValueError where a mask is given."""
        if mask is not None or probability is not None:
            raise ValueError("a Speech space samples free text: it takes no mask and no probability")
        drawn = self.np_random.integers(len(_PRINTABLE), size=self.np_random.integers(1, _SAMPLED + 1))
        return "".join(_PRINTABLE[index] for index in drawn)

    def contains(self, x: Any) -> bool:
        """Whether this is a text that can be logged."""
        return isinstance(x, str) and len(x) <= self.max_length and carried(x) == x

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def is_np_flattenable(self) -> bool:
        """False: Unicode has no small alphabet to count in."""
        return False


class Action(Speech):
    """What a seat may say: text, JSON text of a decision, or the decision as a dict or record."""

    def contains(self, x: Any) -> bool:
        """Whether this can be said."""
        if not isinstance(x, Mapping | Decision):
            return super().contains(x)
        try:
            return len(said(x)) <= self.max_length
        except (TypeError, ValueError):
            return False


def answered(action: Any) -> Answer:
    """An action as the answer to what the seat was asked. TypeError for what can be none."""
    return Answer(text=said(action))


def said(action: Any) -> str:
    """An action as text; NumPy's numbers and arrays in it are Python's. TypeError for what can be no answer."""
    if isinstance(action, str):
        return carried(action)
    if isinstance(action, Decision):
        return action.model_dump_json()
    if isinstance(action, Mapping):
        try:
            return json.dumps(dict(action), default=_plain)
        except (TypeError, ValueError) as error:
            raise TypeError(f"an action as a dict holds what JSON can say: {error}, in {action!r}"[:300]) from None
    raise TypeError(f"an action is text, a dict or a Decision, got {type(action).__name__}: {action!r}")


def _plain(value: Any) -> Any:
    """What JSON has no word for, in words that it has."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Decision):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no part of JSON")


def carried(text: str) -> str:
    """The text as UTF-8 can carry it: half a surrogate pair becomes a question mark."""
    return str(text) if text.isascii() else text.encode(errors="replace").decode()
