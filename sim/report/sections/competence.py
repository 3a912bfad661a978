"""Whether whoever played can do the task at all: stands above all figures, which else mean nothing."""

from simrun.report.blocks import Block, Finding
from simrun.report.section import Section
from simrun.score.competence import Inability, inabilities
from simrun.score.scored import Scored


class Competence(Section):
    """A finding for every setting of the engines in which the task cannot be done; nothing where it can."""

    name, order = "competence", 5

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nothing shows that the task cannot be done."""
        return tuple(Finding(text=told(each), verdict="failed") for each in inabilities(run))


def told(each: Inability) -> str:
    """The sentence."""
    who = f"The model of {each.engines}" if each.engines else "This model"
    return (
        f"**{who} cannot do the task**: {'; '.join(each.reasons)}. Its fairness figures below mean nothing: whoever "
        "does not look at the case treats everybody alike."
    )
