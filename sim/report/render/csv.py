"""Tables as CSV, for spreadsheets."""

import csv as writer
import io

from pydantic import JsonValue

from simrun.report.blocks import Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a text that begins so for a formula."""


def csv(table: Table) -> str:
    """Every row with all that it holds, under the names of its keys; figures are not rounded, and what is not there is
    empty."""
    keys = list(dict.fromkeys(key for each in table.rows for key in each))
    out = io.StringIO()
    rows = writer.writer(out, lineterminator="\n")
    rows.writerow(keys)
    rows.writerows([_cell(each.get(key)) for key in keys] for each in table.rows)
    return out.getvalue()


def _cell(value: JsonValue) -> JsonValue:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
