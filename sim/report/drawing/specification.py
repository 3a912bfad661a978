"""The effect in each wording of the prompts, the least first."""

from typing import TYPE_CHECKING

from simrun.report.canvas import COLOURS, INK, directed, grown, point, reach, symmetric, wrapped
from simrun.report.picture import Drawing, Picture
from simrun.report.specification import SpecificationResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 3
"""Comparisons that are drawn beside each other."""


class Specification(Picture):
    """A panel a comparison, a row a wording."""

    name, order, title = "specification", 50, "The effect in each wording"

    def fits(self, drawing: Drawing) -> bool:
        """There are several wordings."""
        return bool(_own(drawing))

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """The same scale in all, no difference in the middle."""
        own = _own(drawing)
        panels = figure.subplots(1, len(own), sharex=True, squeeze=False).flatten()
        for panel, found in zip(panels, own, strict=True):
            for place, each in enumerate(found.curve):
                if each.effect.value is not None:
                    across = reach(each.effect.value, each.effect.low, each.effect.high)
                    point(panel, (each.effect.value, place), COLOURS[0], across=across)
            panel.axvline(0, color=INK, linewidth=0.6, zorder=1)
            panel.axvline(found.whole.value or 0.0, color=INK, linewidth=0.6, linestyle=":", zorder=1)
            panel.set_yticks(range(len(found.curve)), [each.wording for each in found.curve], fontsize=7)
            panel.set_ylim(len(found.curve) - 0.4, -0.6)
            panel.set_title(wrapped(found.arm, 78 // len(own)))
            panel.set_xlabel(directed(drawing.kind, drawing.primary), fontsize=7)
        grown(figure, [each.wording for each in own[0].curve])
        symmetric(panels)
        left = len([each for each in drawing.specification if each.outcome == drawing.primary]) - len(own)
        return (
            f"Difference in {drawing.primary} in each wording of the prompts, the least first, with 95 % intervals "
            "(hollow: no interval); the dotted line is the effect over all wordings."
            + (f" {left} more comparisons stand in the table." if left else "")
        )


def _own(drawing: Drawing) -> list[SpecificationResult]:
    return [each for each in drawing.specification if each.outcome == drawing.primary][:MOST]
