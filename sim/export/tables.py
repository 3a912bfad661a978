"""The tables of a run as exports write them: what is sealed, and what the report makes of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np

from simrun.export.facts import hidden
from simrun.log.tables import TABLES
from simrun.report.frames import EFFECTS, FINDINGS, PAIRS, effect_rows, finding_rows, pair_columns
from simrun.report.run import Run

ROWS = 10_000
"""Of a sealed table in memory."""
WITHHELD = {"episodes": ("message",)}
"""Columns that may name folders and hosts of the machine it was played on: what an error said."""


@dataclass(frozen=True)
class Sheet:
    """One table."""

    name: str
    about: str
    columns: Mapping[str, str]
    """Name -> SQL type."""
    described: Mapping[str, str]
    """Name -> what it says, as far as there is more to say than its name does."""
    rows: Callable[[], Iterable[Sequence[Any]]]
    """Its rows, made when they are asked for; None for what is not there."""


ABOUT = {
    "episodes": "A row a trial: a case in an arm, once. `state` is done, error, owed or unowed.",
    "turns": "A row for each thing that was said, in the order of `position`; `heard` is what the others heard of it.",
    "calls": "A row for each call to a model: the answer as it came, its seed, tokens and time.",
    "outcomes": "A row a value: `value` for numbers, `text` for words; both are null where the outcome is missing.",
    "pairs": "A row a pair that both arms finished, for each outcome and comparison of one arm with one other.",
    "effects": "A row an outcome of a comparison: the difference within pairs with its interval, and the verdict.",
    "findings": "A row a finding of the report, in words.",
}
_DESCRIBED: Mapping[str, Mapping[str, str]] = {
    "episodes": {
        "repeat": "which repeat of the case, from 0",
        "control": "which control the arm is; empty for none",
        "wording": "the wording of the prompts",
        "name": "the name that the person whom the audit is about went under; null where nobody shows by one",
        "error": "class of the error that ended it; empty for none",
        "asked": "turns that models were asked for",
        "asked_again": "those of them that were asked for again, since the reply could not be read",
        "seconds": "spent in its calls",
        "refused": "replies that were refusals",
        "unreadable": "replies in which no decision could be read",
        "truncated": "replies that were cut by the token limit",
        "at": "when it ended, Unix time in seconds",
    },
    "turns": {
        "chat": "which of the role's chats; empty but for a role that holds several",
        "kind": "turn, line (no model said it) or private (nobody heard it)",
        "nth": "how many times this chat was called before; null for a line",
        "decision": "as JSON; null for none",
        "problem": "refused, unreadable or truncated; null for none",
    },
    "calls": {
        "attempt": "1 where the turn was asked for again",
        "digest": "of the prompt: equal digests are equal prompts",
        "attempts": "requests it took",
        "weighed": "of a forced choice: whether its options came with probabilities; null where none were asked for",
        "mass": "share of what the model could have said that leads to one of the options",
        "seconds": "from asking to answer",
    },
    "outcomes": {
        "turn": "from 0; null but for a value a turn",
        "subject": "null but for a value of each subject",
    },
}


def sheets(run: Run) -> Iterator[Sheet]:
    """Every table, the sealed ones first."""
    for name in TABLES:
        yield _sealed(run, name)
    scored = run.scored
    yield _made("pairs", PAIRS, lambda: _flat(scored))
    yield _made("effects", EFFECTS, lambda: (tuple(row.values()) for row in effect_rows(scored)))
    yield _made("findings", FINDINGS, lambda: (_worded(row) for row in finding_rows(scored, run.report())))


def _sealed(run: Run, name: str) -> Sheet:
    tables = run.scored.tables.cursor()
    columns = {column: kind for column, kind, *_ in tables.execute(f"DESCRIBE {name}").fetchall()}
    kept = {column: kind for column, kind in columns.items() if column not in WITHHELD.get(name, ())}
    chosen = ", ".join('"' + column.replace('"', '""') + '"' for column in kept)

    def rows() -> Iterator[Sequence[Any]]:
        found = tables.execute(f"SELECT {chosen} FROM {name}")
        while some := found.fetchmany(ROWS):
            yield from some

    return Sheet(name, ABOUT[name], kept, _DESCRIBED[name], rows)


def _made(name: str, columns: Mapping[str, tuple[str, str]], rows: Callable[[], Iterable[Sequence[Any]]]) -> Sheet:
    kinds = {column: kind for column, (kind, _) in columns.items()}
    return Sheet(name, ABOUT[name], kinds, {column: told for column, (_, told) in columns.items()}, rows)


def _worded(row: Mapping[str, Any]) -> Sequence[Any]:
    """A finding may quote what an error said."""
    return tuple(hidden(value) if key == "text" else value for key, value in row.items())


def _flat(run: Any) -> Iterator[Sequence[Any]]:
    """Columns as rows; NaN is what is missing."""
    for columns in pair_columns(run):
        count = len(columns["case"])
        lists = [each.tolist() if isinstance(each, np.ndarray) else [each] * count for each in columns.values()]
        for row in zip(*lists, strict=True):
            yield tuple(None if isinstance(value, float) and isnan(value) else value for value in row)
