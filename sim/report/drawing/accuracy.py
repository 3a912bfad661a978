"""How right an arm is, against how far that is from the reference."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from simrun.report.canvas import COLOURS, INK, grown, point, reach, symmetric, wrapped
from simrun.report.picture import Drawing, Picture
from simrun.score.arms import ArmResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Accuracy(Picture):
    """A point an arm, by number."""

    name, order, title = "accuracy", 30, "Accuracy against its gap to the reference"

    def fits(self, drawing: Drawing) -> bool:
        """There is an accuracy, and one arm is compared with one (not several together, as in a fractional design)."""
        known = any(arm.accuracy is not None for arm in drawing.arms)
        return known and not any(each.note for each in drawing.contrasts)

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """The gap across, the accuracy up."""
        panel = figure.subplots()
        placed: dict[int, tuple[float, float]] = {}
        for number, arm in enumerate(drawing.arms, 1):
            gap = drawing.contrast(drawing.kind.accuracy, arm.name)
            difference = gap.difference if gap else (0.0 if number == 1 else None)
            if arm.accuracy is not None and difference is not None:
                placed[number] = (difference, arm.accuracy)
                across = reach(difference, gap.low, gap.high) if gap else (0.0, 0.0)
                up = reach(arm.accuracy, arm.accuracy_low, arm.accuracy_high)
                point(panel, placed[number], INK if arm.control else COLOURS[0], across=across, up=up)
        for those in _near(placed):
            told = ", ".join(map(str, those))
            panel.annotate(told, placed[those[0]], (4, 4), textcoords="offset points", fontsize=7)
        panel.axvline(0, color=INK, linewidth=0.6, zorder=0)
        panel.set_ylim(-0.03, 1.07)
        symmetric([panel])
        panel.set_xlabel("gap: accuracy of the arm minus the reference's, within pairs")
        panel.set_ylabel("accuracy")
        _numbered(figure, drawing.arms, placed)
        return (
            "Both with 95 % intervals (hollow: one is missing). Best is high, and at no gap. Arm 1 is the reference; "
            "grey: controls."
        )


def _near(placed: Mapping[int, tuple[float, float]]) -> Iterable[list[int]]:
    """Points so near to each other that their numbers would overlap."""
    cells: dict[tuple[int, int], list[int]] = {}
    for number, (x, y) in placed.items():
        cells.setdefault((round(x / 0.05), round(y / 0.05)), []).append(number)
    return cells.values()


def _numbered(figure: "Figure", arms: Sequence[ArmResult], placed: Collection[int]) -> None:
    """The arms by number, beside the plot."""
    from matplotlib.lines import Line2D

    seen = {number: "" if number in placed else " (not observed)" for number in range(1, len(arms) + 1)}
    told = [f"{number}  {wrapped(arm.name + seen[number], 26)}" for number, arm in enumerate(arms, 1)]
    bare = [Line2D([], [], linestyle="none") for _ in told]
    figure.legend(bare, told, loc="outside right center", handlelength=0, handletextpad=0, labelspacing=0.8)
    grown(figure, told)
