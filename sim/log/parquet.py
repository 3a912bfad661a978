"""Parquet files: written a row at a time, read as pandas DataFrames; DuckDB does both."""

import errno
import os
import shutil
import weakref
from collections.abc import Collection, Mapping
from glob import escape
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import orjson

from simrun.log import files
from simrun.log.files import LogError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

ROWS, BYTES, FEWEST = 10_240, 64 * 1024**2, 2_048
"""Of a row group, which DuckDB holds several times over while it writes: so many rows, fewer
where they are long, but never below FEWEST."""
LINE = 16 * 1024**2
"""Bytes of a row that DuckDB reads without being told that there are longer ones."""


class Writer:
    """Appends rows to one Parquet file, which is there only once it is whole.

    `columns` maps names to SQL types. Rows wait as JSON lines in a folder beside the file, so that memory does not grow
    with them. What a row lacks is null, and so are NaN and infinities, which JSON has not; a key that is no column is
    dropped. What does not fit its column is a LogError, which leaves no draft, and a file that was there as it was.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]):
        self._path, self._columns = path, columns
        # of a name that nobody can have put a link under; it goes with a writer that is never closed, because what
        # it was to write raised
        self._folder = _room(path)
        self._clean = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._lines, self._draft = self._folder / "rows.jsonl", self._folder / path.name
        self._file = self._lines.open("wb")
        self._rows, self._bytes, self._longest = 0, 0, LINE

    def add(self, row: Mapping[str, Any]) -> None:
        """Append one row."""
        try:
            line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
        except orjson.JSONEncodeError as error:  # a whole number beyond 64 bits, or half a surrogate pair
            raise LogError(f"{self._path}: row {self._rows + 1} cannot be written: {error}") from None
        self._rows, self._bytes, self._longest = self._rows + 1, self._bytes + len(line), max(self._longest, len(line))
        try:
            self._file.write(line)
        except OSError as error:
            raise files.unwritten(self._path, error) from error

    def close(self) -> None:
        """Write the file, and show it."""
        try:
            self._file.close()
            self._copy()
            os.replace(self._draft, self._path)
        except OSError as error:
            raise files.unwritten(self._path, error) from error
        finally:
            self._clean()

    def _copy(self) -> None:
        import duckdb

        columns = ", ".join(f"{_quoted(name)}: '{kind}'" for name, kind in self._columns.items())
        lines = (
            f"{_quoted(escape(str(self._lines)))}, format='newline_delimited', columns={{{columns}}}, "
            f"maximum_object_size={self._longest}"
        )
        rows = max(FEWEST, min(ROWS, BYTES * self._rows // max(1, self._bytes)))
        # one thread holds one row group and keeps the rows' order; what does not fit spills beside the file, not where
        # we were started
        with duckdb.connect(config={"threads": 1, "temp_directory": str(self._folder)}) as connection:
            try:
                connection.execute(
                    f"COPY (FROM read_json({lines})) TO {_quoted(str(self._draft))} "
                    f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {rows})"
                )
            except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
                raise LogError(f"{self._path}: a value does not fit its column: {str(error).splitlines()[0]}") from None
            except duckdb.IOException as error:
                full = "No space left" in str(error)
                raise OSError(os.strerror(errno.ENOSPC) if full else str(error).splitlines()[0]) from None


def _room(path: Path) -> Path:
    """A folder of our own beside a file."""
    try:
        return Path(mkdtemp(prefix=f".{path.stem}-", dir=path.parent))
    except OSError as error:
        raise files.unwritten(path, error) from error


def _quoted(text: str) -> str:
    """As a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def scan(connection: "duckdb.DuckDBPyConnection", *files: Path) -> "duckdb.DuckDBPyRelation":
    """The rows of these files one after the other, with the columns of all, null where a file lacks one."""
    return connection.read_parquet([escape(str(file)) for file in files], union_by_name=True)


def frame(*files: Path) -> "pd.DataFrame":
    """The same as a DataFrame. Whole numbers are float64 with NaN where some are null."""
    import duckdb

    with duckdb.connect() as connection:
        table: pd.DataFrame = scan(connection, *files).df()
    # DuckDB from 2.0 on makes pandas' Int64 of them, whose NA is neither NaN nor false
    partly = [name for name, kind in table.dtypes.items() if str(kind).startswith(("Int", "UInt"))]
    return table.astype(dict.fromkeys(partly, "float64"))


def readable(file: Path, columns: Collection[str]) -> bool:
    """Whether it is a Parquet file, whole, with these columns."""
    import duckdb

    with duckdb.connect() as connection:
        try:
            table = scan(connection, file)
            table.aggregate("bit_xor(hash(COLUMNS(*)))").fetchall()  # every value is read
            return set(columns) <= set(table.columns)
        except (duckdb.Error, OSError):
            return False
