"""Tables as CSV, for spreadsheets."""

import csv as writer
import io
from collections.abc import Iterable, Sequence
from typing import TextIO

from pydantic import JsonValue

from simrun.report.blocks import Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula."""


def csv(table: Table) -> str:
    """Every row with all that it holds, under the names of its keys; figures are not rounded, and what is not there is
    empty."""
    keys = list(dict.fromkeys(key for each in table.rows for key in each))
    out = io.StringIO()
    written(out, keys, ([each.get(key) for key in keys] for each in table.rows))
    return out.getvalue()


def written(out: TextIO, keys: Sequence[str], rows: Iterable[Iterable[JsonValue]]) -> None:
    """The same of rows one by one: no text of anybody's becomes a formula, be it a value or a key."""
    told = writer.writer(out, lineterminator="\n")
    told.writerow(map(_cell, keys))
    told.writerows(map(_cell, each) for each in rows)


def _cell(value: JsonValue) -> JsonValue:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
