"""What spread, round by round, by how far from who carries it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simrun.report.canvas import COLOURS, INK, MARKERS, point, reach, wrapped
from simrun.report.picture import Drawing, Picture
from simrun.report.spreading import ANY, OWN, UNREACHED, WaveResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 3
"""Arms that are drawn, the first ones."""


class Contagion(Picture):
    """A panel for each arm, a curve for each distance."""

    name, order, title = "contagion", 45, "The wave: who says it, by round and distance"

    def fits(self, drawing: Drawing) -> bool:
        """Something could spread."""
        return bool(drawing.wave)

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """Rounds across."""
        arms = list(dict.fromkeys(each.arm for each in drawing.wave))[:MOST]
        panels = figure.subplots(1, len(arms), sharey=True, squeeze=False)[0]
        for panel, arm in zip(panels, arms, strict=True):
            _curves(panel, [each for each in drawing.wave if each.arm == arm])
            panel.set_title(wrapped(arm, 30 if len(arms) > 1 else 80))
            panel.set_xlabel("round")
        panels[0].set_ylabel("share who say it ↓")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", handlelength=1.6)
        return (
            "Share, within an episode, of those at each number of steps from the nearest who carries the bias who say "
            "it, with 95 % intervals over episodes (hollow: no interval). Dashed and dotted: all who do not carry it, "
            "under the two nulls."
        )


def _curves(panel: "Axes", rows: Sequence[WaveResult]) -> None:
    distances = [each for each in dict.fromkeys(row.distance for row in rows) if each != ANY]
    for index, distance in enumerate(distances):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        aside = 0.04 * (index - (len(distances) - 1) / 2)  # intervals of one round stand beside each other
        own = [(row.round + aside, row.spread) for row in rows if row.distance == distance]
        known = [(x, found.value, found) for x, found in own if found.value is not None]
        panel.plot([x for x, _, _ in known], [y for _, y, _ in known], color=colour, linewidth=0.8, alpha=0.6)
        for nth, (x, y, found) in enumerate(known):
            point(
                panel,
                (x, y),
                colour,
                marker,
                up=reach(y, found.low, found.high),
                label="" if nth else _called(distance),
            )
    every = [row for row in rows if row.distance == ANY]
    for label, style, line in (
        ("own drift", "--", [(row.round, row.drift.value) for row in every]),
        ("the talk alone", ":", [(row.round, row.plain.value) for row in every]),
    ):
        known_line = [(x, y) for x, y in line if y is not None]
        if known_line:
            panel.plot([x for x, _ in known_line], [y for _, y in known_line], style, color=INK, label=label)
    panel.set_ylim(-0.03, 1.03)
    panel.set_xticks(sorted({row.round for row in rows}))


def _called(distance: str) -> str:
    named = {OWN: "who carry it", UNREACHED: "out of reach", "1": "1 step"}
    return named.get(distance, f"{distance} steps")
