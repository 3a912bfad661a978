"""How a forced choice enters an outcome: as what was said, or as how probable it was."""

from typing import NamedTuple

from simrun.agents.backends.choice import label
from simrun.agents.reply import Reply
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
    said = float(label(getattr(reply.decision, field)) in options)
    chance = None if outcomes == "sampled" else reply.chance(*options)
    return Chosen(said if chance is None else chance, said if outcomes == "both" else None)
