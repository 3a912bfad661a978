"""Many levels and their intersections: each against the reference, drawn towards the others, the lowest first."""

from collections.abc import Iterator

import numpy as np
from pydantic import JsonValue

from simrun.agents.records import Record
from simrun.estimate.blocks import Intrablock, Level, intrablock
from simrun.estimate.columns import Floats
from simrun.estimate.pooling import Pooled, moderated, pooled
from simrun.plan.factors import Factor
from simrun.report.blocks import Block, Column, Table
from simrun.report.section import Section
from simrun.score.scored import Scored

LEAST = 3
"""Arms beside the reference from which on they are drawn towards each other."""


class Cells(Section):
    """One table, the lowest pooled difference of each outcome first."""

    name, order, title = "cells", 80, "Levels and intersections, drawn towards each other"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where fewer than three arms are compared with the reference."""
        found = cells(run)
        return (table(*found),) if found else ()


class CellsResult(Record):
    """One outcome over the arms of a design, partially pooled."""

    outcome: str
    factor: str
    """What they differ in; several are joined by ` & `."""
    reference: str
    towards: str
    """What each is drawn towards: the mean of all, or the sum of its levels' effects."""
    estimates: Intrablock
    pooled: Pooled | None
    """In the order of the estimates; None where an arm has too few cases for an error."""


COLUMNS = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm"),
    Column.of(
        "cases (with the reference)",
        "cases",
        "direct",
        form="count",
        pattern="{} ({})",
        about="That played it beside others, and beside the reference.",
    ),
    Column.of(
        "difference (95 %)",
        "difference",
        "low",
        "high",
        form="signed interval",
        about="To the reference, within cases, also by way of arms that a case played in its place; approximate, and "
        "not corrected for how many arms there are. Verdicts stand with the effects.",
    ),
    Column.of(
        "pooled (95 %)",
        "pooled",
        "pooled_low",
        "pooled_high",
        form="signed interval",
        about="Drawn towards the others as far as it is uncertain: on average over the arms 95 % of these intervals "
        "hold; one that is truly apart from all others is drawn too far.",
    ),
    Column.of("drawn towards", "towards", shown=False),
    Column.of("spread", "spread", form="figure", about="Standard deviation of the true differences.", shown=False),
)


def cells(run: Scored) -> tuple[CellsResult, ...]:
    """Every declared outcome over all arms that are no control, where there are enough and one stands for no others."""
    arms = run.settings
    if run.manifest.fractional or len(arms) <= LEAST:
        return ()
    found = (_compared(run, outcome) for outcome in run.manifest.primary if outcome in run.outcome.measured())
    return tuple(each for each in found if each is not None and each.estimates.levels)


def _compared(run: Scored, outcome: str) -> CellsResult | None:
    seen, bounds, reference = run.layout.observed(outcome, run.settings), run.outcome.span(outcome), run.layout.arms[0]
    arm = np.array(run.layout.arms)[seen.arm]
    if reference not in arm:
        return None
    span = bounds.high - bounds.low if bounds else None
    found = intrablock(seen.value, arm, seen.case.astype(str), reference, span)
    means, towards = _towards(run, tuple(found.levels))
    factor = " & ".join(each.name for each in run.manifest.factors)
    drawn = drawn_together(found, means)
    return CellsResult(
        outcome=outcome, factor=factor, reference=reference, towards=towards, estimates=found, pooled=drawn
    )


def drawn_together(found: Intrablock, means: Floats) -> Pooled | None:
    """The differences as the error of each and all others deserve; None without errors, or with too few of them."""
    if not found.covariance or len(found.levels) < max(LEAST, means.shape[1] + 2):
        return None
    own = [each.difference for each in found.levels.values()]
    return pooled(own, moderated(found.covariance, [each.cases for each in found.levels.values()]), means)


def _towards(run: Scored, arms: tuple[str, ...]) -> tuple[Floats, str]:
    """What arms are drawn towards, (arms, columns): of crossed factors the sum of their levels' effects."""
    factors = run.manifest.factors
    if len(factors) > 1 and run.manifest.config.design.cross != "one_at_a_time":
        columns = _main(run, factors, arms)
        if len(arms) >= columns.shape[1] + 2 and np.linalg.matrix_rank(columns) == columns.shape[1]:
            return columns, "the sum of what its levels do"
    return np.ones((len(arms), 1)), "the mean of all"


def _main(run: Scored, factors: tuple[Factor, ...], arms: tuple[str, ...]) -> Floats:
    levels = [(factor.name, level) for factor in factors for level in factor.levels[1:]]
    return np.array([[float(run.settings[arm][name] == level) for name, level in levels] for arm in arms])


def table(*found: CellsResult) -> Table:
    """A row an arm."""
    about = (
        "Every arm against the reference, out of comparisons within cases, and as much nearer to what all have in "
        "common as its own error asks: of many levels the farthest is mostly the luckiest."
    )
    return Table(key="cells", about=about, columns=COLUMNS, rows=tuple(row for each in found for row in _rows(each)))


def _rows(each: CellsResult) -> Iterator[dict[str, JsonValue]]:
    """The lowest pooled difference first."""
    names, levels = list(each.estimates.levels), list(each.estimates.levels.values())
    told = [level.difference for level in levels] if each.pooled is None else each.pooled.values
    for at in sorted(range(len(names)), key=lambda at: (told[at], names[at])):
        yield _row(each, at, names[at], levels[at])


def _row(each: CellsResult, at: int, arm: str, level: Level) -> dict[str, JsonValue]:
    drawn, whole = each.pooled, each.model_dump(mode="json", include={"outcome", "factor", "reference", "towards"})
    own: dict[str, JsonValue] = {
        "pooled": None if drawn is None else drawn.values[at],
        "pooled_low": None if drawn is None else drawn.low[at],
        "pooled_high": None if drawn is None else drawn.high[at],
        "spread": None if drawn is None else drawn.spread,
    }
    return {**whole, "arm": arm, **level.model_dump(mode="json"), **own}
