"""A packed submission, unpacked: names are ours or the file is refused, and nothing is written but in the folder that
we give."""

import re
import zipfile
from pathlib import Path

from simrun.leaderboard.faults import Fault, Refused
from simrun.log.archive import Limits, Unfit, opened, pieces

ENTRIES = 4_096
"""Files in it."""
LINE, WHOLE = 2 * 2**20, 32 * 2**20
"""Bytes of a line, and of a file that is read whole."""
LIMITS = Limits(
    names=re.compile(
        r"(?:submission\.json|\d\d/(?:manifest\.json|plan\.jsonl|log/\d{5}(?:\.(?:w\d{1,4}|b\d{6}-\d{6}))?\.jsonl))"
    ),
    kind="a submission",
    entries=ENTRIES,
    directory=2**20,
    unpacked=64 * 2**30,
    ratio=200,  # logs have two digests a line that nothing makes smaller: they come to 3 to 30
    whole=WHOLE,
)


def unpacked(file: Path, room: Path) -> None:
    """Write the files of a submission into a folder. Refused for one that is not as `simrun submit pack` makes it."""
    try:
        with opened(file, LIMITS) as packed:
            for entry in packed.infolist():
                _write(packed, entry, room / entry.filename)
    except Unfit as error:
        raise Refused(*(Fault(code=each.code, where=each.where, what=each.what) for each in error.flaws)) from None


def _write(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    length, lines = 0, target.suffix == ".jsonl"
    with target.open("xb") as out:
        for piece in pieces(packed, entry):
            length = _longest(piece, length)
            if lines and length > LINE:
                what = f"a line has more than {LINE} bytes"
                raise Refused(Fault(code="file.line", where=entry.filename, what=what))
            out.write(piece)


def _longest(piece: bytes, before: int) -> int:
    """The bytes since the last line end; LINE + 1 where a whole line in between has more."""
    first = piece.find(b"\n")
    if first < 0:
        return before + len(piece)
    if before + first > LINE:
        return LINE + 1
    return len(piece) - piece.rfind(b"\n") - 1  # a line within a piece is shorter than a piece
