"""Which runs this user began on this machine, and which tables were made here: a list in the user's own state folder.

What a run's folder says of itself proves nothing of who began it. An entry is its place and the digest of all in its
manifest that can act, so that a copy and an edited manifest are not on the list.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import orjson
from platformdirs import user_state_path

from simrun.agents.records import Record
from simrun.log import files
from simrun.log.files import LogError

What = Literal["run", "tables", "judge"]
"""A run that was begun, the tables that were made of one, a class that its user asked to judge it."""


class Entry(Record):
    """One line of the list."""

    what: What
    path: str
    digest: str
    """Of the manifest, or of the tables; the `package.module:Class` of a judge."""


def place() -> Path:
    """The list: simrun/begun.jsonl in XDG_STATE_HOME, or in the folder that stands for it where that is not set."""
    given = os.environ.get("XDG_STATE_HOME", "")
    # a relative one would be taken from the current folder, which anybody may have filled
    state = Path(given) / "simrun" if os.path.isabs(given) else user_state_path("simrun")
    return (state if state.is_absolute() else Path.home() / ".local/state/simrun") / "begun.jsonl"


def note(what: What, path: Path, digest: str) -> None:
    """Add an entry, once. Where there is no such folder, a run is asked about again."""
    entry = Entry(what=what, path=str(path), digest=digest)
    if entry in entries(what, path):
        return
    with contextlib.suppress(OSError, LogError):
        place().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        opened = files.appending(place(), mode=0o600)
        try:
            # a line before it may be torn
            os.write(opened, b"\n" + orjson.dumps(entry.model_dump()) + b"\n")
        finally:
            os.close(opened)


def entries(what: What, path: Path) -> tuple[Entry, ...]:
    """What the list has of a folder; nothing where others could have written it."""
    sought = orjson.dumps(str(path))
    found = (_entry(line) for line in _lines() if sought in line)
    return tuple(entry for entry in found if entry and (entry.what, entry.path) == (what, str(path)))


def _entry(line: bytes) -> Entry | None:
    try:
        return Entry.model_validate_json(line)
    except ValueError:
        return None  # torn, or of a later version


def _lines() -> list[bytes]:
    try:
        opened = os.open(place(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return []
    with open(opened, "rb") as file:
        found = os.fstat(opened)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
        return file.read().split(b"\n") if ours else []


def noted(what: What, path: Path, digest: str) -> bool:
    """Whether the list has this entry."""
    return any(entry.digest == digest for entry in entries(what, path))


def digest(found: Iterable[Path]) -> str:
    """Of files and their names; "" where one is missing."""
    told = hashlib.blake2b(digest_size=16)
    try:
        for file in found:
            with file.open("rb") as content:
                told.update(f"{file.name}\0".encode() + hashlib.file_digest(content, "blake2b").digest())
    except OSError:
        return ""
    return told.hexdigest()
