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
    "A figure says something where its interval leaves out the fair value, and it is more than the same arm twice. "
    "Intervals: delete-a-group jackknife over cases."
)


def selections(run: Scored) -> tuple[SelectionResult, ...]:
    """Every axis that was varied, and their intersections; nothing for scenarios in which nobody is chosen."""
    return chosen(run, stated=False)
