"""The log of a run: one JSON line per call or finished episode, append-only, each line bound to the one before.

A process that plays writes one chain of lines: a run of one process has the chain
"", one of several a chain for each worker.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import orjson

from simrun.log import files
from simrun.log.store import address

LogError = files.LogError
T = TypeVar("T")

JUDGES = "judge"
"""The chain of what judges were asked later."""
LOOKS = "look"
"""The chain of the looks at what was played, where a run may stop before its last case."""
BESIDE = (JUDGES, LOOKS)
"""Chains that hold nothing of what was played."""
_SHARE = re.compile(r"b(\d+)-(\d+)")
FIRST = "0" * 32
"""What the first line has for the hash of the line before."""
_GROUP, _WAIT = 64, 0.05
"""Lines, or seconds, after which written lines are forced to the disk."""
SIZE, AGE = 16 * 2**20, 300.0
"""Bytes, or seconds since its first line, after which a part of a run that is kept in a store is sealed, so that it can
be sent there, and the next one begun."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One verified line: its fields, where it stands, and its hash."""

    fields: dict[str, Any]
    file: Path
    number: int
    hash: str

    @property
    def kind(self) -> str:
        """What is told in it."""
        return self.told("kind", str)

    @property
    def chain(self) -> str:
        """The chain that it is of."""
        return chain_of(self.file)

    def told(self, name: str, kind: type[T]) -> T:
        """A field; LogError where it is missing or of another type."""
        found = self.fields.get(name)
        if not isinstance(found, kind):
            raise LogError(f"{self.file}:{self.number}: {name} must be a {kind.__name__}, got {str(found)[:80]!r}")
        return found


def chained(line: bytes) -> str:
    """The hash that the next line carries as `prev`."""
    return hashlib.blake2b(line, digest_size=16).hexdigest()


def share_chain(first: int, last: int) -> str:
    """The chain of a process that plays given blocks, from the first to the last."""
    return f"b{first:06d}-{last:06d}"


def is_share(chain: str) -> bool:
    """Whether a chain is of a process that played given blocks, and did not look at what others play meanwhile."""
    return _SHARE.fullmatch(chain) is not None


def shares_with(chain: str, first: int, last: int) -> bool:
    """Whether a chain may hold something of these blocks."""
    found = _SHARE.fullmatch(chain)
    return found is None or (int(found[1]) <= last and first <= int(found[2]))


def segments(run: Path, chain: str | None = None) -> list[Path]:
    """The parts of a run's log in order, of one chain or of all: one for each time that a process began to write."""
    found = sorted((run / "log").glob("*.jsonl"))
    return found if chain is None else [file for file in found if chain_of(file) == chain]


def chains(run: Path) -> frozenset[str]:
    """All chains of a log."""
    return frozenset(map(chain_of, segments(run)))


def chain_of(file: Path) -> str:
    """The chain of which a file is a part."""
    return file.name.split(".")[1] if file.name.count(".") > 1 else ""


class Head(NamedTuple):
    """Where a log ended when its run was last closed."""

    hashes: Mapping[str, str]
    """Chain -> hash of its last line."""
    last: bool
    """Whether nothing may follow: the run was complete. An incomplete one may have been resumed, and killed, since."""


def read(
    run: Path, head: Head | None = None, beside: str = "", wanted: Callable[[str], bool] | None = None
) -> Iterator[LogLine]:
    """The lines of what was played, chain after chain, or of one of the chains beside it (JUDGES, LOOKS); of the
    `wanted` chains alone, where told.

    Each is handed out once the next line, or the head, has proven it. A torn last line, which a power cut leaves, is
    passed over. LogError names file and line of the first that was changed, removed or added.
    """
    for chain in sorted(chains(run) | set(head.hashes if head else ())):
        if wanted is not None and not wanted(chain):
            continue
        if chain == beside or (not beside and chain not in BESIDE):
            yield from _read(run, chain, head)


