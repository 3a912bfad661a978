"""A packed file that anybody may have made, unpacked: what it says of itself is checked before anything is read, and
what is read is counted. Names are ours or the file is refused: nothing is written but in the folder that we give."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from simrun.leaderboard.faults import Fault, Refused, stop

PACKED, UNPACKED = 2**32 - 2, 64 * 2**30
"""Bytes of a file, and of all that is in it."""
ENTRIES, DIRECTORY = 4_096, 2**20
"""Files in it, and bytes of the list of them."""
RATIO, SMALL = 200, 2**20
"""How many times larger a file may be than it is packed, from so many bytes on. Logs have two digests a line that
nothing makes smaller: they come to 3 to 30."""
LINE, WHOLE = 2 * 2**20, 32 * 2**20
"""Bytes of a line, and of a file that is read whole."""
DEPTH = 64
"""How deep lists and objects may lie in each other."""
CHUNK = 2**20

_NAME = re.compile(r"(?:submission\.json|\d\d/(?:manifest\.json|plan\.jsonl|log/\d{5}(?:\.w\d{1,4})?\.jsonl))")
_END = struct.Struct("<4s4H2LH")
# a string that does not end is taken to the end: nothing is tried twice, however hostile the line
_STRINGS = re.compile(rb'(?s)"(?:[^"\\]+|\\.?)*"?')


def unpacked(file: Path, room: Path) -> None:
    """Write the files of a submission into a folder. Refused for one that is not as `simrun submit pack` makes it."""
    _check_end(file)
    try:
        with zipfile.ZipFile(file) as packed:
            entries = packed.infolist()
            stop(_listed(entries))
            for entry in entries:
                _write(packed, entry, room / entry.filename)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused(Fault(code="file.unreadable", where="", what=str(error) or type(error).__name__)) from None


def _check_end(file: Path) -> None:
    """The last bytes of a zip file tell how long the list of its files is, which is read whole."""
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):
        raise Refused(Fault(code="file.unreadable", where="", what="it is no plain file"))
    size = file.stat().st_size
    if size > PACKED:
        raise Refused(Fault(code="file.size", where="", what=f"it has {size} bytes, and at most {PACKED} are read"))
    with file.open("rb") as content:
        content.seek(max(0, size - _END.size - 20))
        tail = content.read()
    end = tail[-_END.size :]
    if len(end) < _END.size or not end.startswith(b"PK\x05\x06") or tail[: -_END.size].startswith(b"PK\x06\x07"):
        raise Refused(Fault(code="file.unreadable", where="", what="it does not end as a zip file of ours"))
    _, _, _, _, entries, directory, _, _ = _END.unpack(end)
    if entries > ENTRIES or directory > DIRECTORY:
        what = f"it lists {entries} files in {directory} bytes; at most {ENTRIES} in {DIRECTORY} are read"
        raise Refused(Fault(code="file.entries", where="", what=what))


def _listed(entries: Sequence[zipfile.ZipInfo]) -> Iterator[Fault]:
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        if not _NAME.fullmatch(name):
            yield Fault(code="file.name", where=name[:200], what="a submission has no file of this name")
            continue
        if name.lower() in seen:
            yield Fault(code="file.twice", where=name, what="it is there twice")
        seen.add(name.lower())
        mode = entry.external_attr >> 16
        if (mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)) or entry.is_dir() or entry.external_attr & 0x10:
            yield Fault(code="file.kind", where=name[:200], what="it is a link, a folder or a device, not a plain file")
        if entry.flag_bits & 0x1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            yield Fault(
                code="file.kind", where=name[:200], what="it is encrypted, or packed in another way than deflate"
            )
        if entry.file_size > max(SMALL, RATIO * entry.compress_size):
            what = f"{entry.compress_size} bytes become {entry.file_size}, more than {RATIO} times as many"
            yield Fault(code="file.ratio", where=name[:200], what=what)
    yield from _sizes(entries)


def _sizes(entries: Sequence[zipfile.ZipInfo]) -> Iterator[Fault]:
    if (total := sum(entry.file_size for entry in entries)) > UNPACKED:
        yield Fault(code="file.size", where="", what=f"it unpacks to {total} bytes, and at most {UNPACKED} are read")
    for entry in entries:
        if entry.filename.endswith(".json") and entry.file_size > WHOLE:
            yield Fault(code="file.line", where=entry.filename[:200], what=f"it has more than {WHOLE} bytes")
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for one, other in pairwise(ordered):
        if one.header_offset + one.compress_size > other.header_offset:
            yield Fault(code="file.content", where=other.filename[:200], what="it lies within another file")


def _write(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """One file, in pieces: zipfile reads no more than was announced, and checks its sum at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    length, written, lines = 0, 0, target.suffix == ".jsonl"
    with packed.open(entry) as content, target.open("xb") as out:
        while piece := content.read(CHUNK):
            length, written = _longest(piece, length), written + len(piece)
            if lines and length > LINE:
                what = f"a line has more than {LINE} bytes"
                raise Refused(Fault(code="file.line", where=entry.filename, what=what))
            out.write(piece)
    if written != entry.file_size:
        what = f"it has {written} bytes, and {entry.file_size} were announced"
        raise Refused(Fault(code="file.content", where=entry.filename, what=what))


def _longest(piece: bytes, before: int) -> int:
    """The bytes since the last line end; LINE + 1 where a whole line in between has more."""
    first = piece.find(b"\n")
    if first < 0:
        return before + len(piece)
    if before + first > LINE:
        return LINE + 1
    return len(piece) - piece.rfind(b"\n") - 1  # a line within a piece is shorter than a piece


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
