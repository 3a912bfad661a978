"""Whether injected biases show, for programs: the sentences stand with the effects that they are about."""

from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.scored import Scored


class Manipulation(Section):
    """One row a check."""

    name, order, title = "manipulation", 45, "Manipulation check"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """A table; nothing where no bias was injected."""
        rows = tuple(row(each) for each in run.manipulations)
        return (Table(key="manipulations", columns=COLUMNS, rows=rows, shown=False),) if rows else ()


COLUMNS = (
    Column.of("bias", "bias"),
    Column.of("arm", "arm"),
    Column.of("against", "reference"),
    Column.of(
        "seen more often (95 %)",
        "success",
        "low",
        "high",
        form="signed interval",
        about="Share of episodes in which a blinded observer sees it, arm minus reference: at 0 it was ignored.",
    ),
    Column.of("pairs", "n", form="count", about="With a verdict in both arms."),
    Column.of("left out", "excluded", form="count", about="Finished pairs without a verdict."),
    Column.of("interpretable", "interpretable", about="The whole interval is above 0."),
    Column.of("why not", "why"),
)
