"""The lines of a log as records: a call that was answered, an episode that ended, what a judge found."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from simrun.agents.judges.base import Verdict
from simrun.agents.records import Answer, Call, Chat, Record
from simrun.config.errors import explained
from simrun.log.chain import LogError, LogLine, RunLog
from simrun.stage.stage import Stage
from simrun.stage.trial import Episode, Trial

R = TypeVar("R", bound=Record)
CALL, EPISODE, ERROR, JUDGING, JUDGED, LABELED = "call", "episode", "error", "judging", "judged", "labels"
"""Kinds of lines. `judging` opens a segment in which judges were asked later, `judged` is what they found of one
episode, and `labels` what people said of what judges judge: the last one counts."""
CHAIN = ("kind", "prev")
"""What a line has beside its record."""


@dataclass(frozen=True, slots=True)
class Played:
    """An episode as the log has it, and the stage after playing it again (None where it ended in an error)."""

    trial: Trial
    episode: Episode
    calls: tuple[Call, ...]
    stage: Stage | None
    twice: str = ""
    """The chain in which it stands again, where another one had it whole: it counts once."""


def own(line: LogLine) -> dict[str, Any]:
    """The fields of a line's record."""
    return {key: value for key, value in line.fields.items() if key not in CHAIN}


def call_of(line: LogLine) -> Call:
    """A call line as the record."""
    return record(Call, line)


def record(kind: type[R], line: LogLine) -> R:
    """A line as a record of this kind; LogError where it is none."""
    try:
        return kind.model_validate(own(line))
    except ValidationError as error:
        raise LogError(f"{line.file}:{line.number}: {explained(error)}") from None


def note_call(log: RunLog, chat: Chat, answer: Answer, seconds: float) -> None:
    """The line of a call that was answered."""
    own = {"chat": chat.chat} if chat.chat else {}
    again = {"attempt": chat.attempt} if chat.attempt else {}
    told = {
        "trial": chat.session,
        "role": chat.role,
        **own,
        "nth": chat.nth,
        **again,
        "digest": chat.digest,
        "seed": chat.seed,
    }
    log.write(CALL, {**told, "answer": answer.model_dump(), "at": time.time(), "seconds": round(seconds, 4)})


def note_end(log: RunLog, trial: Trial, stage: Stage) -> None:
    """The line of an episode that has its outcome."""
    assert stage.outcome is not None
    told = {"judged": stage.judged} if stage.judged else {}
    outcome = stage.outcome.model_dump(mode="json")
    log.write(EPISODE, {"trial": trial.id, "at": time.time(), "outcome": outcome, **told})


def note_failure(log: RunLog, trial: Trial, kind: str, message: str) -> None:
    """The line of an episode that ended without one: it stays owed."""
    log.write(ERROR, {"trial": trial.id, "at": time.time(), "error": kind, "message": message})


def note_judging(log: RunLog, asked: Mapping[str, Any], heads: Mapping[str, str]) -> None:
    """The first line of a segment of judges: what they were asked with, and where the log that they read ended."""
    log.write(JUDGING, {"at": time.time(), "asked": asked, "heads": heads})


def note_labels(
    log: RunLog, file: str, labels: Sequence[tuple[str, str, int | None, float]], faults: Sequence[str]
) -> None:
    """The line of what people said: trial, key, turn and label of each."""
    log.write(
        LABELED, {"at": time.time(), "file": file, "labels": [list(each) for each in labels], "faults": list(faults)}
    )


def as_found(judged: Mapping[str, Any]) -> dict[str, Verdict]:
    """Verdicts as they were before they were written: those by turn are tuples."""
    return {name: tuple(verdict) if isinstance(verdict, list) else verdict for name, verdict in judged.items()}


def note_judged(log: RunLog, trial: Trial, stage: Stage) -> None:
    """The line of an episode that judges were asked about later."""
    log.write(JUDGED, {"trial": trial.id, "at": time.time(), "judged": stage.judged})
