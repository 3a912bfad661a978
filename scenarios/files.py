"""Rows of a data file, whatever its kind: JSON lines, a JSON list or CSV; a broken row is a Fault, not a crash."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from simrun.agents.records import Record
from simrun.scenarios.base import Fault
from simrun.scenarios.fields import cut

R = TypeVar("R", bound=Record)
Row = tuple[int, dict[str, Any] | Fault]
"""The number of its line (of its place in a JSON list), and what stands there or what is wrong with it."""
Headless = Callable[[Sequence[str]], Sequence[str] | None]
"""The names of the columns of a table whose first row is one like the others; None where it is a header."""
KINDS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks; those of UTF-32 begin as those of UTF-16."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file on disk, or one that ships with the package."""

    file: Traversable
    encoding: str = ""
    """As its user says; "" for what its byte order mark says, else UTF-8."""
    setting: str = ""
    """The option that says so."""

    def __str__(self) -> str:
        return str(self.file)

    @property
    def ending(self) -> str:
        """Of its name, in lower case."""
        return Path(self.file.name).suffix.lower()

    @property
    def stem(self) -> str:
        """Its name without folder and ending."""
        return Path(self.file.name).stem

    def text(self) -> str:
        """All of it. ValueError where it is encoded otherwise than said, with what it may be."""
        data = self.file.read_bytes()
        encoding = self.encoding or next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
        if not self.encoding and b"\0" in data[:1000] and encoding == "utf-8":
            raise ValueError(f"{self}: not UTF-8, but probably UTF-16 without a mark; {self._way(_utf16(data))}")
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise ValueError(f"{self}: not {encoding}: {self._told(data, error)}") from None
        except LookupError:
            raise ValueError(
                f"{self.setting}: no encoding {encoding!r}; give one that Python knows, such as utf-8, cp1252 or utf-16"
            ) from None

    def _told(self, data: bytes, error: UnicodeError) -> str:
        """Where it cannot be read, and what it would be in the encoding that Windows programs write in the West."""
        assert isinstance(error, UnicodeDecodeError)
        byte, line = data[error.start], data.count(b"\n", 0, error.start) + 1
        guess = "cp1252" if self.encoding != "cp1252" and _decodes(data, "cp1252") else "latin-1"
        shown = bytes([byte]).decode(guess)
        would = f", which is {shown!r} in {guess}" if shown.isprintable() else ""
        return f"byte 0x{byte:02x} in line {line}{would}; {self._way(guess)}"

    def _way(self, encoding: str) -> str:
        return f"set {self.setting}={encoding}, or save it as UTF-8" if self.setting else "save it as UTF-8"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _utf16(data: bytes) -> str:
    return "utf-16-le" if data[1:1000:2].count(0) >= data[:1000:2].count(0) else "utf-16-be"


def source(path: str, own: str, option: str, encoding: str = "") -> Source:
    """The file at `path`, or our own where it is "" (`package/name`: in the package's data folder).

    `encoding` is that of the user's file. FileNotFoundError names the option that asked for it.
    """
    package, _, name = own.partition("/")
    ours = files(f"simrun.scenarios.{package}") / "data" / name if own else Path()
    found = Path(path).expanduser() if path else ours
    if not found.is_file():
        raise FileNotFoundError(
            f"{option}: no file {path!r}; give the path of a file"
            + (", or leave it out for simrun's own" if own else "")
        )
    scenario = option.partition(".")[0] if "." in option else ""
    return Source(found, encoding if path else "", f"{scenario}.encoding" if scenario else "")


def rows(file: Source, comments: bool = False, headless: Headless | None = None) -> Iterator[Row]:
    """The rows of a file. `comments`: lines of a table that begin with # before its header are none of it. `headless`
    names the columns of a table that has no header.

    Raises ValueError for a file that cannot be read.
    """
    if file.ending not in KINDS:
        raise ValueError(
            f"{file}: a file that ends in {file.ending!r} cannot be read; it may end in {', '.join(KINDS)}"
        )
    text = file.text()
    if file.ending in (".csv", ".tsv"):
        yield from _table(file, text, "\t" if file.ending == ".tsv" else ",", comments, headless)
    elif file.ending == ".json":
        for number, row in enumerate(_list(file, text), 1):
            yield number, _mapping(file, number, row)
    else:
        for number, line in enumerate(io.StringIO(text, newline=None), 1):
            if line.strip():
                yield number, _line(file, number, line)


def read(
    file: Source, found: Iterable[Row], make: Callable[[dict[str, Any], int], R], key: Callable[[R], str]
) -> tuple[tuple[R, ...], tuple[Fault, ...]]:
    """A record of each row, and the rows that are none, or have the `key` of an earlier one; ValueError when not one
    is."""
    made: dict[str, tuple[int, R]] = {}
    faults: list[Fault] = []
    for number, row in found:
        record = row if isinstance(row, Fault) else _made(make, row, file, number)
        if isinstance(record, Fault):
            faults.append(record)
        elif (name := key(record)) in made:
            why = f"{cut(name)} is that of line {made[name][0]} already; give each row its own"
            faults.append(Fault(file=str(file), line=number, field="id", why=why))
        else:
            made[name] = number, record
    if not made:
        others = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        first = f"; first fault: {faults[0]}{others}" if faults else ""
        raise ValueError(f"{file} holds nothing that could be read{first}")
    return tuple(record for _, record in made.values()), tuple(faults)


def columns(found: Iterable[Row]) -> tuple[str, ...]:
    """The fields that stand in some row, each once."""
    return tuple(dict.fromkeys(field for _, row in found if not isinstance(row, Fault) for field in row))


