"""A panel an arm (or a level), a row an outcome; without any but controls, the noise floor alone."""

from typing import TYPE_CHECKING

from simrun.report.canvas import COLOURS, HEIGHT, INK, NOISE, WIDTH, directed, point, reach, symmetric, wrapped
from simrun.report.picture import Drawing, Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 3
"""Panels in a row."""


class Effects(Picture):
    """Every effect as a share of its outcome's range."""

    name, order, title = "effects", 10, "Effects beside the noise floor"

    def fits(self, drawing: Drawing) -> bool:
        """There is a second arm."""
        return bool(drawing.contrasts)

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """Only outcomes that have a range can stand on one axis; the caption names the others."""
        bounded = [name for name in drawing.kind.measured() if drawing.kind.span(name)]
        rows, arms = _rows(drawing, bounded), _arms(drawing)
        across = min(ACROSS, len(arms))
        down = -(-len(arms) // across)
        figure.set_size_inches(WIDTH, HEIGHT + 2.4 * (down - 1))
        panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).flatten()
        for panel in panels[len(arms) :]:
            panel.set_visible(False)
        for number, (panel, (arm, reference)) in enumerate(zip(panels, arms.items(), strict=False)):
            for place, outcome in enumerate(rows):
                _effect(panel, place, drawing, outcome, arm)
            panel.tick_params(axis="x", labelbottom=number + across >= len(arms))
            panel.axvline(0, color=INK, linewidth=0.6, zorder=1)
            title = arm if reference == drawing.arms[0].name else f"{arm} against {reference}"
            panel.set_title(wrapped(title, 78 // across))
            panel.set_yticks(range(len(rows)), [directed(drawing.kind, name) for name in rows])
            panel.tick_params(axis="y", length=0, labelsize=7)
            panel.grid(axis="x", color="#eeeeee", linewidth=0.6)
            panel.set_axisbelow(True)
        panels[0].set_ylim(len(rows) - 0.4, -0.6)
        symmetric(panels[: len(arms)])
        compared = {each.outcome for each in drawing.contrasts}
        left_out = [name for name in drawing.kind.measured() if name in compared and name not in bounded]
        return (
            f"Difference to {drawing.arms[0].name}, or to what a panel names, as a share of the outcome's range, with "
            "95 % intervals (hollow: no interval). Blue: primary. Grey: the interval of the reference arm against "
            "itself. Arrows: which way is better."
            + (f" Without a range, and so left out: {', '.join(left_out)}." if left_out else "")
        )


def _rows(drawing: Drawing, bounded: list[str]) -> list[str]:
    """The outcomes, declared ones first."""
    families = {each.outcome: each.family for each in drawing.contrasts if each.family != "control"}

    def other(name: str) -> bool:
        return families.get(name, "primary" if name == drawing.primary else "") != "primary"

    return sorted(bounded, key=other)


def _arms(drawing: Drawing) -> dict[str, str]:
    """Arm -> the first of its references, as Drawing.contrast has it; controls only where there is nothing else."""
    arms: dict[str, str] = {}
    for each in [each for each in drawing.contrasts if each.family != "control"] or drawing.contrasts:
        arms.setdefault(each.arm, each.reference)
    return arms


def _effect(panel: "Axes", place: int, drawing: Drawing, outcome: str, arm: str) -> None:
    bounds = drawing.kind.span(outcome)
    span = bounds.high - bounds.low if bounds else 1.0
    noise, found = drawing.contrast(outcome, "same"), drawing.contrast(outcome, arm)
    if noise and noise.low is not None and noise.high is not None:
        panel.barh(place, (noise.high - noise.low) / span, left=noise.low / span, height=0.8, color=NOISE, zorder=0)
    if found is None or found.difference is None:
        panel.text(0, place, " not observed", va="center", fontsize=6, color=INK)
        return
    colour = COLOURS[0] if found.family == "primary" else INK
    across = reach(found.difference, found.low, found.high, span)
    point(panel, (found.difference / span, place), colour, across=across)
