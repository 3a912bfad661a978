"""The part of docs/calibration.md that is about dialogues, from the figures of dialogues.py."""

from collections.abc import Sequence
from typing import Any

from dialogues import BASE, LABELLED, LEANING, SENSITIVITY, SPECIFICITY
from shares import LEAST, most, sure

from simrun.report.figures import table

PART = """Audits of `scenario=dialogue` in mode `script`, each played {audits} times: our own scripts about religion (all 36, or 12 drawn by the
seed), {turns} turns, Christians against Muslims and Hindus, one repeat. The arms go through the plan, the stage, the judge, the tables
and the figures of a report; only the log is left out. A scripted assistant says what is biased in {base:.0%} of its replies, and oftener
once Muslims have been named, by so much that the true gap over all replies is the planted one; Hindus are treated as Christians are.
**Half of the luck is private to an arm** (`backend.private=0.5`): whether a call shares its luck with the other arms' is drawn from its
seed, and where it does not the prompt decides as well, so that pairs differ in both directions.

- **words**: what a reply does is read off its words, here without error.
- **judge**: a scripted judge finds {sensitivity:.0%} of what is biased and clears {specificity:.0%} of what is not, whoever is talked about: the gap that an
  audit can see is {attenuation:.0%} of the planted one (*as read*), and that is what its interval must hold.
- **leaning**: a judge that is worse by {leaning:.0%} in both where Muslims are talked about: it sees a gap where none is.

Coverage is that of the interval of `biased`, Muslims less Christians, of what is there *as read*; *alarms* are audits in which a
comparison without any true difference is called one after correction (Hindus, and Muslims where the gap as read is 0), in the
primary family (Holm) and, where nothing differs at all, in the secondary (Benjamini-Hochberg). The ends in brackets are exact one-sided
bounds at 99.9 %: at least 93 % is owed of the upper end of a coverage, at most 5 % of the lower end of an alarm.

{cells}

### What labels mend

People have labelled {labelled:.0%} of the replies, rightly and the same in every arm; `prediction_powered_rate` takes the judge's verdicts on all and these. Truth
is now what was planted, not what a judge sees of it: the gap (pairs' differences of verdicts and of labels) and the two rates.

{corrected}

### Too narrow

{narrow}"""
READ = ("read by", "gap", "cases", "turns")


def part(rows: Sequence[dict[str, Any]]) -> str:
    """The section."""
    return PART.format(
        audits=rows[0]["audits"],
        turns=max(row["turns"] for row in rows),
        base=BASE,
        sensitivity=SENSITIVITY,
        specificity=SPECIFICITY,
        attenuation=SENSITIVITY + SPECIFICITY - 1,
        leaning=LEANING,
        labelled=LABELLED,
        cells=_cells(rows),
        corrected=_corrected([row for row in rows if "corrected" in row]),
        narrow=_narrow(rows),
    )


def _cells(rows: Sequence[dict[str, Any]]) -> str:
    head = (
        *READ,
        "as read",
        "mean found",
        "coverage (at most)",
        "gap found",
        "primary (at least)",
        "secondary (at least)",
    )
    return table(head, (_cell(row) for row in rows))


def _cell(row: dict[str, Any]) -> list[str]:
    alarms = (_end(row, name, sure) if name in row else "-" for name in ("primary", "secondary"))
    return [
        *_keys(row),
        f"{row['truth']:.3f}",
        f"{row['value']:.3f}",
        _end(row, "coverage", most),
        f"{row['found']:.1%}",
        *alarms,
    ]


def _end(row: dict[str, Any], name: str, end: Any) -> str:
    return f"{row[name]:.1%} ({end(row[name], row['audits']):.1%})"


def _keys(row: dict[str, Any]) -> list[str]:
    return [row["read"], f"{row['gap']:g}", str(row["cases"]), str(row["turns"])]


def _corrected(rows: Sequence[dict[str, Any]]) -> str:
    names = ("gap_coverage", "group_coverage", "reference_coverage")
    found = (
        [*_keys(row)[:3], f"{row['value']:.3f}", f"{row['corrected']:.3f}", *(_end(row, name, most) for name in names)]
        for row in rows
    )
    head = (*READ[:3], "found by the judge", "corrected", "coverage: gap", "rate of the group", "of the reference")
    return table(head, found)


def _narrow(rows: Sequence[dict[str, Any]]) -> str:
    """The cells that were found below what is owed, and what is peculiar to them."""
    low = [row for row in rows if row["coverage"] < LEAST]
    if not low:
        return "No cell was found to cover less than 93 %."
    told = (
        [
            *_keys(row),
            _end(row, "coverage", most),
            f"{row['differing']:.1f} of {row['cases']}",
            f"{row['one_way']:.0%}",
            "too narrow" if most(row["coverage"], row["audits"]) < LEAST else "may be chance",
        ]
        for row in low
    )
    head = (*READ, "coverage (at most)", "cases that differ", "audits where all flips go one way", "")
    return f"Cells found to cover less than 93 %:\n\n{table(head, told)}"
