"""The picture above all others of a run's page: each declared outcome's differences on one scale, with the floor."""

from typing import Any

from simrun.report.blocks import Finding
from simrun.report.report import Report
from simrun.score.contrasts import ContrastResult
from simrun.score.scored import Scored

SHOWN = ("primary", "cell")


def forest(run: Scored, report: Report) -> list[dict[str, Any]]:
    """A panel for each declared outcome: its floor, its margin, and a row for each comparison with the sentence on it.

    The floor is the interval of the reference arm against itself under other seeds; None where that was not played.
    """
    found = {(each.outcome, each.arm, each.reference): each for each in _findings(report) if each.outcome}
    outcomes = dict.fromkeys(each.outcome for each in run.contrasts if each.family in SHOWN)
    return [_panel(run, outcome, found) for outcome in outcomes]


def _findings(report: Report) -> list[Finding]:
    """The first on each comparison and outcome stands for it: its verdict."""
    blocks = [block for section in report.sections.values() for block in section.blocks]
    return [each for each in reversed(blocks) if isinstance(each, Finding) and each.verdict != "doubt"]


def _panel(run: Scored, outcome: str, found: dict[tuple[str, str, str], Finding]) -> dict[str, Any]:
    own = [each for each in run.contrasts if each.outcome == outcome]
    rows = [_row(each, found) for each in own if each.family in SHOWN]
    floor = next((each for each in own if each.arm == run.control("same") and each.low is not None), None)
    return {
        "outcome": outcome,
        "better": next(each.better for each in own),
        "margin": next((each.margin for each in own), None),
        "floor": [floor.low, floor.high] if floor else None,
        "rows": rows,
    }


def _row(each: ContrastResult, found: dict[tuple[str, str, str], Finding]) -> dict[str, Any]:
    finding = found.get((each.outcome, each.arm, each.reference))
    return {
        "arm": each.arm,
        "reference": each.reference,
        "difference": each.difference,
        "low": each.low,
        "high": each.high,
        "pairs": each.pairs,
        "cases": each.cases,
        "flips": each.flip_rate,
        "floor_flips": each.placebo_flip_rate,
        "verdict": finding.verdict if finding else each.verdict.kind or "inconclusive",
        "text": finding.text if finding else "",
    }
