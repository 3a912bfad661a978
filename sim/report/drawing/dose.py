"""The primary outcome by dose, where one is varied: how strong a bias is, how many carry it, or how many know."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from simrun.estimate.paired import Estimate
from simrun.plan.factors import DOSED
from simrun.report.canvas import COLOURS, MARKERS, directed, point, reach, spanned, wrapped
from simrun.report.picture import Drawing, Picture
from simrun.score.arms import ArmResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEP = re.compile(rf"(?:^| )\w+\.(?P<what>{'|'.join(map(re.escape, DOSED))})=(?P<step>-?\d+(?:\.\d+)?)")
"""In an arm's name."""
ACROSS = {
    "dose": "dose (0: control text of the same length)",
    "biased": "how many carry the bias (the others: control text of the same length)",
    "aware": "how many know who it is about",
    "steer.dose": "dose of the steering vector (0: the model as it is)",
}


class Dose(Picture):
    """A curve for each combination of what else is varied."""

    name, order, title = "dose", 40, "The primary outcome by dose"

    def fits(self, drawing: Drawing) -> bool:
        """A dose is varied."""
        return bool(doses(drawing.arms))

    def draw(self, figure: "Figure", drawing: Drawing) -> str:
        """The dose across."""
        panel = figure.subplots()
        series = _series(drawing)
        for index, (rest, points) in enumerate(series.items()):
            colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
            aside = 0.05 * (index - (len(series) - 1) / 2)  # intervals of the same dose stand beside each other
            seen = sorted((dose + aside, found.value, found) for dose, found in points if found.value is not None)
            panel.plot([x for x, _, _ in seen], [y for _, y, _ in seen], color=colour, linewidth=0.8, alpha=0.6)
            for number, (x, y, found) in enumerate(seen):
                up, label = reach(y, found.low, found.high), "" if number else wrapped(rest, 26)
                point(panel, (x, y), colour, marker, up=up, label=label)
        panel.set_xticks(sorted({dose for points in series.values() for dose, _ in points}))
        panel.set_xlabel(ACROSS[stepped(drawing.arms)])
        panel.set_ylabel(directed(drawing.kind, drawing.primary))
        spanned(panel.set_ylim, drawing.kind, drawing.primary)
        if list(series) != [""]:
            figure.legend(loc="outside right center", handlelength=1, labelspacing=0.8)
        return (
            f"Mean of {drawing.primary} with 95 % intervals, clustered over cases (hollow: no interval). Doses are "
            "ordered, not equidistant."
        )


def doses(arms: Iterable[ArmResult]) -> dict[str, tuple[float, str]]:
    """Arm -> its dose, and what else its name says; empty when none is varied. Controls have no place on the curve."""
    found = {arm.name: STEP.search(arm.name) for arm in arms if not arm.control}
    return {
        name: (float(dose["step"]), (name[: dose.start()] + name[dose.end() :]).strip())
        for name, dose in found.items()
        if dose
    }


def stepped(arms: Iterable[ArmResult]) -> str:
    """What is varied by steps: the first of `DOSED` that the arms' names have."""
    return next(found["what"] for arm in arms if (found := STEP.search(arm.name)))


def _series(drawing: Drawing) -> dict[str, list[tuple[float, Estimate]]]:
    """What else is varied -> (dose, mean)."""
    dosed = doses(drawing.arms)
    series: dict[str, list[tuple[float, Estimate]]] = {}
    for arm in drawing.arms:
        if arm.name in dosed:
            dose, rest = dosed[arm.name]
            series.setdefault(rest, []).append((dose, drawing.mean(arm)))
    return series
