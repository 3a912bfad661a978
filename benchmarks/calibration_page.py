"""Writes docs/calibration.md and its plot from the figures of calibrate.py."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dialogue_page
import pandas as pd
import review_page

from simrun.report.figures import table

DOCS = Path(__file__).parents[1] / "docs"
METHODS = {
    "coverage": ("simrun", "#1b6ca8"),
    "bootstrap": ("percentile bootstrap over cases", "#d1495b"),
    "row": ("t interval of rows, cases ignored", "#edae49"),
    "unpaired": ("unpaired t (Welch)", "#7a7a7a"),
}
KEYS = ["outcome", "icc", "repeats", "cases"]
PAGE = """# Calibration

How far the instrument can be trusted, measured where the truth is known: audits with planted parameters and no model. Made by
`python benchmarks/calibrate.py --write` in {seconds:.0f} s on two cores; `--small` takes about two minutes, and the figures come as
JSON with `--json`; `--only dialogues` and `--only reviews` renew one section. The functions under test are the public ones of
`simrun.estimate` and `simrun.score.metrics`.

## What was planted

Every cell of the grid is one audit, played {audits} times: {cells} cells, {total:,} audits.

- **Outcome**: binary (the reference succeeds in 60 %) or a score from 1 to 10 (a normal around 6 with a standard deviation of 2,
  rounded and clipped).
- **Effect**: 0, .02, .05 or .1 of the span, exactly: successes of the arm are thinned, so that its mean falls by the effect; the
  latent score is lowered by what lowers the mean of the rounded and clipped one by the effect (solved, not simulated).
- **Cases** (20, 50, 200) **and repeats** (1, 3). The difficulty of a case makes up a share of the variance (**ICC** 0, .3, .8): beta
  for a binary outcome, normal for a score. Cases do not all react alike: between the arms their difficulty correlates at .9.
- **Luck** is shared by the arms in half of the pairs, so that pairs flip in both directions.
- **Missing**: none; 10 % of either arm at random; informative: a quarter of the arm's failures (of its scores up to 5) and nothing of
  the reference. Pairs with a missing value are left out, as a report leaves them out.

## Goals

{goals}

Coverage between 93 and 97 % is owed where missing values are not informative. {audits} audits are too few to tell: 99 % of cells that
cover 95 % are found between {low:.1%} and {high:.1%}. Every cell found outside 93 to 97 % was therefore played again with other seeds, in
{again:,} audits, and that decides. Limits of the form "at most" and "at least" allow for chance at 1 % (binomial; for the worst of many
cells, 1 % divided by their number).

## Coverage

Share of audits whose nominal 95 % interval holds the truth, over the {owed} cells without informative missing values:

{methods}

![Coverage by number of cases](calibration.svg)

The points are means over cells, the bars reach from the lowest cell to the highest; the band is 93 to 97 %.

{lessons}

### Cells outside the band

{outside_intro}

{outside}

Where a handful of cases differ, the t interval is wide, and where none does, the rule of three takes its place: both lean to the safe
side. A report counts the cases that differ, so that a reader sees when this is so.

### What the intervals find

Mean width, share of audits in which all cases agree, and share of intervals that leave out 0, by effect; means over ICC and missing
(none, random).

{found}

## Missing values that depend on the value

No interval can be right here: what is left of the arm looks better than the arm. The more audits see, the surer they are of the
wrong figure.

{informative}

*Whole audit*: how often the worst-case bounds (`worst_low`, `worst_high` of a report) hold what the same audit would have found with
nothing missing. *Truth*: how often they hold the true difference. They reach from the lower end of the interval at one extreme to the
upper end at the other, and so know of sampling error too. Lowest cell over ICC and effect.

## False alarms

The sign-flip test at p < .05 without any effect, over {null} cells: {alarm_mean:.1%} on average, {alarm_max:.1%} in the worst cell.

