"""Every other metric whose needs the run meets, by the code that is published."""

from simrun.report.blocks import Block, Column, Prose, Table, row
from simrun.report.chosen import CHOSEN
from simrun.report.section import Section
from simrun.score.menu import asked, figured
from simrun.score.metric import Figure
from simrun.score.scored import Scored

ELSEWHERE = ("paired_difference", "odds_ratio", "restricted_mean_turns", "restricted_mean_difference")
"""Metrics that have a section of their own: effects, words, when it happens, small cells."""


class Metrics(Section):
    """One table: each figure of each metric that has no section of its own."""

    name, order, title = "metrics", 85, "Further metrics"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Shown where a run names the metrics it wants; else in the JSON, and here how many there are."""
        found, named = metrics(run), bool(run.manifest.config.metrics)
        defined = sorted(found, key=lambda figure: figure.value is None)
        rows = tuple(row(each) for each in defined)
        if not rows:
            return ()
        table = Table(key="metrics", about=ABOUT, columns=COLUMNS, rows=rows, shown=named)
        return (table,) if named else (Prose(text=MORE.format(len(rows), len({each.metric for each in found}))), table)


MORE = (
    "{} figures of {} metrics are in report.json; metrics=[NAME,...] shows those here that are wanted "
    "(simrun list metrics)."
)
ABOUT = (
    "Each metric says in `simrun list metrics` what it measures. Intervals are not corrected: of figures at their fair "
    "value one in twenty leaves it out by chance. A distance, which chance alone lifts above 0, has no interval: only "
    "its floor, where there is one, tells what is much."
)
COLUMNS = (
    Column.of("metric", "name"),
    Column.of("outcome", "outcome"),
    Column.of("by", "factor"),
    Column.of("arm", "arm", about="The arm, or the level of the group."),
    Column.of("against", "reference"),
    Column.of("value (95 %)", "value", "low", "high", form="interval"),
    Column.of("fair", "fair", form="figure", about="The value of parity, where there is one."),
    Column.of("floor", "floor", form="figure", about="What chance alone makes of it."),
    Column.of("worse", "worse", about="Which way is worse; away: from fair."),
    Column.of("n (cases)", "n", "cases", form="count", pattern="{} ({})"),
    Column.of("left out", "excluded", form="count"),
    Column.of("why not", "why", about="Why there is no value."),
)


def metrics(run: Scored) -> tuple[Figure, ...]:
    """The figures, those of metrics that were asked for where a run names them."""
    names = run.manifest.config.metrics
    kinds = [kind for kind in asked(names) if names or (kind.name not in ELSEWHERE and kind.needs not in CHOSEN)]
    return tuple(figured(run, kinds))
