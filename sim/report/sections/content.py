"""What a reader should be told before all else."""

from simrun.report.blocks import Block, Prose
from simrun.report.section import Section
from simrun.score.scored import Scored


class Content(Section):
    """A note on what this scenario's texts can hold."""

    name, order = "content", 5

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where its texts hold nothing of the kind."""
        note = run.manifest.scenario.content_note
        return (Prose(text=note, level="note"),) if note else ()