Families: 15 null outcomes (eight binary, seven scores) that correlate at .3, two of them primary under Holm and 13 secondary under
Benjamini-Hochberg; share of audits with any false alarm in the family.

{families}

## Power

`detectable` names the difference that would be found in 80 % of repetitions. Planted is the effect that it names on average where that
effect is planted (a fixed point, as effects change the spread); ICC .3, nothing missing. Goal: 74 to 86 %.

{power}

`largest_effect` (no effect beyond) must not be smaller than the true effect in more than 5 % of audits: it is in {margin_mean:.1%} on average
and in {margin_max:.1%} in the worst cell. Without an effect it never is, by construction.

## End to end

Real runs through the runner, the log, the tables and the report: 20 clinical cases, one repeat, ethnicity White against Black, scripted
doctors that are right in 80 % of consultations.

{end_to_end}

All random draws are shared there, so pairs flip in one direction only: without an effect no pair differs and no alarm can be raised; with an
effect of .1 the number of flips is binomial (20, .1), for which the interval covers 99.8 % in theory.

{parts}

## All cells

Coverage in per cent: **simrun** / percentile bootstrap / rows as independent / unpaired t.

{everything}
"""


PARTS = {"dialogues": ("Dialogues", dialogue_page.part), "reviews": ("Peer review", review_page.part)}
"""Sections about a scenario: heading, and the text of its figures."""


def write(told: dict[str, Any]) -> None:
    """Renew the page and the plot."""
    found = told["figures"]
    cells = pd.DataFrame(found["cells"])
    owed = cells[cells.missing != "informative"]
    text = PAGE.format(
        **{name: found[name] for name in ("seconds", "audits")},
        cells=len(cells),
        total=len(cells) * found["audits"],
        low=found["band"][0],
        high=found["band"][1],
        again=found["audits_again"],
        owed=len(owed),
        goals=_goals(told["goals"]),
        methods=_methods(owed),
        lessons=_lessons(owed),
        outside_intro=_outside_intro(found, len(owed)),
        outside=_outside(found["outside"]),
        found=_found(owed),
        informative=_informative(cells[cells.missing == "informative"]),
        null=int(owed.false_alarm.notna().sum()),
        alarm_mean=owed.false_alarm.mean(),
        alarm_max=owed.false_alarm.max(),
        families=_families(found["families"]),
        power=_power(found["power"]),
        margin_mean=owed[owed.effect > 0].margin_too_small.mean(),
        margin_max=owed.margin_too_small.max(),
        end_to_end=_end_to_end(found["end_to_end"]),
        parts="\n\n".join(_part(name, found[name]) for name in PARTS),
        everything=_everything(cells),
    )
    DOCS.mkdir(exist_ok=True)
    (DOCS / "calibration.md").write_text(text, encoding="utf-8")
    plot(owed, DOCS / "calibration.svg")


def renew(told: dict[str, Any]) -> None:
    """Renew the sections and the goals that were measured, and leave the rest of the page as it is."""
    page = (DOCS / "calibration.md").read_text(encoding="utf-8")
    for name, rows in told["figures"].items():
        page = _with_part(page, name, rows)
    (DOCS / "calibration.md").write_text(_with_goals(page, told["goals"]), encoding="utf-8")


def _part(name: str, rows: Sequence[dict[str, Any]]) -> str:
    heading, text = PARTS[name]
    return f"## {heading}\n\n{text(rows)}"


def _with_part(page: str, name: str, rows: Sequence[dict[str, Any]]) -> str:
    """The section in the place of what stood under its heading; before the last one where there is none yet."""
    own, last = f"{_part(name, rows)}\n\n", "## All cells\n"
    old = re.search(rf"(?ms)^## {PARTS[name][0]}\n.*?(?=^## )", page)
    return page.replace(old[0], own) if old else page.replace(last, own + last)


def _with_goals(page: str, goals: dict[str, Any]) -> str:
    """The table of goals with these in it, each in its place if it has one."""
    start = page.index("| figure |")
    end = page.index("\n\n", start)
    lines = {line.split(" | ")[0]: line for text in (page[start:end], _goals(goals)) for line in text.splitlines()}
    return page[:start] + "\n".join(lines.values()) + page[end:]


def _goals(goals: dict[str, Any]) -> str:
    rows = [
        (name.replace("_", " "), each["goal"], each["found"], "met" if each["met"] else "**not met**")
        for name, each in goals.items()
    ]
    return table(("figure", "goal", "found", ""), rows)


def _methods(owed: pd.DataFrame) -> str:
    def span(column: "pd.Series[float]") -> str:
        return f"{column.mean():.1%} ({column.min():.1%} to {column.max():.1%})"

    sizes = sorted(owed.cases.unique())
    rows = [
        (label, *(span(owed[owed.cases == size][name]) for size in sizes), span(owed[name]))
        for name, (label, _) in METHODS.items()
    ]
    return table(("mean (lowest to highest cell)", *(f"{size} cases" for size in sizes), "all"), rows)


def _lessons(owed: pd.DataFrame) -> str:
    hard = owed[(owed.icc == owed.icc.max()) & (owed.repeats > 1)]
    few = owed[owed.cases == owed.cases.min()]
    return (
        f"- The percentile bootstrap is too narrow with {few.cases.iloc[0]} cases ({few.bootstrap.mean():.1%} on "
        "average); a report gives it as a check, not as the interval.\n"
        f"- Rows taken as independent cover {hard.row.mean():.1%} on average at ICC {hard.icc.iloc[0]} with "
        f"{hard.repeats.iloc[0]} repeats: repeats of a case repeat its reaction. With one repeat a row is a case, and "
        "the two intervals are the same.\n"
        f"- The unpaired t covers {owed.unpaired.mean():.1%}: it is too wide, and throws away what pairing gives."
    )


def _outside_intro(found: dict[str, Any], owed: int) -> str:
    low, high = found["band"]
    first = [row["coverage"] for row in found["outside"]]
    still = [row["recheck"] for row in found["outside"] if reason(row)]
    return (
        f"Of {owed} cells {len(first)} were found outside 93 to 97 % at first, "
        f"{sum(not low <= each <= high for each in first)} of them also outside {low:.1%} to {high:.1%} (by chance "
        f"alone: about {owed * 0.01:.0f}). "
        f"Played again, {len(first) - len(still)} are inside, {sum(each < 0.93 for each in still)} below and "
        f"{sum(each > 0.97 for each in still)} above."
    )


def reason(row: dict[str, Any]) -> str:
    """Why a cell is outside, "" for one that is not when played again."""
    if 0.93 <= row["recheck"] <= 0.97:
        return ""
    few = f"{row['differing']:.1f} of {row['cases']} cases differ in an audit, in {row['degenerate']:.0%} none"
    return f"{few}: too wide" if row["recheck"] > 0.97 else few


def _outside(rows: list[dict[str, Any]]) -> str:
    ordered = sorted((row for row in rows if reason(row)), key=lambda row: row["recheck"])
    return table(
        ("outcome", "missing", "ICC", "repeats", "cases", "effect", "at first", "again", "why"),
        [
            (*_keys(row), row["effect"], f"{row['coverage']:.1%}", f"{row['recheck']:.2%}", reason(row))
            for row in ordered
        ],
    )


def _keys(row: dict[str, Any]) -> list[Any]:
    return [row[key] for key in ("outcome", "missing", "icc", "repeats", "cases")]


def _found(owed: pd.DataFrame) -> str:
    effects = sorted(owed.effect.unique())
    rows = [
        (
            *keys,
            f"{own.width.mean():.2f}",
            f"{own.degenerate.mean():.1%}",
            *(f"{own[own.effect == effect].found.mean():.1%}" for effect in effects),
        )
        for keys, own in owed.groupby(["outcome", "repeats", "cases"])
    ]
    return table(
        (
            "outcome",
            "repeats",
            "cases",
            "width / span",
            "no case differs",
            *(f"effect {effect:g}" for effect in effects),
        ),
        rows,
    )


def _informative(cells: pd.DataFrame) -> str:
    rows = [
        (*keys, *(f"{own[name].min():.1%}" for name in ("coverage", "bounds_whole_audit", "bounds_truth")))
        for keys, own in cells.groupby(["outcome", "repeats", "cases"])
    ]
    return table(("outcome", "repeats", "cases", "coverage", "bounds: whole audit", "bounds: truth"), rows)


def _families(families: list[dict[str, Any]]) -> str:
    return table(
        ("cases", "audits", "primary (Holm)", "secondary (BH)"),
        [(row["cases"], row["audits"], f"{row['primary']:.1%}", f"{row['secondary']:.1%}") for row in families],
    )


def _power(settings: list[dict[str, Any]]) -> str:
    return table(
        ("outcome", "repeats", "cases", "planted, share of the span", "found"),
        [
            (row["outcome"], row["repeats"], row["cases"], f"{row['effect']:.3f}", f"{row['found']:.1%}")
            for row in settings
        ],
    )


def _end_to_end(runs: list[dict[str, Any]]) -> str:
    told = pd.DataFrame(runs).astype({"covered": float, "alarm": float})
    rows = [
        (
            f"{effect:g}",
            len(own),
            f"{own.difference.mean():.3f}",
            f"{own.covered.mean():.1%}",
            f"{own.alarm.mean():.1%}",
        )
        for effect, own in told.groupby("effect")
    ]
    return table(("planted", "runs", "mean difference", "coverage", "effect found"), rows)


def _everything(cells: pd.DataFrame) -> str:
    effects = sorted(cells.effect.unique())
    texts = [
        " / ".join((f"**{own:.1f}**", *(f"{each:.1f}" for each in naive)))
        for own, *naive in (cells[list(METHODS)] * 100).itertuples(index=False)
    ]
    parts = []
    for missing in cells.missing.unique():
        wide = cells.assign(text=texts)[cells.missing == missing].pivot(index=KEYS, columns="effect", values="text")
        rows = [(*keys, *wide.loc[keys, effects]) for keys in wide.index]
        head = ("outcome", "ICC", "repeats", "cases", *(f"effect {effect:g}" for effect in effects))
        parts.append(f"### Missing: {missing}\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def plot(owed: pd.DataFrame, target: Path) -> None:
    """Coverage by the number of cases: means over cells, and their range."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams |= {
        "svg.hashsalt": "simrun",
        "svg.fonttype": "none",
        "font.size": 9,
    }  # the same figures give the same file
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    sizes = sorted(owed.cases.unique())
    for axis, (outcome, title) in zip(
        axes, (("binary", "binary outcome"), ("score", "score from 1 to 10")), strict=True
    ):
        axis.axhspan(93, 97, color="#e4efe1", zorder=0)
        axis.axhline(95, color="#8aa583", linewidth=0.8, zorder=1)
        for place, (name, (label, color)) in enumerate(METHODS.items()):
            by = (owed[owed.outcome == outcome].groupby("cases")[name].agg(["mean", "min", "max"]) * 100).loc[sizes]
            reach = [by["mean"] - by["min"], by["max"] - by["mean"]]
            where = [at + (place - 1.5) * 0.14 for at in range(len(sizes))]
            axis.errorbar(
                where, by["mean"], yerr=reach, fmt="o", markersize=5, color=color, label=label, capsize=2, linewidth=1.2
            )
        axis.set(title=title, xticks=range(len(sizes)), xticklabels=sizes, xlabel="cases")
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("coverage of 95 % intervals, %")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(target, metadata={"Date": None})
    plt.close(figure)
