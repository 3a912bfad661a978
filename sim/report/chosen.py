"""One group against the reference group among those who may be chosen: what the two sections about it share."""

from collections.abc import Iterator, Sequence

import numpy as np

from simrun.agents.records import Record
from simrun.report.blocks import Block, Column, Table, row
from simrun.scenarios.outcome import Outcome
from simrun.score.layout import Floats, Layout
from simrun.score.pool import Asked, SelectionFigure, of_decisions, of_scores

CELLS = 50
"""Cells of the histograms of scores; whole scores have a cell each."""


class SelectionResult(Record):
    """One group against the reference group."""

    factor: str
    """The axis, or all axes together for their intersections."""
    level: str
    reference: str
    arm: str
    """Where the people are as their cases are; "" where everybody is played as both, over all such pairs of arms."""
    n: int
    """Pairs with a decision (with a score where nothing is decided) in both; episodes with one where `arm` is given."""
    members: int
    """How many of the n are of the group; all of them are where everybody is played as both."""
    cases: int
    excluded: int
    """Planned pairs, or episodes, without."""
    figures: tuple[SelectionFigure, ...]


def fields(kind: type[Outcome]) -> list[str]:
    """The decision, and then the score, as far as there are any."""
    return list(dict.fromkeys(filter(None, (kind.decision_field, kind.score_field))))


def asked(layout: Layout, kind: type[Outcome], field: str, versions: bool) -> Iterator[Asked]:
    """The figures of a field; `versions` of the same people, or different ones."""
    if field == kind.decision_field:
        yield from of_decisions(versions)
    if field == kind.score_field:
        yield from of_scores(_width(layout, kind, field), versions)


def column(layout: Layout, name: str, arm: str) -> Floats:
    """One outcome in one arm, (pairs,); all NaN for the outcome ""."""
    return layout.table(name, [arm])[:, 0] if name else np.full(len(layout.case), np.nan)


def _width(layout: Layout, kind: type[Outcome], field: str) -> float:
    """Of the cells of a histogram."""
    seen, span = layout.observed(field).value, kind.span(field)
    if not len(seen) or (seen == np.floor(seen)).all():
        return 1.0
    return (span.high - span.low if span else float(np.ptp(seen)) or 1.0) / CELLS


def tables(results: Sequence[SelectionResult]) -> Iterator[Block]:
    """A table for each group, and one for programs of how many were compared."""
    yield from (_table(each) for each in results)
    yield Table(
        key="compared",
        columns=COMPARED,
        rows=tuple(each.model_dump(mode="json", exclude={"figures"}) for each in results),
        shown=False,
    )


def _table(each: SelectionResult) -> Table:
    what = "episodes" if each.arm else "pairs"
    left = f", {each.excluded} planned {what} left out" if each.excluded else ""
    of = f" in {each.arm}, {each.members} of them of {each.level}" if each.arm else ""
    title = f"{each.level} against {each.reference} ({each.factor})"
    whose = each.model_dump(mode="json", include={"factor", "level", "reference", "arm"})
    return Table(
        key=f"{title} in {each.arm}" if each.arm else title,
        title=title,
        about=f"{each.n} {what} of {each.cases} cases{of}{left}.",
        columns=_columns("groups by lot" if each.arm else "same arm twice"),
        rows=tuple(row(figure, **whose) for figure in each.figures),
        empty="One of the two groups has no value: nothing can be compared.",
    )


def _columns(floor: str) -> tuple[Column, ...]:
    return (
        Column.of("figure", "name"),
        Column.of("value (95 %)", "value", "low", "high", form="interval"),
        Column.of("fair", "fair", form="figure", about="The value of parity, where there is one."),
        Column.of(floor, "noise", form="figure", about="The same figure where only luck differs: the noise floor."),
        Column.of("worse", "worse", about="Which way is worse for the group; away: from fair."),
    )


COMPARED = (
    Column.of("by", "factor"),
    Column.of("group", "level"),
    Column.of("against", "reference"),
    Column.of("arm", "arm"),
    Column.of("n", "n", form="count", about="Pairs with a value in both, or episodes with one where an arm is named."),
    Column.of("of the group", "members", form="count"),
    Column.of("cases", "cases", form="count"),
    Column.of("left out", "excluded", form="count", about="Planned pairs, or episodes, without."),
)
