"""The report in pictures: small SVG files whose bytes depend on the report alone, so that a replay can compare them."""

import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.report.record import ArmResult, Report
from simrun.scenarios.outcome import Outcome
from simrun.score.contrasts import ContrastResult
from simrun.score.layout import Layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLES = {
    "effects.svg": "Effects beside the noise floor",
    "groups.svg": "The primary outcome in every arm",
    "accuracy.svg": "Accuracy against its gap to the reference",
    "dose.svg": "The primary outcome by dose",
}
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by the colour-blind (Okabe and Ito 2008); a marker or a number says the same, so that nobody needs the colour."""
MARKERS = "osD^vPX"
INK, NOISE = "#444444", "#d4d4d4"
STYLE: dict[str, Any] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 7,
    "figure.constrained_layout.use": True,
    # shipped with matplotlib: what is installed on a machine must not move a label
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "svg.fonttype": "none",
    "svg.hashsalt": "simrun",
    # a level may be called $50,000
    "text.parse_math": False,
}
WIDTH, HEIGHT = 6.0, 4.0
LINE = 0.14
"""Inches that a line of small text takes: a plot of many arms grows, and its text does not shrink."""
ACROSS = 3
"""Panels in a row."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What every plot is drawn from."""

    report: Report
    layout: Layout
    kind: type[Outcome]
    primary: str

    def mean(self, arm: ArmResult) -> Estimate:
        """The primary outcome in one arm."""
        bounds = self.kind.span(self.primary)
        limits = (bounds.low, bounds.high) if bounds else (None, None)
        own = self.layout.observed(self.primary, [arm.name])
        return clustered_mean(own.value, own.case, *limits)

    def contrast(self, outcome: str, arm: str) -> ContrastResult | None:
        """One outcome of one arm against the first of its references; None for the reference itself."""
        return next((each for each in self.report.contrasts if (each.outcome, each.arm) == (outcome, arm)), None)


def shown(report: Report) -> dict[str, str]:
    """The plots that a report has, file name -> title: no effects without a second arm, no dose where none is varied.

    And no gap of an arm to the reference where several arms together are compared with several (a fractional design).
    """
    there = {
        "effects.svg": bool(report.contrasts),
        "accuracy.svg": any(arm.accuracy is not None for arm in report.arms)
        and not any(each.note for each in report.contrasts),
        "dose.svg": bool(doses(report)),
    }
    return {name: title for name, title in TITLES.items() if there.get(name, True)}


def doses(report: Report) -> dict[str, tuple[int, str]]:
    """Arm -> its dose, and what else its name says; empty when no dose is varied. Controls have no place on the curve."""
    found = {arm.name: re.search(r"(?:^| )\w+\.dose=(\d+)", arm.name) for arm in report.arms if not arm.control}
    return {
        name: (int(dose[1]), (name[: dose.start()] + name[dose.end() :]).strip())
        for name, dose in found.items()
        if dose
    }


def plots(report: Report, layout: Layout, kind: type[Outcome], primary: Sequence[str]) -> dict[str, bytes]:
    """Every plot of a report, file name -> SVG. `layout` is the run's; of several primary outcomes the first is drawn by arm."""
    from matplotlib import style
    from matplotlib.figure import Figure

    known = [name for name in primary if name in kind.measured()] or list(kind.measured())
    drawing = Drawing(report, layout, kind, known[0])
    drawers: Mapping[str, Callable[[Figure, Drawing], str]] = {
        "effects.svg": _effects,
        "groups.svg": _groups,
        "accuracy.svg": _accuracy,
        "dose.svg": _dose,
    }
    drawn = {}
    with style.context(["default", STYLE]):  # "default" first: a user's own matplotlibrc must not change the bytes
        for name, title in shown(report).items():
            figure = Figure(
                figsize=(WIDTH, HEIGHT)
            )  # a Figure of its own needs no display and leaves pyplot's backend alone
            caption = drawers[name](figure, drawing)
            drawn[name] = _svg(figure, title, caption, report)
    return drawn


