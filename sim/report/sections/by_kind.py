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
        tables = [table for kind in run.outcome.kinds for table in _tables(run, kind)]
        return (_all(run), *tables) if tables else ()


class KindResult(Record):
    """What the episodes of one kind came to; controls are left out."""

    kind: str
    """"" for all kinds together."""
    arm: str
    """"" for all arms together."""
    n: int
    """Finished episodes."""
    cases: int
    means: Mapping[str, Estimate]
    """Of each field that is told, over the episodes that have a value."""


def by_kind(run: Scored, kind: str) -> tuple[KindResult, ...]:
    """Every kind in all arms together, and in every arm."""
    told, arms = texts(run.tables, run.layout, kind), _played(run)
    names = sorted({str(name) for name in told[:, run.layout.columns(arms)].flat if name})
    return tuple(_result(run, name, arm, told == name, arms) for name in names for arm in ("", *arms))


def together(run: Scored) -> tuple[KindResult, ...]:
    """All kinds together, in every arm."""
    arms, every = _played(run), np.ones_like(run.layout.state, dtype=np.bool_)
    return tuple(_result(run, "", arm, every, arms) for arm in arms)


def _played(run: Scored) -> list[str]:
    """The arms that are no control and have a finished episode."""
    return [arm for arm in run.settings if run.layout.done([arm]).any()]


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
COUNTS = Column.of("n (cases)", "n", "cases", form="count", pattern="{} ({})")
ARM = Column.of("arm", "arm")


def _all(run: Scored) -> Table:
    found = together(run)
    rows = tuple(row(each) for each in found)
    return Table(key="together", title="All together", about=ABOUT, columns=(ARM, COUNTS, *_means(found)), rows=rows)


def _tables(run: Scored, kind: str) -> Iterator[Table]:
    found = [each for each in by_kind(run, kind) if each.n]
    if not found:
        return
    head, means = Column.of(kind, "kind"), _means(found)
    rows = tuple(row(each) for each in found if not each.arm)
    yield Table(key=kind, title=f"By {kind}, all arms together", columns=(head, COUNTS, *means), rows=rows)
    own = tuple(row(each) for each in found if each.arm)
    columns = (head, ARM, COUNTS, *means)
    few = len(rows) < len(own) <= MOST
    yield Table(key=f"{kind}_by_arm", title=f"By {kind} and arm", columns=columns, rows=own, shown=few)


def _means(found: Sequence[KindResult]) -> list[Column]:
    """A column for each field that has a value somewhere."""
    fields = [field for field in found[0].means if any(each.means[field].n for each in found)] if found else []
    return [
        Column.of(f"{field} (95 %)", *(f"means.{field}.{part}" for part in ("value", "low", "high")), form="interval")
        for field in fields
    ]
