"""Who plays what, where several processes play one run: blocks of pairs in a SQLite file, leased one by one."""

import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from simrun.plan.design import Plan
from simrun.stage.trial import Trial

FILE = "leases.sqlite"
PAIRS = 8
"""Pairs (all arms of a case and a repeat) in a block: arms of a pair stay together, and the
last blocks end nearly at the same time."""
_WAIT = 60.0
"""Seconds that a process waits for another's transaction."""


class Leases:
    """The table of leases of one run; each process opens its own."""

    def __init__(self, run: Path):
        self._file = sqlite3.connect(run / FILE, timeout=_WAIT, isolation_level=None)

    @classmethod
    def new(cls, run: Path, blocks: int) -> "Leases":
        """All blocks free, whatever an earlier session had leased: what is done the log knows."""
        for beside in ("", "-journal", "-wal", "-shm"):  # what lies beside a new table would be played into it
            (run / f"{FILE}{beside}").unlink(missing_ok=True)
        leases = cls(run)
        # a power cut ends the session, and the next one begins a new table
        leases._file.execute("PRAGMA synchronous = OFF")
        leases._file.execute(
            "CREATE TABLE lease (block INTEGER PRIMARY KEY, worker TEXT, returned INTEGER NOT NULL DEFAULT 0)"
        )
        leases._file.executemany("INSERT INTO lease (block) VALUES (?)", ((block,) for block in range(blocks)))
        return leases

    def take(self, worker: str) -> tuple[int, bool] | None:
        """The next free block, and whether another worker had begun it; None when there is none left."""
        self._file.execute("BEGIN IMMEDIATE")
        found = self._file.execute(
            "SELECT block, returned FROM lease WHERE worker IS NULL ORDER BY block LIMIT 1"
        ).fetchone()
        if found:
            self._file.execute("UPDATE lease SET worker = ? WHERE block = ?", (worker, found[0]))
        self._file.execute("COMMIT")
        return (found[0], bool(found[1])) if found else None

    def give_back(self, worker: str) -> int:
        """A worker died: free all that it had leased, and say how many blocks.

        What it finished of them the log knows.
        """
        return self._file.execute("UPDATE lease SET worker = NULL, returned = 1 WHERE worker = ?", (worker,)).rowcount

    def close(self) -> None:
        """Close this process's connection."""
        self._file.close()


class Blocks:
    """The trials of a plan by blocks, in playing order."""

    def __init__(self, plan: Plan):
        self._plan, self._next = plan, 0
        self._left = self._blocks()

    def _blocks(self) -> Iterator[list[Trial]]:
        pairs = groupby(self._plan.trials(), key=lambda trial: (trial.case, trial.repeat))
        numbered = groupby(
            ((number, list(trials)) for number, (_, trials) in enumerate(pairs)), key=lambda pair: pair[0] // PAIRS
        )
        for _, block in numbered:
            yield [trial for _, trials in block for trial in trials]

    def __iter__(self) -> Iterator[list[Trial]]:
        """All of them, in order."""
        return self._blocks()

    def get(self, block: int) -> list[Trial]:
        """The trials of a block; cheap for blocks in rising order."""
        if block < self._next:
            self._left, self._next = self._blocks(), 0
        while self._next < block:
            next(self._left)
            self._next += 1
        self._next += 1
        return next(self._left)

    def count(self) -> int:
        """How many blocks there are."""
        return sum(1 for _ in self._blocks())
