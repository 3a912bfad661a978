"""Who plays what, where several processes play one run: blocks in a SQLite file, leased one by one."""

import sqlite3
from pathlib import Path

FILE = "leases.sqlite"
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
