"""The primary outcome, a row an arm."""

from typing import TYPE_CHECKING

from simrun.report.canvas import COLOURS, INK, directed, grown, point, reach, spanned, wrapped
from simrun.report.picture import Drawing, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Groups(Picture):
    """Means with their intervals, beside the reference arm's."""

    name, order, title = "groups", 20, "The primary outcome in every arm"

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """Over the whole range of the outcome."""
        panel = figure.subplots()
        for place, arm in enumerate(drawing.arms):
            found = drawing.mean(arm)
            if found.value is None:
                where = panel.get_yaxis_transform()
                panel.text(0.01, place, "not observed", va="center", fontsize=6, color=INK, transform=where)
                continue
            if place == 0:
                panel.axvline(found.value, color=INK, linewidth=0.6, linestyle=":")
            colour = INK if arm.control else COLOURS[0]
            point(panel, (found.value, place), colour, across=reach(found.value, found.low, found.high))
        told = [wrapped(arm.name, 34) for arm in drawing.arms]
        panel.set_yticks(range(len(told)), told, fontsize=7)
        grown(figure, told)
        panel.set_ylim(len(told) - 0.4, -0.6)
        panel.set_xlabel(directed(drawing.kind, drawing.primary))
        spanned(panel.set_xlim, drawing.kind, drawing.primary)
        return (
            f"Mean of {drawing.primary} with 95 % intervals, clustered over cases (hollow: no interval); the dotted "
            "line is the reference arm's. Grey: controls."
        )
