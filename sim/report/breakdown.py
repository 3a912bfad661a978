"""One part of what an outcome holds, a turn or a subject, in an arm and in its reference."""

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import Floats
from simrun.estimate.paired import Estimate, clustered_mean
from simrun.report.blocks import Column
from simrun.scenarios.outcome import Range
from simrun.score.compared import Sides
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.pairs import Pairs
from simrun.score.samples import Rows, RunValues


class PartResult(Record):
    """A turn's or a subject's values on both sides of a comparison, over the pairs that both finished."""

    arm_mean: Estimate
    """Over all values that are there in the arm; `n` counts them."""
    reference_mean: Estimate
    difference: Estimate
    """The arm minus its reference, over the pairs that have both values; `n` counts those."""


def observed(run: RunValues, field: str, arm: str, rows: Rows | None = None) -> Estimate:
    """The mean of a field in an arm, or in some of its rows (pairs,), clustered over cases; `n` is 0 where it was not
    observed."""
    if not field or field not in run.layout.outcomes:
        return Estimate(value=None, n=0, clusters=0)
    value = run.layout.table(field, [arm])[:, 0]
    there = ~np.isnan(value) if rows is None else ~np.isnan(value) & rows
    span = run.outcome.span(field)
    return clustered_mean(value[there], run.layout.case[there], *((span.low, span.high) if span else (None, None)))


def estimate(head: str, key: str, form: str = "interval", about: str = "") -> Column:
    """A column of an `Estimate`, or of a figure."""
    return Column.of(head, f"{key}.value", f"{key}.low", f"{key}.high", form=form, about=about)


def part(sides: Sides, span: Range | None) -> PartResult:
    """The figures of one part."""
    low, high = (span.low, span.high) if span else (None, None)
    whole = sides.whole()
    return PartResult(
        arm_mean=_mean(sides.arm, sides, low, high),
        reference_mean=_mean(sides.reference, sides, low, high),
        difference=PairedDifference().measure(Pairs(*whole.sides(), whole.case, low, high)),
    )


def _mean(values: Floats, sides: Sides, low: float | None, high: float | None) -> Estimate:
    row, column = np.nonzero(~np.isnan(values))
    return clustered_mean(values[row, column], sides.case[row], low, high)


COLUMNS = (
    estimate("mean (95 %)", "arm_mean"),
    Column.of("n", "arm_mean.n", form="count", about="Episodes of the arm with a value."),
    estimate("in the reference (95 %)", "reference_mean"),
    Column.of("n there", "reference_mean.n", form="count", about="Episodes of the reference with a value."),
    estimate("difference (95 %)", "difference", "signed interval", "Within pairs, clustered over cases; not adjusted."),
    Column.of("pairs (cases)", "difference.n", "difference.clusters", form="count", pattern="{} ({})"),
)
"""What both tables show of a part."""
