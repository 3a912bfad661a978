"""The primary outcome turn by turn, where it has a value a turn."""

from typing import TYPE_CHECKING

import numpy as np

from simrun.estimate.paired import clustered_mean
from simrun.report.canvas import COLOURS, MARKERS, directed, point, reach, spanned, wrapped
from simrun.report.picture import Drawing, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class ByTurn(Picture):
    """A curve for each arm that is no control."""

    name, order, title = "by_turn", 45, "The primary outcome turn by turn"

    def fits(self, drawing: Drawing) -> bool:
        """It has values at two turns."""
        layout = drawing.layout
        there = drawing.primary in layout.details and ~np.isnan(layout.series(drawing.primary))
        return bool(np.any(there)) and layout.details[drawing.primary].value.shape[2] > 1

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """Turns across, from 1."""
        panel, layout = figure.subplots(), drawing.layout
        bounds = drawing.kind.span(drawing.primary)
        limits = (bounds.low, bounds.high) if bounds else (None, None)
        arms = [arm.name for arm in drawing.arms if not arm.control]
        for index, arm in enumerate(arms):
            colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
            aside = 0.08 * (index - (len(arms) - 1) / 2) / max(1, len(arms) / 5)  # intervals stand beside each other
            value = layout.series(drawing.primary, [arm])[:, 0]
            label, seen = wrapped(arm, 26), list[tuple[float, float]]()
            for turn, at in enumerate(value.T, 1):
                there = ~np.isnan(at)
                found = clustered_mean(at[there], layout.case[there], *limits)
                if found.value is not None:
                    up = reach(found.value, found.low, found.high)
                    point(panel, (turn + aside, found.value), colour, marker, up=up, label=label)
                    seen, label = [*seen, (turn + aside, found.value)], ""
            panel.plot([x for x, _ in seen], [y for _, y in seen], color=colour, linewidth=0.8, alpha=0.6)
        panel.set_xticks(range(1, layout.details[drawing.primary].value.shape[2] + 1))
        panel.set_xlabel("turn")
        panel.set_ylabel(directed(drawing.kind, drawing.primary))
        spanned(panel.set_ylim, drawing.kind, drawing.primary)
        figure.legend(loc="outside right center", handlelength=1, labelspacing=0.8)
        return (
            f"Mean of {drawing.primary} at each turn with 95 % intervals, clustered over cases (hollow: no interval), "
            "of the episodes that have a value there."
        )
