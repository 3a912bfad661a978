"""The episodes of a run with all that is known of each: transcript, outcomes, state. Memory holds a few of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from simrun.play.transcripts import Transcript, transcripts
from simrun.report.run import Run

BATCH = 256
"""Transcripts in memory, for which the table of outcomes is read once."""


@dataclass(frozen=True, slots=True)
class Told:
    """One trial."""

    row: Mapping[str, Any]
    """Of the table `episodes`."""
    outcomes: Sequence[Mapping[str, Any]]
    """Its rows of the table `outcomes`."""
    transcript: Transcript | None
    """None where it was not played to its end."""


def episodes(run: Run) -> Iterator[Told]:
    """Those that were played to their end, in the order of the log, then the others as they were planned.

    LogError for a log that was changed.
    """
    manifest, seen = run.manifests[0], set[str]()
    tables = run.scored.tables
    wanted = {trial for (trial,) in tables.sql("SELECT trial FROM episodes WHERE state = 'done'").fetchall()}
    found = transcripts(run.path, manifest.plan(), manifest.tip(), wanted)
    while batch := list(islice(found, BATCH)):
        names = [each.trial.id for each in batch]
        rows, values = _rows(run, "episodes", names), _rows(run, "outcomes", names)
        for each in batch:
            yield Told(rows[each.trial.id][0], values.get(each.trial.id, ()), each)
        seen.update(names)
    others = [trial for (trial,) in tables.sql("SELECT trial FROM episodes").fetchall() if trial not in seen]
    for at in range(0, len(others), BATCH):
        rows, values = _rows(run, "episodes", others[at : at + BATCH]), _rows(run, "outcomes", others[at : at + BATCH])
        yield from (Told(own[0], values.get(trial, ()), None) for trial, own in rows.items())


def _rows(run: Run, table: str, trials: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of a table that are of these trials, in its order."""
    found = run.scored.tables.execute(f"SELECT * FROM {table} WHERE trial IN (SELECT unnest($1))", [list(trials)])
    names = [each[0] for each in found.description or ()]
    told: dict[str, list[dict[str, Any]]] = {}
    for values in found.fetchall():
        row = dict(zip(names, values, strict=True))
        told.setdefault(row["trial"], []).append(row)
    return told
