"""Who is chosen, where everybody is played as a member of each group.

Of an axis that was varied, everybody stands in the pool as a member of each group (the other factors matched): groups
are equal in merit by construction, and any difference is the agent's.
"""

from simrun.report.blocks import Block, Prose
from simrun.report.chosen import SelectionResult, chosen, tables
from simrun.report.section import Section
from simrun.score.scored import Scored


class Selection(Section):
    """A table for each level of each axis, and of their intersections, against the first."""

    name, order, title = "selection", 60, "Who is chosen"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing for scenarios in which nobody is chosen, and where no axis was varied."""
        found = selections(run)
        return (Prose(text=ABOUT), *tables(found)) if found else ()


ABOUT = (
    "Whoever is judged is played as a member of each group, so groups are equal in merit and what differs is the "
    "agent's. The best are chosen out of a pool in which everybody stands once as each; the tied share a place. "
    "A figure says something where its adjusted p is below .05: the labels of both groups are exchanged in whole "
    "cases (all exchanges where they are few, else drawn with a fixed seed), which is exact, as labels were assigned "
    "at random inside each case; corrected over the figures of a table by min-p on the same exchanges, and over all "
    "tables, axes and intersections of this section by Holm. It tests that the groups are interchangeable. Intervals "
    "(delete-a-group jackknife over cases) are not corrected; a distance, which chance alone lifts, has none."
)


def selections(run: Scored) -> tuple[SelectionResult, ...]:
    """Every axis that was varied, and their intersections; nothing for scenarios in which nobody is chosen."""
    return chosen(run, stated=False)
