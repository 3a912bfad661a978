"""The cells of a design."""

from collections.abc import Mapping
from typing import Literal

from simrun.agents.records import Record

Control = Literal["", "same", "placebo", "swap", "mirror", "positive", "positive reference"]
"""Which control an arm is, "" for none. The positive control is two arms: scripted agents without the planted bias, and with it."""


class Arm(Record):
    """One cell of a design: what is set in it, or which control it is."""

    name: str
    settings: Mapping[str, str]
    """`role.what` -> level."""
    control: Control = ""


class Exclusion(Record):
    """A case that is left out of an arm, and so of every contrast with it."""

    case: str
    arm: str
    why: str
