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


class PartResult(Record):
    """A turn's or a subject's values on both sides of a comparison, over the pairs that both finished."""

    arm_mean: Estimate
    """Over all values that are there in the arm; `n` counts them."""
    reference_mean: Estimate
    difference: Estimate
    """The arm minus its reference, over the pairs that have both values; `n` counts those."""


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


def _value(head: str, key: str, form: str = "interval", about: str = "") -> Column:
    return Column.of(head, f"{key}.value", f"{key}.low", f"{key}.high", form=form, about=about)


COLUMNS = (
    _value("mean (95 %)", "arm_mean"),
    Column.of("n", "arm_mean.n", form="count", about="Episodes of the arm with a value."),
    _value("in the reference (95 %)", "reference_mean"),
    Column.of("n there", "reference_mean.n", form="count", about="Episodes of the reference with a value."),
    _value("difference (95 %)", "difference", "signed interval", "Within pairs, clustered over cases; not adjusted."),
    Column.of("pairs (cases)", "difference.n", "difference.clusters", form="count", pattern="{} ({})"),
)
"""What both tables show of a part."""
