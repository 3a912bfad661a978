"""Which files of a run were the same here and in its store, when that was last known."""

import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from simrun.log import files
from simrun.log.store.bucket import Found


class Ledger:
    """A list beside the run's working folder, a line each time: of files, what they were there, and their size and time
    here. Lines are only added, so that processes of this machine may share it; the last one of a file counts."""

    def __init__(self, run: Path):
        self._run, self._file = run, run.parent / "synced" / f"{run.name}.jsonl"
        self._told: dict[str, tuple[str, str]] = {}
        for line in self._file.read_bytes().splitlines() if self._file.is_file() else ():
            try:
                self._told |= {name: (there, here) for name, (there, here) in orjson.loads(line).items()}
            except (ValueError, TypeError, AttributeError):
                continue  # torn: those files are compared again

    def note(self, same: Mapping[str, tuple[Found, str]]) -> None:
        """These files are the same now; of each what it is there, and its `state` here when it was read or written."""
        told = {name: (there.mark, state) for name, (there, state) in same.items()}
        self._told |= told
        files.folder(self._file.parent)
        opened = files.appending(self._file, mode=0o600)
        try:
            os.write(opened, b"\n" + orjson.dumps(told) + b"\n")
        except OSError as error:
            raise files.unwritten(self._file, error) from error
        finally:
            os.close(opened)

    def state(self, name: str) -> str:
        """What tells one state of the file here from another; "" where there is none."""
        try:
            found = (self._run / name).stat()
        except OSError:
            return ""
        return f"{found.st_size} {found.st_mtime_ns}"

    def came(self, name: str, there: Found) -> bool:
        """Whether what stands there now was once the same as the file here."""
        return self._told.get(name, ("", ""))[0] == there.mark and (self._run / name).exists()

    def went(self, name: str) -> bool:
        """Whether the file that is here now was once the same as what stood there."""
        return self._told.get(name, ("", ""))[1] == self.state(name)
