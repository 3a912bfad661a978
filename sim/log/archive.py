"""A zip file that anybody may have made, read: what it says of itself is checked before anything is read, and what is
read is counted. Nothing of it is executed, and nothing is written where it says."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from simrun.log.files import LogError

PACKED = 2**32 - 2
"""Bytes of a file."""
SMALL = 2**20
"""Bytes that a packed file may come to however few it has."""
CHUNK = 2**20
DEPTH = 64
"""How deep lists and objects may lie in each other."""
ZSTD = 93
"""How Inspect packs: zipfile knows it from Python 3.14 on."""

_END = struct.Struct("<4s4H2LH")
# a string that does not end is taken to the end: nothing is tried twice, however hostile the line
_STRINGS = re.compile(rb'(?s)"(?:[^"\\]+|\\.?)*"?')


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a file of one kind may hold."""

    names: re.Pattern[str]
    """The names that its files have."""
    kind: str
    """What it is, in words: `a submission`."""
    entries: int
    """Files in it."""
    directory: int
    """Bytes of the list of them."""
    unpacked: int
    """Bytes of all together."""
    ratio: int
    """How many times larger a file may be than it is packed, from SMALL on."""
    whole: int
    """Bytes of a file that is read whole."""
    methods: tuple[int, ...] = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Flaw(NamedTuple):
    """One thing that is wrong with it."""

    code: str
    """file.unreadable, .size, .entries, .name, .twice, .kind, .ratio, .content, .line"""
    where: str
    """The file in it; "" for the whole."""
    what: str


class Unfit(LogError):
    """A file that is not read further."""

    def __init__(self, *flaws: Flaw):
        super().__init__("; ".join(f"{each.where}: {each.what}" if each.where else each.what for each in flaws[:3]))
        self.flaws = flaws


@contextmanager
def opened(file: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """The file, whose list of files is as the limits have it. Unfit where it is not, and for what cannot be read of it
    meanwhile; OSError where there is no such file."""
    _check_end(file, limits)
    try:
        with zipfile.ZipFile(file) as packed:
            if flaws := (*_listed(packed.infolist(), limits), *_sizes(packed.infolist(), limits)):
                raise Unfit(*flaws)
            yield packed
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unfit(Flaw("file.unreadable", "", str(error) or type(error).__name__)) from None


def pieces(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """One file in pieces: zipfile reads no more than was announced, and checks its sum at the end."""
    read = 0
    with packed.open(entry) as content:
        while piece := content.read(CHUNK):
            read += len(piece)
            yield piece
    if read != entry.file_size:
        what = f"it has {read} bytes, and {entry.file_size} were announced"
        raise Unfit(Flaw("file.content", entry.filename, what))


def _check_end(file: Path, limits: Limits) -> None:
    """The last bytes of a zip file tell how long the list of its files is, which is read whole."""
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise Unfit(Flaw("file.unreadable", "", "it is no plain file"))
    if found.st_size > PACKED:
        raise Unfit(Flaw("file.size", "", f"it has {found.st_size} bytes, and at most {PACKED} are read"))
    with file.open("rb") as content:
        content.seek(max(0, found.st_size - _END.size - 20))
        tail = content.read()
    end = tail[-_END.size :]
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06") or tail[: -_END.size].startswith(b"PK\x06\x07"):
        raise Unfit(Flaw("file.unreadable", "", f"it does not end as the zip file of {limits.kind}"))
    _, _, _, _, entries, directory, _, _ = _END.unpack(end)
    if entries > limits.entries or directory > limits.directory:
        what = f"it lists {entries} files in {directory} bytes; at most {limits.entries} in {limits.directory} are read"
        raise Unfit(Flaw("file.entries", "", what))


def _listed(entries: Sequence[zipfile.ZipInfo], limits: Limits) -> Iterator[Flaw]:
    seen: set[str] = set()
    for entry in entries:
        name, where = entry.orig_filename, entry.orig_filename[:200]
        if not limits.names.fullmatch(name):
            yield Flaw("file.name", where, f"{limits.kind} has no file of this name")
            continue
        if name.lower() in seen:
            yield Flaw("file.twice", where, "it is there twice")
        seen.add(name.lower())
        mode = entry.external_attr >> 16
        if (mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)) or entry.is_dir() or entry.external_attr & 0x10:
            yield Flaw("file.kind", where, "it is a link, a folder or a device, not a plain file")
        if entry.flag_bits & 0x1 or entry.compress_type not in limits.methods:
            yield Flaw("file.kind", where, f"it is encrypted, or packed in another way (method {entry.compress_type})")
        if entry.file_size > max(SMALL, limits.ratio * entry.compress_size):
            what = f"{entry.compress_size} bytes become {entry.file_size}, more than {limits.ratio} times as many"
            yield Flaw("file.ratio", where, what)


def _sizes(entries: Sequence[zipfile.ZipInfo], limits: Limits) -> Iterator[Flaw]:
    if (total := sum(entry.file_size for entry in entries)) > limits.unpacked:
        yield Flaw("file.size", "", f"it unpacks to {total} bytes, and at most {limits.unpacked} are read")
    for entry in entries:
        if entry.filename.endswith(".json") and entry.file_size > limits.whole:
            yield Flaw("file.line", entry.filename[:200], f"it has more than {limits.whole} bytes")
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for one, other in pairwise(ordered):
        if one.header_offset + one.compress_size > other.header_offset:
            yield Flaw("file.content", other.filename[:200], "it lies within another file")


def deep(line: bytes) -> bool:
    """Whether lists and objects lie deeper in each other than DEPTH."""
    if line.count(b"{") + line.count(b"[") <= DEPTH:
        return False
    depth = 0
    for mark in re.findall(rb"[\[\]{}]", _STRINGS.sub(b"", line)):
        depth += 1 if mark in b"[{" else -1
        if depth > DEPTH:
            return True
    return False
