"""Logs of Inspect as somebody else would send them: small, and hostile ones."""

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import orjson

HEAD: dict[str, Any] = {"version": 2, "status": "success", "eval": {"model": "mock/one", "task": "yes-or-no"}}


def sample(case: str, arm: str, value: Any, epoch: int = 1, **more: Any) -> dict[str, Any]:
    said = [{"role": "user", "content": f"Is {arm} right?"}, {"role": "assistant", "content": "yes"}]
    told = {"id": f"{case}-{arm}", "epoch": epoch, "messages": said, "metadata": {"arm": arm, "pair": case}}
    return told | {"scores": {"right": {"value": value}}} | more


def log(file: Path, samples: Sequence[dict[str, Any]], head: Any = HEAD, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(file, "w", method) as packed:
        for each in samples:
            packed.writestr(f"samples/{each['id']}_epoch_{each['epoch']}.json", orjson.dumps(each))
        packed.writestr("header.json", orjson.dumps(head))
    return file


def files(file: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries:
            packed.writestr(name, content)
    return file


def zstd(file: Path, samples: Sequence[dict[str, Any]], head: Any = HEAD) -> Path:
    """The same as Inspect itself packs it: what DuckDB has packed, put into a zip file by hand."""
    told = {f"samples/{each['id']}_epoch_{each['epoch']}.json": orjson.dumps(each) for each in samples}
    told["header.json"] = orjson.dumps(head)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        for name, content in told.items():
            packed.writestr(name, _packed(file.with_suffix(".zst"), content))
        entries = packed.infolist()
    data = bytearray(file.read_bytes())
    at = data.index(b"PK\x01\x02")
    for entry, content in zip(entries, told.values(), strict=True):
        size, total = struct.pack("<L", len(content)), struct.pack("<L", zipfile.crc32(content))
        for method, sums in ((entry.header_offset + 8, entry.header_offset + 14), (at + 10, at + 16)):
            data[method : method + 2] = struct.pack("<H", 93)
            data[sums : sums + 4], data[sums + 8 : sums + 12] = total, size
        at = data.find(b"PK\x01\x02", at + 1)
    file.write_bytes(data)
    return file


def _packed(place: Path, content: bytes) -> bytes:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE told AS SELECT $1 AS told", [content.decode()])
        connection.execute(
            f"COPY told TO '{place}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01', "
            "COMPRESSION zstd)"
        )
    packed = place.read_bytes()
    place.unlink()
    return packed
