"""Writes docs/calibration.md and its plot from the figures of calibrate.py."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import dialogue_page
import pandas as pd
import review_page
from calibrate import PARTS, Row, module
from shares import doubtful, fails, most, sure

from simrun.report.figures import table

DOCS = Path(__file__).parents[1] / "docs"
OWN: Mapping[str, tuple[str, Callable[[Sequence[Row]], str]]] = {
    "dialogues": ("Dialogues", dialogue_page.part),
    "reviews": ("Peer review", review_page.part),
}
"""Parts whose section another module writes: heading, and the text of their figures."""
PAGE = """# Calibration

How far the instrument can be trusted, measured where the truth is known: audits with planted parameters and no model. Made by
`python benchmarks/calibrate.py --write`; `--only PART` measures one part, `--small` takes under a minute, `--json` gives every figure. A cell is
kept as soon as it is measured, so the run can be broken off and taken up. What is measured are the functions that a report calls. How to read
what they print: [statistics.md](statistics.md).

**A cell fails** when the 99.9 % upper end of its coverage (exact, one-sided) lies below 93 %, or the 99.9 % lower end of its false alarms above
5 %. Nominal are 95 % and 5 %. A cell whose first audits leave it below 93 % or above 6 % is played again, oftener and with other seeds, and only
that counts. Exact methods may cover more, and do where few cases differ.

## What was found

{found}

{parts}

### Cells that fail

{failing}

### The price: width beside the t interval

Yes or no, one pair a case (exact): least coverage over all rates, shares of common luck, effects and directions, and how wide the interval is
beside that of the t interval, where that has a width.

{price}

## Goals

{goals}

## What changed since the last calibration

The grid before this one had one rate of success and half of the luck private, and hid that few flips, all one way, made intervals too narrow; its
end-to-end null was 0 by construction, since scripted arms shared all of their luck. Both are gone: every rate, share of common luck and
direction is a cell, and no null in a run is without chance (`backend.private`).

![Coverage where few cases differ](calibration.svg)

Coverage of 95 % intervals of a yes or no, one pair a case, all luck common and all flips one way (exact): the interval that a report prints, and
the t interval of case means, by the true difference.

{sections}
"""
SECTION = """## {title}

{about}

{count}

