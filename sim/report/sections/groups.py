"""How groups fare, over all that else was varied: rates or means, the largest gap, the worst of them."""

from collections.abc import Mapping

import numpy as np

from simrun.agents.records import Record
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.metrics.demographic_parity_difference import DemographicParityDifference
from simrun.score.metrics.four_fifths import FourFifths, flagged, supported
from simrun.score.scored import Scored
from simrun.score.values import Groups as Grouped
from simrun.score.values import grouped


class Groups(Section):
    """One table: each outcome over each axis, and over their intersections."""

    name, order, title = "groups", 50, "Across groups, all other factors pooled"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no axis was varied."""
        rows = tuple(row(each, rule=_rule(each)) for each in groups(run))
        return (Table(key="groups", columns=COLUMNS, rows=rows),) if rows else ()


class GroupResult(Record):
    """One declared outcome over the levels of one axis, the other factors pooled; controls are left out."""

    outcome: str
    factor: str
    """The axis, or all axes together for their intersections."""
    means: Mapping[str, float]
    n: Mapping[str, int]
    gap: float
    """Largest mean minus least: 0 is parity. With many groups it is above 0 by chance alone."""
    worst: str
    """The group that fares worst, as the outcome's direction has it (the lowest where it has none)."""
    ratio: float | None
    """Of the lowest rate to the highest, for truth values; None where the highest is 0."""
    flagged: bool | None
    """The ratio is below .8."""
    supported: bool
    """The whole interval of the ratio is below .8: only then is the flag a finding."""


COLUMNS = (
    Column.of("outcome", "outcome"),
    Column.of("by", "factor"),
    Column.of("means (n)", "means", "n", form="groups"),
    Column.of("gap", "gap", form="figure", about="Largest mean minus least: 0 is parity; chance alone lifts it."),
    Column.of("worst", "worst", about="By the outcome's direction; the lowest where it has none."),
    Column.of("lowest to highest rate", "ratio", form="figure", about="1 is parity; of yes and no only."),
    Column.of(
        "four-fifths rule",
        "rule",
        about="Broken where that ratio is below .8 with its whole interval.",
    ),
)


def groups(run: Scored) -> tuple[GroupResult, ...]:
    """Every declared outcome over every axis that was varied, and over their intersections where there are several."""
    return tuple(
        _result(outcome, factor, sample) for outcome, factor, sample in grouped(run) if outcome in run.manifest.primary
    )


def _result(outcome: str, factor: str, sample: Grouped) -> GroupResult:
    means, sizes = sample.means, np.bincount(sample.group)
    # a share of several decisions, such as one in each of two orders, is no rate of people
    rates = FourFifths().measure(sample) if sample.binary else None
    pick = max if sample.better == "lower" else min
    return GroupResult(
        outcome=outcome,
        factor=factor,
        means=means,
        n={name: int(sizes[at]) for at, name in enumerate(sample.names) if name in means},
        gap=DemographicParityDifference().measure(sample) or 0.0,
        worst=pick(means, key=lambda cell: means[cell]),
        ratio=rates.value if rates else None,
        flagged=flagged(rates.value) if rates else None,
        supported=bool(rates and supported(rates.high)),
    )


def _rule(each: GroupResult) -> str | None:
    if each.flagged is None:
        return None
    return "kept" if not each.flagged else "broken" if each.supported else "below .8, within chance"
