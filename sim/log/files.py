"""The files of a run's folder: looked at before they are used, written in one step, and never through a link."""

import os
import re
import secrets
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp


class LogError(Exception):
    """A log that is not as it was written, or that another process is writing, or a folder that is no run's."""


class NoRoom(LogError):
    """What could not be written: the disk is full, or the folder is not ours. What was written before is kept."""


_NETWORKED = re.compile(
    r"nfs\d?|cifs|smb\d?|lustre|gpfs|beegfs\w*|ceph|glusterfs|panfs|orangefs|pvfs2|afs|9p|virtiofs|"
    r"fuse\.(sshfs|ceph\S*|gluster\S*|lustre\S*|s3fs|gcsfuse|juicefs|weka\S*|mount-s3)|wekafs"
)
MOUNTS = Path("/proc/self/mounts")
MOST = 100_000
"""Entries of a run's folder."""
KINDS = (".json", ".jsonl", ".md", ".svg", ".html", ".js", ".csv", ".parquet")
"""How the names of its files end."""


def networked(folder: Path, mounts: Path = MOUNTS) -> str:
    """Of which kind a folder's file system is, where other machines write to it too; "" where none do, or it is not
    known. `mounts` are the mounted ones, in the form of fstab(5)."""
    if not mounts.is_file():
        return ""
    found = "", ""
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        _, at, kind, *_ = [*line.split(" "), "", "", ""]
        at = at.replace("\\040", " ")
        if len(at) >= len(found[0]) and folder.resolve().is_relative_to(at or "/nowhere"):
            found = at, kind
    return found[1] if _NETWORKED.fullmatch(found[1]) else ""


def checked(run: Path) -> None:
    """LogError for a folder that holds anything but folders and plain files: a link would have us read or write
    elsewhere, a pipe would have us wait."""
    for count, entry in enumerate(_entries(run)):
        if count == MOST:
            raise LogError(f"{run} holds more than {MOST} files: that is no run")
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode) and entry.name.endswith(KINDS):
            raise LogError(f"{entry.path} is a folder where a run has a file; remove it")
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            kind = "a link" if stat.S_ISLNK(mode) else "neither a file nor a folder"
            raise LogError(f"{entry.path} is {kind}, and a run's folder holds plain files alone; remove it")


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [os.fspath(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as found:
            for entry in found:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def appending(file: Path, cut: int | None = None, mode: int = 0o666) -> int:
    """A descriptor that writes at the end of a file, cut to so many bytes where told, made where it is not there.

    LogError for a link, soft or hard. Bytes that are added to a file of two names would stand elsewhere too.
    """
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK, mode)
    except OSError as error:
        raise unwritten(file, error) from error
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(opened)
        raise LogError(f"{file} is no plain file, or is a second name of one that lies elsewhere; copy the run (cp -r)")
    if cut is not None:
        os.ftruncate(opened, cut)
    return opened


def kept_secret(file: Path, text: str) -> None:
    """A new file that nobody else may read. OSError where there is one, or none can be made."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(opened, "w", encoding="utf-8") as out:
        out.write(text)


def replace(file: Path, data: bytes) -> None:
    """Write a file in one step: a kill or a full disk leaves the old one. What had its name, a link too, is let go."""
    with draft(file) as beside:
        opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        with open(opened, "wb") as out:
            out.write(data)


@contextmanager
def draft(file: Path) -> Iterator[Path]:
    """A name beside a file that nobody can have taken before; what is written there becomes the file at the end.

    LogError where it cannot be written; nothing is left of it then.
    """
    beside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        yield beside
        os.replace(beside, file)
    except OSError as error:
        raise unwritten(file, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


@contextmanager
def scratch(run: Path) -> Iterator[Path]:
    """A folder of our own in a run's, gone afterwards."""
    try:
        place = Path(mkdtemp(prefix=".again-", dir=run))
    except OSError as error:
        raise unwritten(run, error) from error
    try:
        yield place
    finally:
        rmtree(place, ignore_errors=True)


def folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder where there is none. LogError where that cannot be."""
    try:
        path.mkdir(mode, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(path, error) from error


def cleared(path: Path, ends: str, kept: Collection[str]) -> None:
    """Remove from a folder, where there is one, the files whose names end so but for those that are kept, and the
    folder where nothing is left. LogError where that cannot be."""
    try:
        for old in path.glob(f"*{ends}"):
            if old.name not in kept:
                old.unlink()
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    except OSError as error:
        raise unwritten(path, error) from error


def unwritten(file: Path, error: OSError) -> NoRoom:
    """What cannot be written, why, and how to go on."""
    return NoRoom(
        f"cannot write {file}: {error.strerror or error}; make room, or give the right to write there: what was played "
        "before is kept, and simrun resume goes on with it"
    )
