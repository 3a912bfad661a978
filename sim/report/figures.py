"""How figures are written in a report, and its tables."""

from collections.abc import Iterable, Sequence

from simrun.report.render.text import cell

LEAST = 1e-14
"""No figure of a report is so small and not 0."""


def interval(value: float | None, low: float | None, high: float | None, signed: bool = False) -> str:
    """A value with its interval in brackets."""
    if value is None:
        return "-"
    bounds = f"[{figure(low, signed)}, {figure(high, signed)}]" if low is not None else "[no interval]"
    return f"{figure(value, signed)} {bounds}"


def figure(value: float | None, signed: bool = False) -> str:
    """A number to three digits, `-` for none; what the rounding of sums leaves over is 0."""
    return "-" if value is None else f"{0.0 if abs(value) < LEAST else value:{'+' if signed else ''}.3g}"


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(str(each)) for each in line) + " |" for line in lines)
