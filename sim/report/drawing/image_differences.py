"""Where the versions of an image differ: a panel a version, as large as the image, with the declared boxes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simrun.report.canvas import COLOURS, INK, wrapped
from simrun.report.picture import Drawing, Picture
from simrun.scenarios.versions import CELLS, Difference, Version

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 6
"""Versions that are drawn."""


class ImageDifferences(Picture):
    """The darker a cell, the more of its pixels differ from the first version."""

    name, order, title = "image_differences", 60, "Where versions of an image differ"

    def fits(self, drawing: Drawing) -> bool:
        """Arms show different versions."""
        return any(_others(drawing))

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """Up to six of them."""
        every = list(_others(drawing))
        columns = min(len(every), 3)
        rows = -(-min(len(every), MOST) // columns)
        panels = figure.subplots(rows, columns, squeeze=False).flatten()
        for panel in panels[len(every) :]:
            panel.axis("off")
        for panel, (case, version, found) in zip(panels, every[:MOST], strict=False):
            _drawn(panel, version, found)
            panel.set_title(wrapped(f"{case}: {version.level}", 78 // columns))
        left = len(every) - MOST
        more = f" {left} more versions stand in the table." if left > 0 else ""
        return (
            "Shaded: cells with pixels that differ from the first version, the darker the more of them; dashed: where "
            f"that was declared. A cell may reach beyond it, its pixels do not.{more}"
        )


def _others(drawing: Drawing) -> Iterator[tuple[str, Version, Difference]]:
    return (
        (case, each, each.difference)
        for case, versions in drawing.images.items()
        for each in versions
        if each.difference is not None
    )


def _drawn(panel: "Axes", version: Version, found: Difference) -> None:
    from matplotlib.patches import Rectangle

    side = -(-max(found.width, found.height) // CELLS)
    for down, row in enumerate(found.cells):
        for across, cell in enumerate(row):
            if cell != "0":
                share = 1.0 if cell == "X" else int(cell) / 10
                panel.add_patch(
                    Rectangle((across * side, down * side), side, side, color=COLOURS[0], alpha=share, linewidth=0)
                )
    for left, top, right, bottom in version.edit.boxes if version.edit else ():
        panel.add_patch(
            Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=COLOURS[1], linestyle="--")
        )
    panel.add_patch(Rectangle((0, 0), found.width, found.height, fill=False, edgecolor=INK, linewidth=0.6))
    panel.set_xlim(-1, found.width + 1)
    panel.set_ylim(found.height + 1, -1)
    panel.set_aspect("equal")
    panel.tick_params(labelsize=6)
