"""What the run asks, in a sentence."""

from simrun.log.manifest import Manifest
from simrun.report.blocks import Block, Prose
from simrun.report.section import Section
from simrun.score.scored import Scored


class Question(Section):
    """The sentence that the report opens with."""

    name, order = "question", 0

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """One paragraph."""
        return (Prose(text=question(run.manifest)),)


def question(manifest: Manifest) -> str:
    """What is varied, for whom, between which levels."""
    varied = [f"{each.role} {each.what} ({', '.join(each.levels)})" for each in manifest.factors]
    scenario = manifest.scenario.name
    if not varied:
        return f"How does {scenario} come out, and how much of it is chance? Nothing was varied."
    return f"What changes in {scenario} when only this changes: {' and '.join(varied)}?"
