"""What is to be played, and what was."""

from collections.abc import Mapping
from typing import Any

from simrun.agents.judges.base import Verdict
from simrun.agents.records import Record


class Trial(Record):
    """One case in one arm, once: what is owed."""

    id: str
    """Hash of scenario and options, case, arm, repeat and run seed."""
    case: str
    arm: str
    repeat: int


class Episode(Record):
    """A trial that ended: with an outcome, or with an error of infrastructure, which leaves it owed."""

    trial: str
    at: float
    """Unix time, seconds."""
    outcome: Mapping[str, Any] | None = None
    judged: Mapping[str, Verdict] = {}
    """What judges found after the play, by `judge.key`."""
    error: str = ""
    """Class of the error, "" for none."""
    message: str = ""
