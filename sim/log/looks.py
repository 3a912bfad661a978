"""The looks at a run while it was played, as its log has them: a chain of their own, a line a look."""

import time
from collections.abc import Sequence
from pathlib import Path

from simrun.agents.records import Record
from simrun.log.chain import LOOKS, Head, LogError, RunLog, read
from simrun.log.lines import record

LOOK = "look"
"""The kind of its lines."""


class Look(Record):
    """One look: after which cases, and what it came to."""

    at: float = 0.0
    """Unix time, seconds."""
    number: int
    """From 1."""
    of: int
    """How many there would be without a decision."""
    cases: int
    """The first so many of the plan were looked at, whatever else had been played."""
    decided: bool
    """Whether nothing more is owed."""
    why: str
    """What was found of each question, in words."""

    @property
    def line(self) -> str:
        """What is said of a run that stops here."""
        return f"decided at look {self.number} of {self.of}, after {self.cases} cases: {self.why}"


def note_look(log: RunLog, look: Look) -> None:
    """The line of a look."""
    log.write(LOOK, look.model_dump() | {"at": time.time()})


def looked(run: Path, head: Head | None = None) -> tuple[Look, ...]:
    """The looks of a run, in order. LogError for a log that was changed."""
    found: list[Look] = []
    for line in read(run, head, LOOKS):
        if line.kind != LOOK:
            raise LogError(f"{line.file}:{line.number}: no line of kind {line.kind!r} can stand here")
        found.append(record(Look, line))
    return tuple(found)


def deciding(looks: Sequence[Look]) -> Look | None:
    """The look at which a run was decided; None where it goes on, or went on to its end."""
    return looks[-1] if looks and looks[-1].decided else None
