"""How small cells fare: the intersections of the axes, drawn towards each other."""

from collections.abc import Iterator

from pydantic import JsonValue

from simrun.agents.records import Record
from simrun.report.blocks import Block, Column, Table
from simrun.report.section import Section
from simrun.score.metrics.shrunken_means import Shrunken, ShrunkenMeans
from simrun.score.scored import Scored
from simrun.score.values import Groups, grouped


class Cells(Section):
    """One table, the lowest cell of each outcome first."""

    name, order, title = "cells", 80, "Small cells, drawn towards each other"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where fewer than two axes were varied."""
        found = cells(run)
        return (table(*found),) if found else ()


class CellsResult(Record):
    """One outcome over the cells of some axes, partially pooled."""

    outcome: str
    factor: str
    means: Shrunken


COLUMNS = (
    Column.of("outcome", "outcome"),
    Column.of("by", "factor"),
    Column.of("cell", "cell"),
    Column.of("n (cases)", "n", "cases", form="count", pattern="{} ({})"),
    Column.of("mean", "mean", form="figure"),
    Column.of("shrunken", "shrunken", form="figure", about="Nearer to all cells' mean the smaller the cell."),
    Column.of("drawn towards", "centre", form="figure", about="The mean of the cells by their worth.", shown=False),
    Column.of("spread", "between", form="figure", about="Standard deviation of the true means.", shown=False),
)


def cells(run: Scored) -> tuple[CellsResult, ...]:
    """Every declared outcome over the intersections of the axes that were varied, where there are several."""
    whole = " & ".join(run.axes)
    return tuple(
        pooled(outcome, factor, sample)
        for outcome, factor, sample in grouped(run)
        if len(run.axes) > 1 and factor == whole and outcome in run.manifest.primary
    )


def pooled(outcome: str, factor: str, sample: Groups) -> CellsResult:
    """Shrunken means of one outcome; all cells are to share their cases."""
    return CellsResult(outcome=outcome, factor=factor, means=ShrunkenMeans().measure(sample))


def table(*found: CellsResult) -> Table:
    """A row a cell."""
    about = (
        "Means of small cells are drawn towards each other by as much as chance explains of their spread; no interval."
    )
    return Table(key="cells", about=about, columns=COLUMNS, rows=tuple(row for each in found for row in _rows(each)))


def _rows(each: CellsResult) -> Iterator[dict[str, JsonValue]]:
    """The lowest shrunken mean first."""
    ordered = sorted(
        each.means.cells.items(),
        key=lambda item: (item[1].mean if item[1].shrunken is None else item[1].shrunken, item[0]),
    )
    for name, cell in ordered:
        whole = {"centre": each.means.centre, "between": each.means.value}
        yield {"outcome": each.outcome, "factor": each.factor, "cell": name, **cell.model_dump(mode="json"), **whole}
