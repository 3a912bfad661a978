"""Who is chosen of the groups that cases state by themselves: these are of different people."""

from simrun.report.blocks import Block, Prose
from simrun.report.chosen import SelectionResult, chosen, tables
from simrun.report.section import Section
from simrun.score.pool import DIVISIONS, LEAST
from simrun.score.scored import Scored


class Stated(Section):
    """A table for each group of each arm against the largest group."""

    name, order, title = "stated", 65, "Who is chosen, as the cases are"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nobody is chosen, and where cases state no groups, or all of them were set or varied."""
        found = stated(run)
        return (Prose(text=ABOUT), *tables(found)) if found else ()


ABOUT = (
    "Groups as the cases state them. Their members are different people, who differ in more than the group: a "
    "difference may be that of their merit, which is why its own difference stands first, and what is left at equal "
    "merit (a straight line in merit taken out) beside the plain one. Where merit is unknown, or was itself judged "
    "unfairly, only the same people played as both tell what is the agent's. What chance makes of a figure is its "
    f"mean over {DIVISIONS} exchanges of the labels among these people. A figure says something where its adjusted p "
    "is below .05: labels exchanged among cases, which tests that group and people have nothing to do with each "
    "other; corrected over the figures of a table by min-p on the same exchanges, and over all tables of this section "
    f"by Holm. Groups of fewer than {LEAST} cases are left out. Intervals (delete-a-group jackknife over cases) are "
    "not corrected; a distance, which chance alone lifts, has none."
)


def stated(run: Scored) -> tuple[SelectionResult, ...]:
    """Every such group in every arm that leaves it as it is; and their intersections."""
    return chosen(run, stated=True)
