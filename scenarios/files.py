"""Rows of a data file, whatever its kind: JSON lines, a JSON list or CSV; a broken row is a Fault, not a crash."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol, TypeVar

import orjson
from pydantic import ValidationError

from simrun.agents.records import Record
from simrun.scenarios.base import Fault

R = TypeVar("R", bound=Record)
KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")


class Source(Protocol):
    """A file on disk, or one that ships with the package."""

    @property
    def name(self) -> str:
        """Its name, without the folder."""
        ...

    def is_file(self) -> bool:
        """Whether it is there."""
        ...

    def read_bytes(self) -> bytes:
        """All of it."""
        ...


def source(path: str, own: str, option: str) -> Source:
    """The file at `path`, or our own where it is "" (`package/name`: in the package's data folder).

    FileNotFoundError names the option that asked for it.
    """
    package, _, name = own.partition("/")
    ours: Source = files(f"simrun.scenarios.{package}") / "data" / name if own else Path()
    found: Source = Path(path).expanduser() if path else ours
    if not found.is_file():
        raise FileNotFoundError(
            f"{option}: no file {path!r}; give the path of a file, or leave it out for simrun's own"
        )
    return found


def rows(file: Source) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    """The rows of a file with the numbers of their lines (of their places in a JSON list), each a mapping or what is
    wrong with it.

    Raises ValueError for a kind of file that cannot be read.
    """
    ending = Path(file.name).suffix.lower()
    if ending not in KINDS:
        raise ValueError(f"{file}: a file that ends in {ending!r} cannot be read; it may end in {', '.join(KINDS)}")
    text = file.read_bytes()
    if ending in (".csv", ".tsv"):
        yield from _table(file, text, "\t" if ending == ".tsv" else ",")
    elif ending == ".json":
        for number, row in enumerate(_list(file, text), 1):
            yield number, _mapping(file, number, row)
    else:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield number, _line(file, number, line)


def read(file: Source, make: Callable[[dict[str, Any], int], R]) -> tuple[tuple[R, ...], tuple[Fault, ...]]:
    """A record of each row, and the rows that are none; ValueError when not one is."""
    found: list[R] = []
    faults: list[Fault] = []
    for number, row in rows(file):
        made = row if isinstance(row, Fault) else _made(make, row, file, number)
        if isinstance(made, Fault):
            faults.append(made)
        else:
            found.append(made)
    if not found:
        raise ValueError(f"{file} holds nothing that could be read" + (f"; first fault: {faults[0]}" if faults else ""))
    return tuple(found), tuple(faults)


def _made(make: Callable[[dict[str, Any], int], R], row: dict[str, Any], file: Source, number: int) -> R | Fault:
    try:
        return make(row, number)
    except ValidationError as error:
        first = error.errors()[0]
        where, why = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        field, why = (where, why) if where else _named(why)
    except KeyError as error:
        field, why = str(error.args[0]), f"missing; this row has {', '.join(row) or 'nothing'}"
    except (TypeError, ValueError, AttributeError) as error:
        field, why = _named(str(error))
    return Fault(file=str(file), line=number, field=field, why=why)


def _named(message: str) -> tuple[str, str]:
    """A message of ours names its field first, before a colon."""
    field, colon, why = message.partition(": ")
    return (field, why) if colon and " " not in field else ("-", message)


def _line(file: Source, number: int, line: bytes) -> dict[str, Any] | Fault:
    try:
        return _mapping(file, number, orjson.loads(line))
    except orjson.JSONDecodeError as error:
        return Fault(file=str(file), line=number, field="-", why=f"not JSON ({error})")


def _mapping(file: Source, number: int, row: Any) -> dict[str, Any] | Fault:
    if isinstance(row, dict):
        return row
    return Fault(file=str(file), line=number, field="-", why=f"expected a JSON object, got {type(row).__name__}")


def _list(file: Source, text: bytes) -> list[Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(
            f"{file}: not JSON ({error}); objects line by line belong in a file that ends in .jsonl"
        ) from None
    if not isinstance(found, list):
        raise ValueError(f"{file}: expected a list of objects, got {type(found).__name__}")
    return found


def _table(file: Source, text: bytes, between: str) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    lines = text.decode("utf-8-sig").splitlines(keepends=True)
    head = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    table = csv.DictReader(io.StringIO("".join(lines[head:]), newline=""), delimiter=between)
    for row in table:
        number = head + table.line_num
        if None in row or None in row.values():
            why = f"the header has {len(table.fieldnames or ())} columns, this row has more or fewer"
            yield number, Fault(file=str(file), line=number, field="-", why=why)
        else:
            yield number, row


def require(columns: Mapping[str, str], there: Mapping[str, Any], file: Source) -> None:
    """ValueError that lists a file's columns, when one that is mapped is not among them."""
    if missing := [f"{field}={column}" for field, column in columns.items() if column not in there]:
        raise ValueError(f"{file} has no column for {', '.join(missing)}; its columns are {', '.join(map(str, there))}")
