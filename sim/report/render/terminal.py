"""The end of a run on a terminal: a few lines out of the report's blocks, none of which is computed here."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from simrun.agents.printable import one_line
from simrun.report.blocks import Block, Finding, Prose, Row, Scalar
from simrun.report.figures import figure, interval
from simrun.report.report import Report

VERDICTS, WARNINGS = 4, 3
"""Lines of each kind, at most: with the others, and what is said of the files, never more than 15 in all."""
_TESTED = ("difference", "within the margin", "equivalent", "inconclusive")
"""Verdicts of a comparison, as they are listed: what was found comes first."""
_CONTROLS = ("same", "placebo", "random", "swap", "mirror", "positive")
_SETTING = re.compile(r"[\w.]+=([^,=]+)")
_MARKS = re.compile(r"\*\*|`")


class Line(NamedTuple):
    """One line under a word that says of what kind it is."""

    kind: str
    text: str


def brief(report: Report) -> tuple[Line, ...]:
    """What a run came to: its question, verdicts, floor and warnings; of a run of which nothing was played to its end,
    the cause and nothing else."""
    done, owed = report.value("design", "done"), report.value("design", "owed")
    warnings = list(_warnings(report))
    if not done:
        causes = [text for text in warnings if text.startswith("Error ")] or warnings
        return (Line("failed", f"none of {owed} episodes was played to its end"), *_some("cause", causes, WARNINGS))
    return (
        Line(one_line(report.scenario), _prose(report, "question")),
        Line("played", _plain(f"{done} of {owed} episodes{_accuracy(report)}")),
        *_some("content", _sentences(report, "content"), 1),
        *_some("verdict", _verdicts(report), VERDICTS),
        *_some("planted", _planted(report), 1),
        *_some("floor", _floor(report), 1),
        *_some("warning", warnings, WARNINGS),
    )


def _some(kind: str, texts: Iterable[str], most: int) -> Iterator[Line]:
    """The first lines; where they are more than there is room for, the last says how many are left out."""
    told = list(texts)
    kept = told if len(told) <= most else told[: max(1, most - 1)]
    left = len(told) - len(kept)
    end = f" (and {left} more)" if left and most == 1 else ""
    yield from (Line(kind, _plain(text) + end) for text in kept)
    if left and not end:
        yield Line("", f"and {left} more in the report")


def _plain(text: str) -> str:
    return _MARKS.sub("", one_line(text))


def _blocks(report: Report, section: str) -> tuple[Block, ...]:
    return report.sections[section].blocks if section in report.sections else ()


def _prose(report: Report, section: str) -> str:
    return _plain(" ".join(each.text for each in _blocks(report, section) if isinstance(each, Prose)))


def _sentences(report: Report, section: str) -> Iterator[str]:
    """The first of what a section says."""
    yield from (_clause(each.text) for each in _blocks(report, section) if isinstance(each, Prose))


def _accuracy(report: Report) -> str:
    first: Any = report.table("arms", "arms")[0]
    if first["accuracy"] is None:
        return ""
    told = {each.key: each.value for each in _blocks(report, "design") if isinstance(each, Scalar)}
    chance = told.get("chance")
    guessed = f", by guessing {figure(chance)}" if isinstance(chance, int | float) and chance else ""
    return (
        f"; {report.value('design', 'accuracy')} "
        f"{interval(first['accuracy'], first['accuracy_low'], first['accuracy_high'])} in the reference arm{guessed}"
    )


def _verdicts(report: Report) -> Iterator[str]:
    """Of every comparison that is no control, and every declared outcome, what was found: the first clause of it."""
    controls = {str(row["name"]) for row in report.table("arms", "arms") if row["control"] in _CONTROLS}
    # a finding about one outcome: sentences about several have none
    found = [
        each
        for each in _blocks(report, "effects")
        if isinstance(each, Finding) and each.outcome and each.verdict in _TESTED and each.arm not in controls
    ]
    for each in sorted(found, key=lambda one: _TESTED.index(one.verdict)):
        yield f"{_level(each.arm)} against {_level(each.reference)}: {_clause(each.text)}"


def _planted(report: Report) -> Iterator[str]:
    """What was found of the bias that a positive control has: the same audit where the truth is known."""
    for each in _blocks(report, "effects"):
        if isinstance(each, Finding) and each.arm == "positive" and each.verdict in ("passed", "failed"):
            yield f"in scripted agents, same cases: {each.text}"


def _level(arm: str) -> str:
    """The level alone of an arm of one setting: figures must fit in the line."""
    found = _SETTING.fullmatch(arm)
    return found[1] if found else arm


def _clause(text: str) -> str:
    """Up to what explains it: the report has the rest."""
    return re.split(r"; |\. |\.$", text, maxsplit=1)[0]


def _floor(report: Report) -> Iterator[str]:
    """How often the reference and the placebo came out differently in a declared outcome."""
    rows = report.table("effects")
    floors: dict[str, float] = {}
    for row in rows:
        rate = _rate(row)
        if rate is not None:
            floors.setdefault(str(row["outcome"]), rate)
    # a probability is never twice the same: there, how far it moves says more than how often
    moved = {str(row["outcome"]): row["difference"] for row in rows if row.get("arm") == "placebo"}
    if floors:
        told = ", ".join(f"{figure(100 * rate)} % in {each}{_by(moved.get(each))}" for each, rate in floors.items())
        yield f"pairs that a placebo flips under the same seeds: {told}"


def _by(moved: Any) -> str:
    return f" (by {figure(moved, signed=True)} on average)" if moved else ""


def _rate(row: Row) -> float | None:
    rate = row.get("placebo_flip_rate")
    return float(rate) if row.get("family") in ("primary", "cell") and isinstance(rate, int | float) else None


def _warnings(report: Report) -> Iterator[str]:
    """What makes the figures mean nothing, then the notes above them, then what else there is to doubt."""
    every = list(chain.from_iterable(each.blocks for each in report.sections.values()))
    failed = (each for each in every if isinstance(each, Finding) and each.verdict == "failed")
    yield from (each.text for each in failed if each.arm != "positive")  # which has a line of its own
    yield from (each.text for each in _blocks(report, "notes") if isinstance(each, Prose))
    yield from dict.fromkeys(each.text for each in every if isinstance(each, Finding) and each.verdict == "doubt")