def _svg(figure: "Figure", title: str, caption: str, report: Report) -> bytes:
    """The picture with its caption; arms are named whole in its description, for those who search or cannot see it."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=9, fontweight="bold")
    figure.supxlabel(textwrap.fill(caption, 130), x=0.01, ha="left", fontsize=6.5, color=INK)
    told = f"{title}. {caption} Arms: {'; '.join(arm.name for arm in report.arms)}."
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Title": title, "Description": told, "Date": None, "Creator": None})
    return buffer.getvalue()


def _effects(figure: "Figure", drawing: Drawing) -> str:
    """A panel an arm (or a level), a row an outcome; without any but controls, the noise floor alone."""
    report = drawing.report
    bounded = [name for name in drawing.kind.measured() if drawing.kind.span(name)]
    families = {each.outcome: each.family for each in report.contrasts if each.family != "control"}
    rows = sorted(
        bounded, key=lambda name: families.get(name, "primary" if name == drawing.primary else "") != "primary"
    )
    effects = [each for each in report.contrasts if each.family != "control"] or report.contrasts
    arms: dict[str, str] = {}
    for each in effects:
        arms.setdefault(each.arm, each.reference)  # the first, as drawing.contrast has it
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
        panel.set_title(
            wrapped(arm if reference == report.arms[0].name else f"{arm} against {reference}", 78 // across)
        )
        panel.set_yticks(range(len(rows)), [_directed(drawing.kind, name) for name in rows])
        panel.tick_params(axis="y", length=0, labelsize=7)
        panel.grid(axis="x", color="#eeeeee", linewidth=0.6)
        panel.set_axisbelow(True)
    panels[0].set_ylim(len(rows) - 0.4, -0.6)
    _symmetric(panels[: len(arms)])
    left_out = [name for name in drawing.kind.measured() if name not in bounded]
    return (
        f"Difference to {report.arms[0].name}, or to what a panel names, as a share of the outcome's range, with 95 % intervals (hollow: no interval). "
        f"Blue: primary. Grey: the interval of the reference arm against itself. Arrows: which way is better."
        + (f" Without a range, and so left out: {', '.join(left_out)}." if left_out else "")
    )


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
    _point(
        panel,
        (found.difference / span, place),
        colour,
        "o",
        across=_reach(found.difference, found.low, found.high, span),
    )


def _directed(kind: type[Outcome], outcome: str) -> str:
    return outcome + {"higher": " ↑", "lower": " ↓", "neither": ""}[kind.measured()[outcome].direction]


def _symmetric(panels: Iterable["Axes"]) -> None:
    """No difference in the middle, so that neither side looks larger; the same scale in all."""
    panels = list(panels)
    reach = 1.1 * max(0.1, *(abs(float(end)) for panel in panels for end in panel.dataLim.intervalx))
    for panel in panels:
        panel.set_xlim(-reach, reach)


def _groups(figure: "Figure", drawing: Drawing) -> str:
    arms = drawing.report.arms
    panel = figure.subplots()
    for place, arm in enumerate(arms):
        found = drawing.mean(arm)
        if found.value is None:
            panel.text(
                0.01, place, "not observed", va="center", fontsize=6, color=INK, transform=panel.get_yaxis_transform()
            )
            continue
        if place == 0:
            panel.axvline(found.value, color=INK, linewidth=0.6, linestyle=":")
        colour = INK if arm.control else COLOURS[0]
        _point(panel, (found.value, place), colour, "o", across=_reach(found.value, found.low, found.high))
    told = [wrapped(arm.name, 34) for arm in arms]
    panel.set_yticks(range(len(arms)), told, fontsize=7)
    _grown(figure, told)
    panel.set_ylim(len(arms) - 0.4, -0.6)
    panel.set_xlabel(_directed(drawing.kind, drawing.primary))
    _spanned(panel.set_xlim, drawing)
    return f"Mean of {drawing.primary} with 95 % intervals, clustered over cases (hollow: no interval); the dotted line is the reference arm's. Grey: controls."


def _accuracy(figure: "Figure", drawing: Drawing) -> str:
    panel = figure.subplots()
    placed: dict[int, tuple[float, float]] = {}
    for number, arm in enumerate(drawing.report.arms, 1):
        gap = drawing.contrast(drawing.kind.accuracy, arm.name)
        difference = gap.difference if gap else (0.0 if number == 1 else None)
        if arm.accuracy is not None and difference is not None:
            placed[number] = (difference, arm.accuracy)
            across = _reach(difference, gap.low, gap.high) if gap else (0.0, 0.0)
            up = _reach(arm.accuracy, arm.accuracy_low, arm.accuracy_high)
            _point(panel, placed[number], INK if arm.control else COLOURS[0], "o", across, up)
    for those in _near(placed):
        panel.annotate(", ".join(map(str, those)), placed[those[0]], (4, 4), textcoords="offset points", fontsize=7)
    panel.axvline(0, color=INK, linewidth=0.6, zorder=0)
    panel.set_ylim(-0.03, 1.07)
    _symmetric([panel])
    panel.set_xlabel("gap: accuracy of the arm minus the reference's, within pairs")
    panel.set_ylabel("accuracy")
    _numbered(figure, drawing.report.arms, placed)
    return "Both with 95 % intervals (hollow: one is missing). Best is high, and at no gap. Arm 1 is the reference; grey: controls."


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
    _grown(figure, told)


def _grown(figure: "Figure", told: Sequence[str]) -> None:
    lines = sum(text.count("\n") + 1.6 for text in told)
    figure.set_size_inches(WIDTH, max(HEIGHT, 1.2 + LINE * lines))


def _dose(figure: "Figure", drawing: Drawing) -> str:
    panel = figure.subplots()
    series: dict[str, list[tuple[int, Estimate]]] = {}
    for arm in drawing.report.arms:
        if arm.name in doses(drawing.report):
            dose, rest = doses(drawing.report)[arm.name]
            series.setdefault(rest, []).append((dose, drawing.mean(arm)))
    for index, (rest, points) in enumerate(series.items()):
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        aside = 0.05 * (index - (len(series) - 1) / 2)  # intervals of the same dose stand beside each other
        seen = sorted((dose + aside, found.value, found) for dose, found in points if found.value is not None)
        panel.plot([x for x, _, _ in seen], [y for _, y, _ in seen], color=colour, linewidth=0.8, alpha=0.6)
        for number, (x, y, found) in enumerate(seen):
            _point(
                panel,
                (x, y),
                colour,
                marker,
                up=_reach(y, found.low, found.high),
                label="" if number else wrapped(rest, 26),
            )
    panel.set_xticks(sorted({dose for points in series.values() for dose, _ in points}))
    panel.set_xlabel("dose (0: control text of the same length)")
    panel.set_ylabel(_directed(drawing.kind, drawing.primary))
    _spanned(panel.set_ylim, drawing)
    if list(series) != [""]:
        figure.legend(loc="outside right center", handlelength=1, labelspacing=0.8)
    return f"Mean of {drawing.primary} with 95 % intervals, clustered over cases (hollow: no interval). Doses are ordered, not equidistant."


Reach = tuple[float, float] | None
"""How far an interval goes below and above its value; None without an interval."""


def _reach(value: float, low: float | None, high: float | None, span: float = 1.0) -> Reach:
    return None if low is None or high is None else (max(value - low, 0.0) / span, max(high - value, 0.0) / span)


def _point(
    panel: "Axes",
    at: tuple[float, float],
    colour: str,
    marker: str,
    across: Reach = (0.0, 0.0),
    up: Reach = (0.0, 0.0),
    label: str = "",
) -> None:
    whole = across is not None and up is not None
    x, y = across or (0.0, 0.0), up or (0.0, 0.0)
    panel.errorbar(
        at[0],
        at[1],
        xerr=[[x[0]], [x[1]]] if any(x) else None,
        yerr=[[y[0]], [y[1]]] if any(y) else None,
        fmt=marker,
        markersize=4.5,
        color=colour,
        markerfacecolor=colour if whole else "white",
        elinewidth=1,
        label=label or None,
    )


def _spanned(limit: Callable[[float, float], object], drawing: Drawing) -> None:
    """The whole range of the outcome, where it has one: a cut axis makes small differences look large."""
    bounds = drawing.kind.span(drawing.primary)
    if bounds:
        margin = 0.03 * (bounds.high - bounds.low)
        limit(bounds.low - margin, bounds.high + margin)


def wrapped(name: str, width: int) -> str:
    """An arm's name on lines of at most `width` characters, broken at spaces, else behind an equals sign, else anywhere."""
    words = [word.replace("=", "= ", 1) if len(word) > width else word for word in name.split()]
    return "\n".join(textwrap.wrap(" ".join(words), width, break_on_hyphens=False))