{cells}"""
NAMES = {
    "t_coverage": "coverage, t interval",
    "t_width": "width, t interval",
    "played": "cases played",
    "one_way": "parity left out",
}


def write(told: Mapping[str, Any]) -> None:
    """Renews the page and the plot."""
    figures = {part: rows for part, rows in told["figures"].items() if rows}
    failing = [(part, row, names) for part, rows in figures.items() for row in rows if (names := _failing(part, row))]
    text = PAGE.format(
        found=_found(figures, failing),
        parts=_parts(figures),
        failing=_failures(failing),
        price=_price(pd.DataFrame(figures["flips"])) if "flips" in figures else "Not measured.",
        goals=_goals(told["goals"]),
        sections="\n\n".join(_section(part, figures[part]) for part in PARTS if part in figures),
    )
    (DOCS / "calibration.md").write_text(text, encoding="utf-8")
    if "flips" in figures:
        plot(pd.DataFrame(figures["flips"]), DOCS / "calibration.svg")


def _failing(part: str, row: Row) -> list[str]:
    own = module(part)
    return fails(row, own.COVERS, own.ALARMS) if hasattr(own, "COVERS") else []


def _found(figures: Mapping[str, Sequence[Row]], failing: Sequence[tuple[str, Row, list[str]]]) -> str:
    cells = sum(len(rows) for rows in figures.values())
    exact = sum(row["audits"] is None for rows in figures.values() for row in rows)
    drawn = [row["audits"] for rows in figures.values() for row in rows if row["audits"]]
    open_ = [
        row
        for part, rows in figures.items()
        if hasattr(module(part), "COVERS")
        for row in rows
        if doubtful(row, module(part).COVERS, module(part).ALARMS) and not _failing(part, row)
    ]
    missing = [part for part in PARTS if part not in figures]
    played = f", the others played {min(drawn):,} to {max(drawn):,} times" if drawn else ""
    return (
        f"{cells:,} cells: {exact:,} are summed exactly{played}. "
        f"**{len(failing)} fail**; {len(open_)} more were found below 93 % or above 6 %, by no more than chance may do."
        + (f" Not measured yet: {', '.join(missing)}." if missing else "")
    )


def _parts(figures: Mapping[str, Sequence[Row]]) -> str:
    rows = []
    for part, own in figures.items():
        title = OWN[part][0] if part in OWN else module(part).TITLE
        covers, alarms = (getattr(module(part), name, ()) for name in ("COVERS", "ALARMS"))
        rows.append(
            (
                title,
                f"`{part}`",
                _measured(own, len(module(part).grid(small=False))),
                _audits(own),
                _worst(own, covers, min, most),
                _worst(own, alarms, max, sure),
                sum(bool(_failing(part, row)) for row in own),
            )
        )
    head = (
        "what",
        "part",
        "cells",
        "audits a cell",
        "least coverage (its upper end)",
        "most false alarms (lower end)",
        "fail",
    )
    return table(head, rows)


def _measured(rows: Sequence[Row], of: int) -> str:
    return f"{len(rows):,}" if len(rows) == of else f"**{len(rows):,} of {of:,}**"


def _audits(rows: Sequence[Row]) -> str:
    drawn = sorted(row["audits"] for row in rows if row["audits"])
    exact = sum(row["audits"] is None for row in rows)
    told = [f"exact in {exact}"] if exact else []
    told += [f"{drawn[0]:,}" if drawn[0] == drawn[-1] else f"{drawn[0]:,} to {drawn[-1]:,}"] if drawn else []
    return ", ".join(told) or "-"


def _worst(rows: Sequence[Row], names: Sequence[str], worst: Any, end: Callable[[float, int | None], float]) -> str:
    ends = [(end(row[name], row["audits"]), row[name]) for row in rows for name in names if name in row]
    if not ends:
        return "-"
    bound, share = worst(ends)
    return f"{share:.1%} ({bound:.1%})"


def _failures(failing: Sequence[tuple[str, Row, list[str]]]) -> str:
    if not failing:
        return "None."
    rows = []
    for part, row, names in failing:
        what = ", ".join(f"{key} {row[key]}" for key in _keys(row))
        rows += [(part, what, row["audits"] or "exact", name, f"{row[name]:.2%}") for name in names]
    return table(("part", "cell", "audits", "figure", "found"), rows)


def _keys(row: Row) -> list[str]:
    """What is planted in a cell."""
    names = list(row)
    return names[: names.index("audits")]


def _price(cells: pd.DataFrame) -> str:
    once = cells[(cells.repeats == 1) & (cells.t_width > 0)]
    once = once.assign(ratio=once.width / once.t_width)
    rows = [
        (
            size,
            len(own),
            f"{own.coverage.min():.1%}",
            f"{own.t_coverage.min():.1%}",
            f"{own.ratio.median():.2f}",
            f"{own.ratio[own.rate == own.rate.max()].median():.2f}",
            f"{own.ratio.max():.2f}",
        )
        for size, own in once.groupby("cases")
    ]
    head = ("cases", "cells", "least coverage", "of the t interval", "width / t, median", "at the highest rate", "most")
    return table(head, rows)


def _goals(goals: Mapping[str, Any]) -> str:
    rows = [
        (name.replace("_", " "), each["goal"], each["found"], "met" if each["met"] else "**not met**")
        for name, each in goals.items()
    ]
    return table(("figure", "goal", "found", ""), rows)


def _section(part: str, rows: Sequence[Row]) -> str:
    if part in OWN:
        title, text = OWN[part]
        return f"## {title}\n\n{text(rows)}"
    own = module(part)
    count = (
        f"{len(rows)} cells, audits a cell: {_audits(rows)}. Means over the cells of a row; in brackets the lowest coverage and the highest share "
        "of false alarms of a single cell."
    )
    return SECTION.format(title=own.TITLE, about=own.ABOUT, count=count, cells=_cells(own, rows))


def _cells(own: Any, rows: Sequence[Row]) -> str:
    told = pd.DataFrame(rows)
    shown = [name for name in (*own.COVERS, *own.ALARMS, *own.SHOWN) if name in told]
    lines = []
    for keys, group in told.groupby(list(own.BY), sort=False):
        means = [_figure(group[name], name, own) for name in shown]
        lines.append((*map(_plain, keys), *means))
    return table((*own.BY, *(NAMES.get(name, name.replace("_", " ")) for name in shown)), lines)


def _figure(column: "pd.Series[float]", name: str, own: Any) -> str:
    there = column.dropna()
    if not len(there):
        return "-"
    if name in own.COVERS or name in own.ALARMS:
        worst = there.min() if name in own.COVERS else there.max()
        return f"{there.mean():.1%} ({worst:.1%})"
    return (
        f"{there.mean():.3g}" if name in ("width", "t_width", "value", "truth", "detectable") else f"{there.mean():.1%}"
    )


def _plain(key: Any) -> str:
    return f"{key:g}" if isinstance(key, float) else str(key)


def plot(cells: pd.DataFrame, target: Path) -> None:
    """Coverage by the number of cases where flips are few and all one way, of ours and of the t interval."""
    import matplotlib as mpl

    mpl.use("Agg")
    # the same figures give the same file
    mpl.rcParams |= {"svg.hashsalt": "simrun", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot as plt

    shown = cells[(cells.repeats == 1) & (cells.shared == 1) & cells.one_way & (cells.effect > 0)]
    effects = sorted(shown.effect.unique())
    figure, axes = plt.subplots(1, len(effects), figsize=(9, 3.2), sharey=True, squeeze=False, layout="constrained")
    sizes = sorted(shown.cases.unique())
    for axis, effect in zip(axes[0], effects, strict=True):
        axis.axhline(95, color="#8aa583", linewidth=0.8, zorder=1)
        own = shown[shown.effect == effect].groupby("cases")[["coverage", "t_coverage"]].mean().loc[sizes] * 100
        for name, label, color in (("coverage", "simrun", "#1b6ca8"), ("t_coverage", "t interval", "#d1495b")):
            axis.plot(range(len(sizes)), own[name], "o-", color=color, label=label, markersize=5, linewidth=1.2)
        axis.set(title=f"true difference {effect:g}", xticks=range(len(sizes)), xticklabels=sizes, xlabel="cases")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("coverage of 95 % intervals, %")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(target, metadata={"Date": None})
    plt.close(figure)
