"""What of a batch is kept in a run's folder: written before each step is taken, so that a process that is killed leaves
no step that nobody knows of.

NAME.json says how far it got, NAME.requests.jsonl is what is sent (until it is), NAME.output.jsonl and
NAME.errors.jsonl are what came, as it came.
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from simrun.agents.backends.base import Away, BackendError
from simrun.agents.records import Record

REQUESTS, OUTPUT, ERRORS = "requests", "output", "errors"


class State(Record):
    """How far one batch got."""

    ids: tuple[str, ...]
    """The custom_id of each request: a digest of who asks what, body and all."""
    file: str = ""
    """What the endpoint calls the file of requests; "" before it is there."""
    asked: bool = False
    """Whether the endpoint may have been asked to begin: from here on only its list of batches can tell that it was
    not."""
    batch: str = ""
    """What it calls the batch; "" before it is known to have begun."""
    status: str = ""
    """How the batch ended; "" while it has not, or what came of it is not here."""
    why: str = ""
    """What the endpoint said of one that failed."""
    read: bool = False
    """Whether each of its answers was given to who asked."""
    unanswered: tuple[str, ...] = ()
    """Of one that was read: the ids that had none, to be asked for again."""


class Part:
    """One batch: its name, where it is kept, how far it got."""

    def __init__(self, folder: Path, name: str, state: State):
        self.folder, self.name, self.state = folder, name, state

    @classmethod
    def new(cls, folder: Path, number: int, requests: Iterable[tuple[str, bytes]]) -> "Part":
        """With its file of requests, each an id and a line. Away where there is no room."""
        # a name that no other run has: the endpoint is asked for the batch of this name
        name = f"{number:05d}-{secrets.token_hex(8)}"
        part, ids = cls(folder, name, State(ids=())), list[str]()
        with _opened(part.path(REQUESTS)) as file:
            for one, line in requests:
                ids.append(one)
                file.write(line)
        part.told(ids=tuple(ids))
        return part

    @classmethod
    def found(cls, folder: Path) -> "Iterator[Part]":
        """Those that earlier processes left. BackendError for one that cannot be read."""
        for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            try:
                state = State.model_validate_json(file.read_bytes())
            except (ValidationError, OSError) as error:
                raise BackendError("request", f"{file} is no state of a batch: {error}") from None
            yield cls(folder, file.stem, state)

    def path(self, kind: str = "") -> Path:
        """Its file of a kind, that of its state where none is named."""
        return self.folder / ".".join(filter(None, (self.name, kind, "jsonl" if kind else "json")))

    def told(self, **state: object) -> None:
        """Write how far it got, in one step."""
        self.state = State.model_validate(self.state.model_dump() | state)
        beside = self.path().with_suffix(".tmp")
        with _opened(beside) as file:
            file.write(self.state.model_dump_json().encode())
        with kept(self.path()):
            os.replace(beside, self.path())

    def drop(self, *kinds: str) -> None:
        """Remove its files of these kinds."""
        for kind in kinds:
            self.path(kind).unlink(missing_ok=True)

    def came(self) -> bool:
        """Whether what came of it is here."""
        return self.path(OUTPUT).is_file() and self.path(ERRORS).is_file()

    def lines(self) -> Iterator[bytes]:
        """What came, answers before errors."""
        for kind in (OUTPUT, ERRORS):
            with self.path(kind).open("rb") as lines:
                yield from (line for line in lines if line.strip())

    @contextmanager
    def arriving(self, kind: str) -> Iterator[BinaryIO]:
        """Its file of a kind, which is there once all of it is."""
        beside = self.path(kind).with_suffix(".tmp")
        with _opened(beside) as file:
            yield file
        with kept(self.path(kind)):
            os.replace(beside, self.path(kind))


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """A new file to write to, in the place of what had its name; on the disk when it is closed."""
    with kept(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)  # a link would have us write elsewhere
        number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with open(number, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())


@contextmanager
def kept(file: Path) -> Iterator[None]:
    """Away where a disk takes no more, with how to go on."""
    try:
        yield
    except OSError as error:
        raise Away(
            f"cannot write {file}: {error.strerror or error}; make room: nothing that was asked is lost, and "
            "simrun resume goes on"
        ) from error
