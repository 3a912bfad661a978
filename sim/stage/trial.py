"""What is to be played, and what was."""

from collections.abc import Mapping
from typing import Any, Literal

from simrun.agents.records import Record

Control = Literal["", "same", "placebo", "swap", "mirror", "positive", "positive reference"]
"""Which control an arm is, "" for none. The positive control is two arms: scripted agents without the planted bias, and with it."""


class Arm(Record):
    """One cell of a design: what is set in it, or which control it is."""

    name: str
    settings: Mapping[str, str]
    """`role.what` -> level."""
    control: Control = ""


class Trial(Record):
    """One case in one arm, once: what is owed."""

    id: str
    """Hash of scenario and options, case, arm, repeat and run seed."""
    case: str
    arm: str
    repeat: int


class Exclusion(Record):
    """A case that is left out of an arm, and so of every contrast with it."""

    case: str
    arm: str
    why: str


class Episode(Record):
    """A trial that ended: with an outcome, or with an error of infrastructure, which leaves it owed."""

    trial: str
    at: float
    """Unix time, seconds."""
    outcome: Mapping[str, Any] | None = None
    shown: Mapping[str, bool | None] = {}
    """Whether each injected bias showed (`role.bias`), by the observer's word."""
    error: str = ""
    """Class of the error, "" for none."""
    message: str = ""
