"""The report in pictures: those of simrun.report.drawing."""

from simrun.report.blocks import Block
from simrun.report.picture import Drawing, drawn
from simrun.report.section import Section
from simrun.score.scored import Scored


class Plots(Section):
    """Every picture that there is something to draw for."""

    name, order, title = "plots", 110, "Plots"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """A plot each."""
        return drawn(Drawing.of(run))
