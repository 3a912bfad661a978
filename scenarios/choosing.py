"""A choice of one of several, and how it enters an outcome: as what was said, or as how probable it was."""

from functools import cache
from typing import Any, Literal, NamedTuple

from pydantic import create_model

from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Outcomes


class Chosen(NamedTuple):
    """Whether one of some options was chosen, 0 to 1; None where nothing was, or where that was not asked for."""

    value: float | None
    """What counts: a probability where the engine gave one and the run wants it, else 0 or 1."""
    sampled: float | None
    """What was said, 0 or 1, beside a probability; None where the run wants one figure only."""


def chosen(reply: Reply, field: str, outcomes: Outcomes, *options: str) -> Chosen:
    """Whether a reply's decision has one of `options` in a field (as JSON writes them: yes, true, 7)."""
    if reply.decision is None:
        return Chosen(None, None)
    said = float(written(getattr(reply.decision, field)) in options)
    chance = None if outcomes == "sampled" else reply.chance(*options)
    return Chosen(said if chance is None else chance, said if outcomes == "both" else None)


def written(value: Any) -> str:
    """What an option is called among those of a forced choice."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


class Choice(Decision):
    """One of several options; `choice(options)` makes the kind."""

    choice: str

    def spoken(self) -> str:
        """The option."""
        return self.choice


@cache
def choice(options: tuple[str, ...]) -> type[Choice]:
    """The decision for one of these."""
    one: Any = Literal[options]
    return create_model("Choice", __base__=Choice, choice=(one, ...))
