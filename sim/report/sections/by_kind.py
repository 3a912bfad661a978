"""What each kind of case, or of arm, came to: by attack, by whom a question is about."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.paired import Estimate, clustered_mean
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.layout import DONE, texts
from simrun.score.samples import Rows
from simrun.score.scored import Scored

MOST = 40
"""Rows of the table by arm that a person is shown."""


class ByKind(Section):
    """For each field by which the outcome tells kinds apart, a table over all arms, and one by arm."""

    name, order, title = "by_kind", 45, "Kind by kind"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where the outcome tells no kinds apart."""
        return tuple(table for kind in run.outcome.kinds for table in _tables(run, kind))


class KindResult(Record):
    """What the episodes of one kind came to; controls are left out."""

    kind: str
    arm: str
    """"" for all arms together."""
    n: int
    """Finished episodes."""
    cases: int
    means: Mapping[str, Estimate]
    """Of each field that is told, over the episodes that have a value."""


def by_kind(run: Scored, kind: str) -> tuple[KindResult, ...]:
    """Every kind in all arms together, and in every arm."""
    told = texts(run.tables, run.layout, kind)
    arms = [arm for arm in run.settings if (run.layout.state[:, run.layout.columns([arm])] == DONE).any()]
    names = sorted({name for name in told[:, run.layout.columns(arms)].flat if name})
    return tuple(_result(run, name, arm, told == name, arms) for name in names for arm in ("", *arms))


def _result(run: Scored, kind: str, arm: str, rows: Rows, arms: Sequence[str]) -> KindResult:
    columns = run.layout.columns([arm] if arm else arms)
    own = rows[:, columns] & (run.layout.state[:, columns] == DONE)
    fields = [name for name in run.outcome.told or run.manifest.primary if name in run.layout.outcomes]
    return KindResult(
        kind=kind,
        arm=arm,
        n=int(own.sum()),
        cases=len(np.unique(run.layout.case[own.any(axis=1)])),
        means={field: _mean(run, field, columns, own) for field in fields},
    )


def _mean(run: Scored, field: str, columns: Sequence[int], own: Rows) -> Estimate:
    values = run.layout.values[run.layout.outcomes.index(field)][:, columns]
    place, column = np.nonzero(own & ~np.isnan(values))
    span = run.outcome.span(field)
    low, high = (span.low, span.high) if span else (None, None)
    return clustered_mean(values[place, column], run.layout.case[place], low, high)


ABOUT = "Means over finished episodes, with 95 % intervals clustered over cases, not adjusted for their number."


def _tables(run: Scored, kind: str) -> Iterator[Table]:
    found = [each for each in by_kind(run, kind) if each.n]
    if not found:
        return
    means = [
        Column.of(
            f"{field} (95 %)", f"means.{field}.value", f"means.{field}.low", f"means.{field}.high", form="interval"
        )
        for field in found[0].means
    ]
    head, counts = Column.of(kind, "kind"), Column.of("n (cases)", "n", "cases", form="count", pattern="{} ({})")
    rows = [row(each) for each in found if not each.arm]
    yield Table(key=kind, title=f"By {kind}", about=ABOUT, columns=(head, counts, *means), rows=tuple(rows))
    rows = [row(each) for each in found if each.arm]
    columns = (head, Column.of("arm", "arm"), counts, *means)
    few = len(found) - len(rows) < len(rows) <= MOST
    yield Table(key=f"{kind}_by_arm", title=f"By {kind} and arm", columns=columns, rows=tuple(rows), shown=few)
