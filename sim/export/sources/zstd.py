"""Files in a zip file that are packed with zstd, which Python's own library reads from 3.14 on: DuckDB unpacks them."""

import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

from simrun.log.archive import Flaw, Unfit

_LOCAL = struct.Struct("<4s5H3L2H")
LEAST = 2**24
"""Bytes that DuckDB reads at once, whatever it is told."""


def unpacked(file: Path, entry: zipfile.ZipInfo) -> bytes:
    """One JSON object out of a zip file. Unfit where it is none, is not as long as announced, or not with that sum."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="simrun-") as folder, duckdb.connect(config={"threads": 1}) as connection:
        place = Path(folder) / "packed.json.zst"
        place.write_bytes(_packed(file, entry))
        try:
            found = connection.execute(
                "SELECT json FROM read_json_objects($1, format='unstructured', compression='zstd', "
                f"maximum_object_size={max(entry.file_size, LEAST)})",
                [str(place)],
            ).fetchmany(2)
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise Unfit(Flaw("file.content", entry.filename, f"cannot be unpacked: {str(error)[:200]}")) from None
    text = str(found[0][0]).encode() if len(found) == 1 else b""
    if len(text) != entry.file_size or zlib.crc32(text) != entry.CRC:
        raise Unfit(Flaw("file.content", entry.filename, "it is not the one object that was announced"))
    return text


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
