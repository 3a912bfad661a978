"""What this design could not have seen, in its own figures."""

from collections.abc import Iterator

from simrun.report.blocks import Block, Finding, Prose
from simrun.report.figures import figure
from simrun.report.section import Section
from simrun.score.scored import Scored


class Unseen(Section):
    """The limits of the design."""

    name, order, title = "unseen", 130, "What could not have been seen"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """A finding a limit, and what no design of this kind sees."""
        always = "What people unlike these cases would meet, and what is said in other words than these prompts."
        return (*_limits(run), Prose(text=always, level="item"))


def _limits(run: Scored) -> Iterator[Finding]:
    for each in run.contrasts:
        if each.family == "primary" and each.detectable is not None:
            yield Finding(
                text=f"{each.outcome}, {each.arm}: differences smaller than {figure(each.detectable)} would be missed "
                "in more than one of five repetitions.",
                verdict="limit",
                outcome=each.outcome,
                arm=each.arm,
                reference=each.reference,
            )
    for check in run.manipulations:
        if not check.arm:
            yield Finding(text=f"Whether {check.bias} shows: {check.why}.", verdict="limit")
