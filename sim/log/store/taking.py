"""Down from a store: what stands there and not here. It is anybody's: only files that a run has are looked at, by their
names, and no more is read of each than was listed."""

import filecmp
import os
import re
import shutil
import tempfile
import threading
import time
import warnings
from collections.abc import Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import orjson

from simrun.config.errors import ConfigError
from simrun.log import files
from simrun.log.chain import JUDGES, chain_of, chains, is_share, playing, segments
from simrun.log.files import LogError
from simrun.log.store import address
from simrun.log.store.bucket import Bucket, Found, StoreError
from simrun.log.store.ledger import Ledger

MANIFEST = "manifest.json"
NAMES = re.compile(
    r"manifest\.json|plan\.parquet|pace\.jsonl|log/\d{5,6}(\.[A-Za-z0-9_-]{1,40})?\.jsonl|"
    r"report/(transcripts/)?[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,120}\.(json|md|html|svg|csv|js)"
)
"""The files that are taken. Tables are not: they are made again of the log, which may have gone on since."""
AT_ONCE = 8
"""Files."""
TRIES = 5
"""How often a run is looked at that is being written meanwhile."""
_ONE = threading.RLock()
"""One taking at a time in a process: a glance that was given up may still be at it."""


def here(place: str | Path) -> Path:
    """A run's folder on this machine: of a URL, with all that stands there.

    ConfigError for a URL at which there is no run, LogError for what no run would hold, StoreError for a store that
    cannot be reached.
    """
    if not address.is_url(place):
        return Path(place)
    run = address.folder(str(place))
    fetched(run)
    return run


def current(place: str | Path) -> Path:
    """The same, also of a folder: it is about to be gone on with, and others may have sent something since."""
    if not address.is_url(place):
        fetched(Path(place))
    return here(place)


def fetched(run: Path) -> None:
    """Bring down what stands in the store of a run and not in its folder; nothing for a run that is in none."""
    if (url := address.url(run)) is None:
        return
    with _ONE:
        if run.exists():
            files.checked(run)
        bucket, ledger = Bucket(url), Ledger(run)
        for _ in range(TRIES):
            there = _wanted(bucket)
            _taken(run, bucket, ledger, there)
            if bucket.found(MANIFEST) == there[MANIFEST]:
                return  # nobody has closed it meanwhile: what was taken is one state
    raise StoreError(f"{url}: it is being written again and again; try later")


def _wanted(bucket: Bucket) -> Mapping[str, Found]:
    listed = bucket.listed()
    there = {name: found for name, found in listed.items() if NAMES.fullmatch(name)}
    if MANIFEST not in there:
        other = f", and what is there is something else: {', '.join(sorted(listed)[:3])[:200]}" if listed else ""
        raise ConfigError(
            f"{bucket.url} is no run: it has no {MANIFEST}{other}. Give the URL of a run, or `last` with "
            "out=URL (simrun list runs out=URL)"
        )
    if len(there) > files.MOST:
        raise LogError(f"{bucket.url} holds more than {files.MOST} files: that is no run")
    return {**there, MANIFEST: bucket.found(MANIFEST) or there[MANIFEST]}


def _taken(run: Path, bucket: Bucket, ledger: Ledger, there: Mapping[str, Found]) -> None:
    busy = any(playing(run, chain) for chain in {"", *chains(run)})  # a process plays it here: it is ahead
    due = {name: found for name, found in there.items() if not ledger.came(name, found)}
    if busy:
        due = {name: found for name, found in due.items() if not (run / name).exists()}
    _check_room(run, bucket, due)
    placing = threading.Lock()

    def take(name: str) -> None:
        with _fetched(run, bucket, name, due[name]) as came, placing:
            _placed(run, name, came, there)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(take, sorted(due.keys() - {MANIFEST})))
    if MANIFEST in due:
        take(MANIFEST)  # the last: where this breaks off, what was here stands
    if due:
        ledger.note({name: (found, ledger.state(name)) for name, found in due.items()})


def _check_room(run: Path, bucket: Bucket, due: Mapping[str, Found]) -> None:
    size, free = sum(found.size for found in due.values()), shutil.disk_usage(run.parent).free
    if size > free:
        raise files.NoRoom(
            f"{bucket.url} has {size} bytes to be taken down, and {run.parent} room for {free}; make room, or set "
            "XDG_STATE_HOME to a folder on a larger disk"
        )


@contextmanager
def _fetched(run: Path, bucket: Bucket, name: str, found: Found) -> Iterator[Path]:
    """A file out of the store, in a place of its own until it has one."""
    try:
        opened, place = tempfile.mkstemp(prefix=".came-", dir=run.parent)
    except OSError as error:
        raise files.unwritten(run, error) from error
    try:
        with open(opened, "wb") as out:
            for piece in bucket.read(name, found.size):
                out.write(piece)
        yield Path(place)
    except OSError as error:
        raise files.unwritten(run / name, error) from error
    finally:
        Path(place).unlink(missing_ok=True)


def _placed(run: Path, name: str, came: Path, there: Container[str]) -> None:
    """Put it where it belongs; what of the log here was overtaken by another machine is laid aside, and not lost."""
    target = run / name
    if target.exists() and filecmp.cmp(came, target, shallow=False):
        return
    if target.exists() and name.startswith("log/"):
        chain = chain_of(target)
        _aside(run, [file for file in segments(run, chain) if file.name >= target.name])
    if target.exists() and name == MANIFEST:
        _aside(run, _overtaken(run, came, there))
    files.folder(target.parent)
    came.chmod(0o644)
    if name.startswith("report/"):
        os.utime(came, (0, 0))  # older than any table: a page is a program, and `view` opens none that it has not made
    os.replace(came, target)


def _overtaken(run: Path, manifest: Path, there: Container[str]) -> list[Path]:
    """Parts that were never sent, where another machine has closed the run since: it did not see them, and what it
    played follows on what it saw. Those of given blocks may stand beside it, while the run is not complete."""
    try:
        complete = orjson.loads(manifest.read_bytes()).get("complete", False)
    except (ValueError, AttributeError):
        return []  # it is told when it is read
    unsent = [file for file in segments(run) if f"log/{file.name}" not in there]
    return [file for file in unsent if chain_of(file) != JUDGES and (complete or not is_share(chain_of(file)))]


def _aside(run: Path, overtaken: list[Path]) -> None:
    if not overtaken:
        return
    place = run.parent / "aside" / f"{run.name}-{time.time_ns()}"
    files.folder(place)
    for file in overtaken:
        os.replace(file, place / file.name)
    warnings.warn(
        f"{address.told(run)} was gone on with by another machine, which had not been sent {len(overtaken)} parts of "
        f"the log that were written here: they are kept in {place}, and do not count",
        stacklevel=2,
    )