def _read(run: Path, chain: str, head: Head | None) -> Iterator[LogLine]:
    held: LogLine | None = None
    due = head.hashes.get(chain, FIRST) if head else FIRST
    met = due == FIRST
    for found in linked(segments(run, chain)):
        if held is not None:
            yield held
        held = found
        met = met or found.hash == due
    ended = held.hash if held else FIRST
    if head is not None and (not met or (head.last and chain != JUDGES and ended != due)):
        at = f"{held.file}:{held.number} is its last line, whose hash {ended}" if held else "it is empty, and that"
        raise LogError(f"the log was changed: {at} is not the head {due} in manifest.json")
    if held is not None:
        yield held


def linked(parts: Iterable[Path]) -> Iterator[LogLine]:
    """The whole lines of files, in order, each held against the hash that the next has of it.

    A torn last line is passed over. LogError names file and line of the first that was changed, removed or added; that
    the last one is as it was written, it leaves to be proven.
    """
    before: LogLine | None = None
    for file in parts:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    break  # torn: owed again
                found = LogLine(_fields(line, file, number), file, number, chained(line))
                _check(found, before)
                yield found
                before = found


class Tail:
    """What was added to a log since one last looked, without its proof: for the process that has it written."""

    def __init__(self, run: Path):
        self._run, self._read = run, dict[Path, int]()

    def lines(self, kinds: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The fields of new whole lines of what was played, of some kinds."""
        wanted = tuple(f'{{"kind":"{kind}"'.encode() for kind in kinds)
        for file in segments(self._run):
            if chain_of(file) in BESIDE:
                continue
            with file.open("rb") as lines:
                lines.seek(self._read.get(file, 0))
                for line in lines:
                    if not line.endswith(b"\n"):
                        break  # it is being written
                    self._read[file] = self._read.get(file, 0) + len(line)
                    if line.startswith(wanted):
                        yield orjson.loads(line)


def heads(run: Path, played: Mapping[str, str] | None = None) -> dict[str, str]:
    """Where each chain of a log ends now; of what was `played`, as it is known to whoever has just read it."""
    unread = ("", *BESIDE) if played is None else BESIDE
    return {**(played or {}), **{line.chain: line.hash for each in unread for line in read(run, beside=each)}}


def _check(line: LogLine, before: LogLine | None) -> None:
    if line.fields.get("prev") == (before.hash if before else FIRST):
        return
    if before is None:
        raise LogError(f"the log was changed: {line.file}:{line.number} is not its first line")
    raise LogError(
        f"the log was changed: {before.file}:{before.number} does not hash to what "
        f"{line.file}:{line.number} recorded of it"
    )


def _fields(line: bytes, file: Path, number: int) -> dict[str, Any]:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise LogError(f"the log was changed: {file}:{number} is not JSON ({error})") from None
    if not isinstance(fields, dict):
        raise LogError(f"the log was changed: {file}:{number} is not an object")
    return fields


def _lock(run: Path, chain: str) -> Path:
    return run / "log" / ".".join(filter(None, ("lock", chain)))


class Lock:
    """Held by the one process that writes a chain (the chain "": that plays the run).

    LogError after `patience` seconds of waiting.
    """

    def __init__(self, run: Path, chain: str = "", patience: float = 0.0):
        files.folder(run / "log")
        self._file = os.fdopen(files.appending(_lock(run, chain)), "ab")
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise LogError(f"another process is writing to {run}; wait for it, or stop it") from None
                time.sleep(0.05)
            else:
                return

    def close(self) -> None:
        """Let others write."""
        self._file.close()


def playing(run: Path, chain: str = "") -> bool:
    """Whether a process holds the right to write a chain; the chain "": what is played, the run goes on."""
    try:
        held = os.open(_lock(run, chain), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(held)
    return False


class RunLog:
    """Appends to a run's log. A line is in the kernel's hands when `write` returns, so a killed process loses nothing
    it was answered; a thread forces lines to the disk in groups, so a power cut loses at most 64 lines or 50 ms.
    """

    def __init__(self, run: Path, chain: str = "", patience: float = 0.0):
        self._run, self._chain = run, chain
        self._lock = Lock(run, chain, patience)
        self._writing, self._since = threading.Lock(), 0.0
        self._sealing = address.url(run) is not None
        self.head = self._recover()
        self._file = self._begun()
        self._before: tuple[str, dict[str, Any]] | None = None
        self._written, self._closed = 0, False
        self._due, self._group = threading.Event(), threading.Event()
        self._syncer = threading.Thread(target=self._sync, name="simrun-log", daemon=True)
        self._syncer.start()

    def _begun(self) -> int:
        """A new part of the log. LogError where a file of another log has its name, or there is no room."""
        number = len(segments(self._run, self._chain))
        file = self._run / "log" / ".".join(filter(None, (f"{number:05d}", self._chain, "jsonl")))
        try:
            return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except FileExistsError:
            raise LogError(f"{file} is there already: parts of the log before it are missing, or renamed") from None
        except OSError as error:
            raise files.unwritten(file, error) from error

    def _recover(self) -> str:
        """Cut a torn last line off, drop segments that hold nothing, and find the hash to go on from."""
        for file in segments(self._run, self._chain):
            whole = file.read_bytes().rfind(b"\n") + 1
            if whole == 0:
                file.unlink()
            elif whole < file.stat().st_size:
                os.close(files.appending(file, cut=whole))
        head = FIRST
        for line in _read(self._run, self._chain, None):
            head = line.hash
        return head

    def before(self, kind: str, fields: dict[str, Any]) -> None:
        """A line that is appended before the first one, and not where none follows; later ones are appended at once."""
        if self._written:
            self._append(kind, fields)
        else:
            self._before = kind, fields

    def write(self, kind: str, fields: dict[str, Any]) -> None:
        """Append one line, or leave the log as it was and raise LogError (a full disk)."""
        if self._before is not None:
            self._append(*self._before)
            self._before = None
        self._append(kind, fields)

    def _append(self, kind: str, fields: dict[str, Any]) -> None:
        line = orjson.dumps({"kind": kind, **fields, "prev": self.head}) + b"\n"
        with self._writing:
            self._put(line)
        self.head = chained(line)
        self._written += 1
        if not self._due.is_set():
            self._due.set()
        if self._written % _GROUP == 0:
            self._group.set()

    def _put(self, line: bytes) -> None:
        written, self._since = 0, self._since or time.monotonic()
        try:
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            os.ftruncate(self._file, os.fstat(self._file).st_size - written)
            raise files.NoRoom(
                f"cannot write to the log of {self._run}: {error}; all before is kept: make room, "
                f"then simrun resume {self._run}"
            ) from error

    def _sync(self) -> None:
        while not self._closed:
            self._due.wait(AGE / 10 if self._sealing else None)
            self._due.clear()
            self._group.wait(_WAIT)
            self._group.clear()
            with contextlib.suppress(OSError):  # told at the close, when it is so still
                os.fdatasync(self._file)
            if self._sealing:
                self._seal()

    def _seal(self) -> None:
        """Leave a part that is old or large as it is, and begin the next."""
        with self._writing, contextlib.suppress(LogError):  # no room: the open one goes on
            old = self._since and time.monotonic() - self._since >= AGE
            if old or os.fstat(self._file).st_size >= SIZE:
                following = self._begun()
                with contextlib.suppress(OSError):
                    os.fdatasync(self._file)
                os.close(self._file)
                self._file, self._since = following, 0.0

    def close(self) -> None:
        """Force everything to the disk and let go of the run."""
        if not self._closed:
            self._closed = True
            self._due.set()
            self._group.set()
            self._syncer.join()
            try:
                os.fdatasync(self._file)
            except OSError as error:
                raise files.unwritten(self._run / "log", error) from error
            finally:
                os.close(self._file)
                self._lock.close()
