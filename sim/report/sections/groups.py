"""How groups fare, over all that else was varied: rates or means, the largest gap, the worst of them."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import Floats, ratio
from simrun.estimate.power import ALPHA
from simrun.estimate.relabelling import DRAWS, Places, corrected, exchanges, measured
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.layout import nanmean
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
        return (Table(key="groups", about=ABOUT, columns=COLUMNS, rows=rows),) if rows else ()


class GroupResult(Record):
    """One declared outcome over the levels of one axis, the other factors pooled; controls are left out."""

    outcome: str
    factor: str
    """The axis, or all axes together for their intersections."""
    means: Mapping[str, float]
    n: Mapping[str, int]
    gap: float
    """Largest mean minus least: 0 is parity. With many groups it is above 0 by chance alone."""
    floor: float
    """The gap that chance alone makes: the mean over exchanges of the labels inside cases."""
    p: float
    """Of the gap, by those exchanges; it tests that the groups are interchangeable."""
    p_adjusted: float
    """Over all rows of this table: min-p over the outcomes of one axis, Holm over axes and intersections."""
    worst: str
    """The group that fares worst, as the outcome's direction has it (the lowest where it has none)."""
    ratio: float | None
    """Of the lowest rate to the highest, for truth values; None where the highest is 0."""
    flagged: bool | None
    """The ratio is below .8."""
    supported: bool
    """The whole interval of the ratio is below .8, and the gap is there after correction: only then is the flag a
    finding."""


ABOUT = (
    "A gap says something where its adjusted p is below .05: labels exchanged inside whole cases, corrected over all "
    "rows of this table (min-p over the outcomes of one axis, Holm over axes and intersections)."
)


COLUMNS = (
    Column.of("outcome", "outcome"),
    Column.of("by", "factor"),
    Column.of("means (n)", "means", "n", form="groups"),
    Column.of("gap", "gap", form="figure", about="Largest mean minus least: 0 is parity; chance alone lifts it."),
    Column.of("by chance", "floor", form="figure", about="The gap with labels exchanged, the mean: the floor."),
    Column.of("p", "p", form="figure", about="Of the gap, by exchanging labels.", shown=False),
    Column.of("p adjusted", "p_adjusted", form="figure", about="Of the gap, over all rows."),
    Column.of("worst", "worst", about="By the outcome's direction; the lowest where it has none."),
    Column.of("lowest to highest rate", "ratio", form="figure", about="1 is parity; of yes and no only."),
    Column.of(
        "four-fifths rule",
        "rule",
        about="Broken where that ratio is below .8 with its whole interval, and the gap is there after correction.",
    ),
)


def groups(run: Scored) -> tuple[GroupResult, ...]:
    """Every declared outcome over every axis that was varied, and over their intersections where there are several."""
    asked = [each for each in grouped(run) if each[0] in run.manifest.primary]
    by_factor = {name: [each for each in asked if each[1] == name] for name in dict.fromkeys(each[1] for each in asked)}
    gaps = [exchanged_gaps([sample for *_, sample in own]) for own in by_factor.values()]
    tested = {
        each[:2]: Tested(float(nanmean(own[1:], 0)[at]), float(p[at]), adjusted[at])
        for every, own, (p, adjusted) in zip(by_factor.values(), gaps, corrected(gaps), strict=True)
        for at, each in enumerate(every)
    }
    return tuple(_result(*each, tested[each[:2]]) for each in asked)


class Tested(NamedTuple):
    """A gap beside those of exchanged labels."""

    floor: float
    p: float
    p_adjusted: float


def exchanged_gaps(samples: Sequence[Grouped]) -> Floats:
    """Largest mean less least of several outcomes of the same groups with labels exchanged inside each case, all that
    a case has in a group moving together: (exchanges, outcomes), the first as observed."""
    cells = [sample.cells(max(int(each.case.max()) for each in samples) + 1) for sample in samples]
    moved = exchanges(np.any([count > 0 for count, _ in cells], axis=0), DRAWS)
    return measured(moved, [partial(_gap, *each) for each in cells])


def _gap(count: Floats, total: Floats, moved: Places) -> Floats:
    means = ratio(*(np.take_along_axis(of[None], moved, 2).sum(axis=1) for of in (total, count)))
    found: Floats = np.nanmax(means, axis=1) - np.nanmin(means, axis=1)
    return found


def _result(outcome: str, factor: str, sample: Grouped, gap: Tested) -> GroupResult:
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
        floor=gap.floor,
        p=gap.p,
        p_adjusted=gap.p_adjusted,
        worst=pick(means, key=lambda cell: means[cell]),
        ratio=rates.value if rates else None,
        flagged=flagged(rates.value) if rates else None,
        supported=bool(rates and supported(rates.high) and gap.p_adjusted < ALPHA),
    )


def _rule(each: GroupResult) -> str | None:
    if each.flagged is None:
        return None
    return "kept" if not each.flagged else "broken" if each.supported else "below .8, within chance"
