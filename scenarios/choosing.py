"""A choice of one of several, and how it enters an outcome: as what was said, or as how probable it was."""

from functools import cache
from typing import Any, Literal, NamedTuple

from pydantic import create_model

from simrun.agents.backends.choice import label
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Outcomes


class Chosen(NamedTuple):
    """Whether one of some options was chosen, 0 to 1, or which number; None where nothing was, or where that was not
    asked for."""

    value: float | None
    """What counts: a probability or an expectation where the engine gave one and the run wants it, else what was
    said."""
    sampled: float | None
    """What was said, beside that; None where the run wants one figure only."""


def chosen(reply: Reply, field: str, outcomes: Outcomes, *options: str) -> Chosen:
    """Whether a reply's decision has one of `options` in a field (as JSON writes them: yes, true, 7)."""
    if reply.decision is None:
        return Chosen(None, None)
    said = float(label(getattr(reply.decision, field)) in options)
    chance = None if outcomes == "sampled" else reply.chance(*options)
    return Chosen(said if chance is None else chance, said if outcomes == "both" else None)


def weighed(reply: Reply, field: str, outcomes: Outcomes) -> Chosen:
    """The number in a field of a reply's decision; what counts is its expectation where the engine told how probable
    each number was and the run wants that."""
    if reply.decision is None:
        return Chosen(None, None)
    said = float(getattr(reply.decision, field))
    shares = None if outcomes == "sampled" else reply.options
    value = said if shares is None else sum(float(option) * share for option, share in shares.items())
    return Chosen(value, said if outcomes == "both" else None)


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
