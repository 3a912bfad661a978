"""How many episodes there are, how they ended, and what they cost."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from simrun.agents.records import Record
from simrun.log.tables import UNOWED

if TYPE_CHECKING:
    import duckdb

ALL = ""
"""Stands for all arms together."""


class Counts(Record):
    """Of the episodes of one arm, or of all."""

    episodes: int
    done: int
    failed: int
    """Ended by infrastructure; they are owed again."""
    unowed: int
    """Not played to their end before the run was decided on earlier cases."""
    calls: int
    asked: int
    """Turns that models were asked for."""
    asked_again: int
    """Of them, those that were asked for again since no decision could be read."""
    at: float | None
    """When the last one ended, Unix time; None where none has begun."""
    prompt_tokens: int
    cached_tokens: int
    """Of the prompt tokens, those that came from a cache."""
    output_tokens: int
    refused: int
    """This and the next two count replies in finished episodes."""
    unreadable: int
    truncated: int


_SUMS = {
    "calls": "",
    "asked": "",
    "asked_again": "",
    **dict.fromkeys(("prompt_tokens", "cached_tokens", "output_tokens"), ""),
} | dict.fromkeys(("refused", "unreadable", "truncated"), " FILTER (state = 'done')")


def counts(tables: "duckdb.DuckDBPyConnection") -> Mapping[str, Counts]:
    """Arm -> its counts; ALL -> those of all arms."""
    asked = {
        "episodes": "count(*)",
        "done": "count(*) FILTER (state = 'done')",
        "failed": "count(*) FILTER (state = 'error')",
        "unowed": f"count(*) FILTER (state = '{UNOWED}')",
        "at": 'max("at")',
        **{name: f"coalesce(sum({name}){which}, 0)" for name, which in _SUMS.items()},
    }
    rows = tables.sql(
        f"SELECT coalesce(arm, '{ALL}'), {', '.join(asked.values())} FROM episodes GROUP BY ROLLUP (arm)"
    ).fetchall()
    return {arm: Counts(**dict(zip(asked, found, strict=True))) for arm, *found in rows}


def errors(tables: "duckdb.DuckDBPyConnection") -> Mapping[str, int]:
    """Episodes that infrastructure ended, by class of error."""
    found = "SELECT error, count(*) FROM episodes WHERE state = 'error' GROUP BY error ORDER BY error"
    return dict(tables.sql(found).fetchall())
