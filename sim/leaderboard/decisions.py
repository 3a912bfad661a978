"""The decisions of who holds a board: a line each, appended and never changed, each bound to the one before."""

import fcntl
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, Field, ValidationError

from simrun.agents.records import Record
from simrun.config.errors import ConfigError, explained
from simrun.leaderboard.submission import Words, plain
from simrun.log import files
from simrun.log.chain import FIRST, LogError, LogLine, linked

FILE = "decisions.jsonl"
What = Literal["draw", "add", "remove", "rescore", "ask", "host", "private"]
"""A seed was drawn; a file was taken, withdrawn, scored anew; its model was asked again; who holds the board played it
themselves; it was held against a private split."""


class Decision(Record):
    """One line of decisions.jsonl."""

    at: float
    """When, in Unix seconds."""
    what: What
    who: Words
    """Who decided."""
    why: Annotated[str, Field(max_length=2000), AfterValidator(plain)]
    file: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """SHA-256 of the packed file that it is about; "" where it is about none."""
    evidence: Mapping[str, Any] = {}
    """What it rests on, for machines: digests, verdicts, counts."""
    prev: str = FIRST
    """Hash of the line before."""


def decisions(folder: Path) -> tuple[Decision, ...]:
    """The decisions of a board's folder, oldest first; none where it has no file of them.

    ConfigError names the line that was changed, removed or added. That the last ones were cut off no file shows: the
    page of a board tells the hash of its last line (`head`), and a repository has its history.
    """
    return tuple(_decision(line) for line in _lines(folder))


def head(folder: Path) -> str:
    """The hash of the last decision; chain.FIRST where there is none. ConfigError as `decisions`."""
    lines = _lines(folder)
    return lines[-1].hash if lines else FIRST


def decide(
    folder: Path, what: What, who: str, why: str, file: str = "", evidence: Mapping[str, Any] | None = None
) -> Decision:
    """Append a decision, on the disk once this returns; another process that decides waits for it.

    ConfigError for a log that is not whole, for who or why that are no plain words, and for what cannot be written.
    """
    try:
        files.folder(folder)
        opened = files.appending(folder / FILE, mode=0o644)
    except LogError as error:
        raise ConfigError(f"{folder / FILE} cannot be written: {error.__cause__ or error}") from None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        decisions(folder)
        try:
            made = Decision(
                at=time.time(), what=what, who=who, why=why, file=file, evidence=evidence or {}, prev=head(folder)
            )
        except ValidationError as error:
            raise ConfigError(f"no decision: {explained(error, Decision)}") from None
        _append(opened, folder, orjson.dumps(made.model_dump(mode="json"), option=orjson.OPT_APPEND_NEWLINE))
        return made
    finally:
        os.close(opened)


def _append(opened: int, folder: Path, line: bytes) -> None:
    """The whole line or nothing, behind what is whole: a line that a power cut tore was never decided."""
    whole = (folder / FILE).read_bytes().rfind(b"\n") + 1
    try:
        os.ftruncate(opened, whole)
        if os.write(opened, line) < len(line):
            raise OSError("the disk is full")
        os.fsync(opened)
    except OSError as error:
        os.ftruncate(opened, whole)
        raise ConfigError(f"{folder / FILE} cannot be written: {error}; nothing was decided") from None


def _lines(folder: Path) -> tuple[LogLine, ...]:
    file = folder / FILE
    try:
        return tuple(linked([file])) if file.exists() else ()
    except LogError as error:
        raise ConfigError(f"{error}; take the file back from where the board is kept") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None


def _decision(line: LogLine) -> Decision:
    try:
        return Decision.model_validate(line.fields)
    except ValidationError as error:
        raise ConfigError(f"{line.file}:{line.number} is no decision: {explained(error, Decision)}") from None
