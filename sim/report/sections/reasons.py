"""The reasons that are given for decisions, out of a fixed list, by arm."""

from collections.abc import Iterator

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.paired import Estimate, clustered_mean
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.breakdown import estimate
from simrun.report.section import Section
from simrun.score.metrics.reason_divergence import ReasonDivergence
from simrun.score.repeated import Reasoned
from simrun.score.scored import Scored


class Reasons(Section):
    """How often each is given in each arm, and how far the arms differ."""

    name, order, title = "reasons", 57, "Reasons"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no outcome tells reasons, or nobody gave one."""
        found = tuple(reasons(run))
        if not any(each.share.value for each in found):
            return ()
        rows = tuple(row(each) for each in found)
        apart = tuple(row(ReasonDivergence().figure(at)) for at in Reasoned.found(run))
        table = Table(key="reasons", about=ABOUT, columns=SHARES, rows=rows)
        return (
            table,
            *((Table(key="apart", title="Between arms", columns=APART, about=FAR, rows=apart),) if apart else ()),
        )


class Given(Record):
    """One reason in one arm."""

    arm: str
    reason: str
    share: Estimate
    """Of the episodes in which reasons were asked for and read."""


SHARES = (
    Column.of("arm", "arm"),
    Column.of("reason", "reason"),
    estimate("given (95 %)", "share"),
    Column.of("n (cases)", "share.n", "share.clusters", form="count", pattern="{} ({})"),
)
APART = (
    Column.of("arm", "arm"),
    Column.of("against", "reference"),
    Column.of("divergence (95 %)", "value", "low", "high", form="interval", about="Jensen-Shannon, in bits, 0 to 1."),
    Column.of("pairs (cases)", "n", "cases", form="count", pattern="{} ({})"),
    Column.of("left out", "excluded", form="count"),
    Column.of("why not", "why"),
)
ABOUT = "Share of the decisions for which each was given; several can be."
FAR = (
    "Above 0 by chance alone, the more so the fewer reasons were given: read it beside the controls in the same table."
)


def reasons(run: Scored) -> Iterator[Given]:
    """Every reason in every arm that is no control."""
    field, layout = run.outcome.reasons_field, run.layout
    names, value = layout.subjects(field) if field in layout.details else ((), np.empty((0, 0, 0)))
    for arm in run.settings if names else ():
        own = value[:, layout.columns([arm])[0]]
        for at, name in enumerate(names):
            there = ~np.isnan(own[:, at])
            share = clustered_mean(own[there, at], layout.case[there], 0, 1)
            yield Given(arm=arm, reason=name, share=share)
