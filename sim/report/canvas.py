"""How plots are drawn: colours, points with intervals, axes, names that fit."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from simrun.scenarios.outcome import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Told apart by the colour-blind (Okabe and Ito 2008); a marker or a number says the same, so that nobody needs the
colour."""
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

Reach = tuple[float, float] | None
"""How far an interval goes below and above its value; None without an interval."""


def reach(value: float, low: float | None, high: float | None, span: float = 1.0) -> Reach:
    """The interval around a value, in units of `span`."""
    return None if low is None or high is None else (max(value - low, 0.0) / span, max(high - value, 0.0) / span)


def point(
    panel: "Axes",
    at: tuple[float, float],
    colour: str,
    marker: str = "o",
    across: Reach = (0.0, 0.0),
    up: Reach = (0.0, 0.0),
    label: str = "",
) -> None:
    """A point with its intervals; hollow where one is missing."""
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


def directed(kind: type[Outcome], outcome: str) -> str:
    """The outcome's name, and an arrow which way it is better."""
    return outcome + {"higher": " ↑", "lower": " ↓", "neither": ""}[kind.measured()[outcome].direction]


def symmetric(panels: Iterable["Axes"]) -> None:
    """No difference in the middle, so that neither side looks larger; the same scale in all."""
    panels = list(panels)
    most = 1.1 * max(0.1, *(abs(float(end)) for panel in panels for end in panel.dataLim.intervalx))
    for panel in panels:
        panel.set_xlim(-most, most)


def spanned(limit: Callable[[float, float], object], kind: type[Outcome], outcome: str) -> None:
    """The whole range of the outcome, where it has one: a cut axis makes small differences look large."""
    bounds = kind.span(outcome)
    if bounds:
        margin = 0.03 * (bounds.high - bounds.low)
        limit(bounds.low - margin, bounds.high + margin)


def grown(figure: "Figure", told: Sequence[str]) -> None:
    """High enough for these names under each other."""
    lines = sum(text.count("\n") + 1.6 for text in told)
    figure.set_size_inches(WIDTH, max(HEIGHT, 1.2 + LINE * lines))


def wrapped(name: str, width: int) -> str:
    """An arm's name on lines of at most `width` characters.

    It is broken at spaces, else behind an equals sign, else anywhere.
    """
    words = [word.replace("=", "= ", 1) if len(word) > width else word for word in name.split()]
    return "\n".join(textwrap.wrap(" ".join(words), width, break_on_hyphens=False))
