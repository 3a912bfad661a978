"""Up to a store: parts of the log as they are sealed; at the end the rest of it, then the manifest, tables, report.

What stands there is a whole state at any time: a part goes up in one piece and is never written again, and the manifest
names no end of a chain that is not there already.
"""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from simrun.log import files
from simrun.log.chain import chains, playing, segments
from simrun.log.store import address
from simrun.log.store.bucket import Bucket, StoreError, Taken
from simrun.log.store.ledger import Ledger
from simrun.log.store.taking import MANIFEST

EVERY = 5.0
"""Seconds between two looks for what has been sealed."""
WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before what could not be sent at the end is tried again: a minute in all."""
BESIDE = ("plan.parquet", "pace.jsonl")
DERIVED = ("sealed", "report")


class Unsent(files.NoRoom):
    """What could not be sent to a store: it is kept here."""


class Sender:
    """Sends what a run's folder has and its store has not."""

    def __init__(self, run: Path, url: str, chain: str | None = None):
        """Of one chain alone, and nothing else, where it is told."""
        self._run, self._url, self._chain = run, url, chain
        self.bucket, self._ledger = Bucket(url), Ledger(run)
        self._heads: Any = None

    def parts(self) -> None:
        """The sealed parts of the log. Taken where another process has written one of their names."""
        for file in sealed(self._run, self._chain):
            name = f"log/{file.name}"
            state = self._ledger.state(name)
            if not self._ledger.went(name) and (content := _whole(file)):
                if not self.bucket.create(name, content) and not self._same(name, content):
                    raise Taken(
                        f"{self._url}: {name} was written by another process, which plays the same; one must stop. "
                        f"What was played here is kept in {self._run}; simrun resume {self._url} goes on with what "
                        "stands there"
                    )
                self._noted(name, state)

    def manifest(self, playing: bool = False) -> None:
        """The manifest, where it is another than was sent. Taken where another process has written it meanwhile.

        While a run is `playing` only as long as it names the ends of chains that were there when that began.
        """
        state = self._ledger.state(MANIFEST)
        if self._chain is not None or self._ledger.went(MANIFEST):
            return
        content = (self._run / MANIFEST).read_bytes()
        if playing and _heads(content) != self._heads:
            return
        there = self.bucket.found(MANIFEST)
        if there and not self._ledger.came(MANIFEST, there):
            raise Taken(
                f"{self._url}: another process has written to this run since it was taken down here; what was played "
                f"here is kept in {self._run}; simrun resume {self._url} goes on with what stands there"
            )
        self.bucket.put(MANIFEST, content)
        self._noted(MANIFEST, state)

    def all(self) -> None:
        """All that stands still, in an order in which what stands there is whole after each."""
        self.parts()
        if self._chain is not None:
            return
        for name in BESIDE:
            self._put(name)
        if any(playing(self._run, chain) for chain in {"", *chains(self._run)}):
            raise StoreError(f"{self._url}: another process of this machine plays this run, and has not ended")
        self.manifest()
        for name in self._derived():
            self._put(name)

    def begin(self) -> None:
        """What was not sent before, and of a new run what there is of it; StoreError where nothing can be written."""
        self.bucket.writable()
        self.parts()
        if self._chain is None:
            self._put("plan.parquet")
            self.manifest()
            self._heads = _heads((self._run / MANIFEST).read_bytes())

    def _derived(self) -> Iterator[str]:
        for folder in DERIVED:
            there = (self._run / folder).rglob("*")
            yield from sorted(
                str(each.relative_to(self._run)) for each in there if each.is_file() and each.name[0] != "."
            )

    def _put(self, name: str) -> None:
        state = self._ledger.state(name)  # before it is read: it may be another one afterwards
        if state and not self._ledger.went(name):
            self.bucket.put(name, self._run / name)
            self._noted(name, state)

    def _noted(self, name: str, state: str) -> None:
        if there := self.bucket.found(name):
            self._ledger.note({name: (there, state)})

    def _same(self, name: str, content: bytes) -> bool:
        there = self.bucket.found(name)
        same = there is not None and there.size == len(content)
        return same and b"".join(self.bucket.read(name, len(content))) == content


def sealed(run: Path, only: str | None = None) -> Iterator[Path]:
    """The parts of a log to which nothing is added any more: all but the last of each chain, and that too where no
    process writes it."""
    for chain in sorted(chains(run) if only is None else {only}):
        parts = segments(run, chain)
        yield from parts[:-1] if playing(run, chain) else parts


def _heads(manifest: bytes) -> Any:
    return orjson.loads(manifest).get("heads")


def _whole(part: Path) -> bytes:
    """Its whole lines: what a kill has torn is cut off when the run is gone on with."""
    content = part.read_bytes()
    return content[: content.rfind(b"\n") + 1]


class Sending:
    """Sends while a run is played; does nothing for a run that is kept here alone. For a process that plays given
    blocks, its own chain alone."""

    def __init__(self, run: Path, stop: Callable[[str], None], chain: str | None = None):
        """`stop` is told why playing on is in vain, in a thread of its own: another process plays the same. ConfigError
        where a package is missing."""
        url = address.url(run)
        self._stop = stop
        self._run, self._chain = run, chain
        self._sender = Sender(run, url, chain) if url else None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """StoreError, before anything is played, where nothing can be written to the store."""
        if self._sender:
            self._sender.begin()
            self._thread = threading.Thread(target=self._send, name="simrun-sending", daemon=True)
            self._thread.start()

    def _send(self) -> None:
        assert self._sender
        while not self._over.wait(EVERY):
            try:
                # a line that says who plays must not stand there before the manifest that says it too
                self._sender.manifest(playing=True)
                self._sender.parts()
            except Taken as error:
                self._stop(str(error))
            except files.LogError:
                continue  # it is kept here, tried again, and told at the end

    def end(self) -> None:
        """The log is closed: send the rest of it. Of given blocks it is all there is to do: Unsent where it cannot be
        sent."""
        if self._sender is None or self._thread is None:
            return
        self._over.set()
        self._thread.join()
        if self._chain is not None:
            _patiently(self._run, self._sender.all)
        else:
            try:
                self._sender.all()
            except StoreError:
                return  # tables and report are made first; then it is tried again, and told


def sent(run: Path) -> None:
    """Send what there is of a run that is over for now; nothing for a run that is kept here alone. Unsent where that
    cannot be."""
    if url := address.url(run):
        _patiently(run, Sender(run, url).all)


def _patiently(run: Path, send: Callable[[], None]) -> None:
    for wait in (*WAITS, None):
        try:
            return send()
        except Taken:
            raise
        except StoreError as error:
            if wait is None:
                raise Unsent(
                    f"{error}. Not all of the run was sent, and nothing is lost: it is kept in {run}; the same "
                    f"command, or simrun resume {address.told(run)}, sends the rest from this machine"
                ) from error
            time.sleep(wait)
    return None


def dropped(run: Path) -> None:
    """A run in which nothing was played is let go of in its store too, as far as that is permitted."""
    if url := address.url(run):
        Bucket(url).remove(MANIFEST, "plan.parquet")
