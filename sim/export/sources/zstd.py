"""Files in a zip file that are packed with zstd, which Python's own library reads from 3.14 on: DuckDB unpacks them."""

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from simrun.log.archive import Flaw, Unfit

if TYPE_CHECKING:
    import duckdb

_LOCAL = struct.Struct("<4s5H3L2H")
LEAST = 2**24
"""Bytes that DuckDB reads at once, whatever it is told."""


class Zstd:
    """One zip file, and a folder of our own in which its files are laid one at a time."""

    def __init__(self, file: Path, folder: Path):
        self._file, self._place = file, folder / "packed.json.zst"

    @cached_property
    def _connection(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        return duckdb.connect(config={"threads": 1})

    def read(self, entry: zipfile.ZipInfo) -> bytes:
        """One JSON object. Unfit where it is none, is not as long as announced, or not with that sum."""
        import duckdb

        self._place.write_bytes(_packed(self._file, entry))
        try:
            found = self._connection.execute(
                "SELECT json FROM read_json_objects($1, format='unstructured', compression='zstd', "
                f"maximum_object_size={max(entry.file_size, LEAST)})",
                [str(self._place)],
            ).fetchmany(2)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise Unfit(Flaw("file.content", entry.filename, f"cannot be unpacked: {str(error)[:200]}")) from None
        text = str(found[0][0]).encode() if len(found) == 1 else b""
        if len(text) != entry.file_size or zlib.crc32(text) != entry.CRC:
            raise Unfit(Flaw("file.content", entry.filename, "it is not the one object that was announced"))
        return text

    def close(self) -> None:
        """Let go of what was opened."""
        if "_connection" in vars(self):
            self._connection.close()


@contextmanager
def unpacking(file: Path) -> Iterator[Zstd]:
    """The files of a zip file, unpacked one by one; nothing is left of them."""
    with tempfile.TemporaryDirectory(prefix="simrun-") as folder:
        told = Zstd(file, Path(folder))
        try:
            yield told
        finally:
            told.close()


def _packed(file: Path, entry: zipfile.ZipInfo) -> bytes:
    """The bytes as they stand in the file, behind the name and what else comes before them."""
    with file.open("rb") as content:
        content.seek(entry.header_offset)
        head = content.read(_LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
            raise Unfit(Flaw("file.content", entry.filename, "its place in the file holds no file"))
        *_, name, extra = _LOCAL.unpack(head)
        content.seek(name + extra, 1)
        return content.read(entry.compress_size)