def _made(make: Callable[[dict[str, Any], int], R], row: dict[str, Any], file: Source, number: int) -> R | Fault:
    try:
        return make(row, number)
    except ValidationError as error:
        first = error.errors()[0]
        where, why = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        field, why = (where, why) if where else _named(why)
    except KeyError as error:
        field, why = str(error.args[0]), f"missing; {listed(tuple(row)).replace('its columns are', 'this row has')}"
    except (TypeError, ValueError, AttributeError) as error:
        field, why = _named(str(error))
    return Fault(file=str(file), line=number, field=field, why=why)


def _named(message: str) -> tuple[str, str]:
    """A message of ours names its field first, before a colon."""
    field, colon, why = message.partition(": ")
    return (field, why) if colon and " " not in field else ("-", message)


def _line(file: Source, number: int, line: str) -> dict[str, Any] | Fault:
    try:
        return _mapping(file, number, orjson.loads(line))
    except orjson.JSONDecodeError as error:
        return Fault(file=str(file), line=number, field="-", why=_no_json(error, line))


def _no_json(error: ValueError, text: str) -> str:
    return f"not JSON ({error})" + ("; a missing number is null there, not NaN" if "NaN" in text else "")


def _mapping(file: Source, number: int, row: Any) -> dict[str, Any] | Fault:
    if isinstance(row, dict):
        return row
    return Fault(file=str(file), line=number, field="-", why=f"expected a JSON object, got {type(row).__name__}")


def _list(file: Source, text: str) -> list[Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(
            f"{file}: {_no_json(error, text)}; objects line by line belong in a file that ends in .jsonl"
        ) from None
    if not isinstance(found, list):
        raise ValueError(f"{file}: expected a list of objects, got {type(found).__name__}")
    return found


def _table(file: Source, text: str, usual: str, comments: bool, headless: Headless | None) -> Iterator[Row]:
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # one CV may be longer than the 131,072 allowed
    lines = list(io.StringIO(text, newline=""))
    head = _head(lines, usual, comments)
    between, names = _headless(lines, usual, headless)
    between = between or _between(lines[head] if head < len(lines) else "", usual)
    # strict, since a quotation mark that is never closed takes all rows below into one cell
    table = csv.reader(
        io.StringIO("".join(lines[head:] if not names else lines), newline=""), delimiter=between, strict=True
    )
    head, names = (0, names) if names else (head, _header(file, table))
    while (row := _cells(file, table, head)) is not None:
        number = head + table.line_num
        if isinstance(row, Fault):
            yield number, row
        elif len(row) != len(names):
            yield number, Fault(file=str(file), line=number, field="-", why=_uneven(len(row), len(names)))
        elif any(cell.strip() for cell in row):
            yield number, dict(zip(names, row, strict=True))


def _headless(lines: Sequence[str], usual: str, headless: Headless | None) -> tuple[str, Sequence[str]]:
    """What stands between the cells of a table without header, and the names of its columns; nothing for another."""
    for between in dict.fromkeys((usual, ";", "\t", "|")) if headless else ():
        first = next(csv.reader(lines, delimiter=between), [])
        if headless and (names := headless(first)):
            return between, names
    return "", ()


def _head(lines: Sequence[str], between: str, comments: bool) -> int:
    """Where the header stands: behind lines that begin with #, which is a header where it has a cell for each below."""
    for at, line in enumerate(lines):
        if not line.startswith("#"):
            return at
        cells = [len(next(csv.reader([each], delimiter=between), [])) for each in lines[at : at + 2]]
        if not comments and len(cells) == 2 and cells[0] == cells[1] > 1:
            return at
    return 0


def _between(header: str, usual: str) -> str:
    """What stands between cells: the usual, unless only another one is there (Excel writes ; in half of Europe)."""
    return next((each for each in (usual, ";", "\t", "|", ",") if each in header), usual)


def _header(file: Source, table: Iterator[list[str]]) -> list[str]:
    try:
        names = [name.strip() for name in next(table, [])]
    except csv.Error as error:
        raise ValueError(f"{file}: its header cannot be read ({error})") from None
    if twice := [name for name, times in Counter(names).items() if times > 1 and name]:
        raise ValueError(f"{file}: its header has {', '.join(map(cut, twice))} twice; give each column its own name")
    return names


def _cells(file: Source, table: Any, head: int) -> list[str] | Fault | None:
    """The next row that is not blank; None behind the last."""
    start = head + table.line_num + 1
    try:
        return next((row for row in table if row), None)
    except csv.Error as error:
        end = head + table.line_num
        lines = f"lines {start} to {end} are" if end > start else f"line {end} is"
        why = f"{lines} not CSV ({error}); a quotation mark in a cell is written twice"
        return Fault(file=str(file), line=start, field="-", why=why)


def _uneven(cells: int, names: int) -> str:
    more = cells - names
    told = f"{cells} cells, {abs(more)} {'more' if more > 0 else 'fewer'} than the header has"
    way = ": a comma at the end of the row, or in a cell without quotation marks" if more == 1 else ""
    return ("one cell more than the header has" if more == 1 else told) + way


def require(place: Mapping[str, str], there: Sequence[str], file: Source) -> None:
    """ValueError that lists a file's columns, when one that is mapped is not among them."""
    if missing := [f"{field}={column}" for field, column in place.items() if column not in there]:
        raise ValueError(f"{file} has no column for {', '.join(missing)}; {listed(there)}")


def listed(there: Sequence[str]) -> str:
    """The columns of a file for a message; not where they look like somebody's row."""
    if any(len(name) > 60 or name.replace(".", "").isdigit() or name.count(" ") > 5 for name in there):
        return f"its first line has {len(there)} cells that look like a row and like no header: put names above them"
    return f"its columns are {', '.join(there)}"
