"""Several runs side by side, as Markdown."""

from collections.abc import Iterable, Iterator

from simrun.estimate.power import ALPHA
from simrun.report.compare import Between, Comparison, Side
from simrun.report.figures import figure, interval, table
from simrun.report.render.text import paragraph, words
from simrun.score.contrasts import ContrastResult


def compared(comparison: Comparison) -> str:
    """The comparison as Markdown."""
    first = comparison.runs[0].run
    parts = [
        f"# {words(comparison.scenario)}: {len(comparison.runs)} runs side by side",
        *(f"> {paragraph(note)}" for note in comparison.notes),
        "## Each run by itself\n" + _sides(comparison),
        f"## Against {words(first)}\n" + "\n".join(_verdicts(comparison)),
        table(BETWEEN, [list(_row(each)) for each in comparison.between]),
        "Accuracy, or the mean of an outcome, is that of the reference arm; an effect is an arm minus its reference. "
        "Both are compared within pairs of the same case and repeat, and clustered over cases; p is adjusted over this "
        "whole table (Holm).",
        "## What differs in their configs\n" + _configs(comparison),
    ]
    return "\n\n".join(parts) + "\n"


SIDES = (
    "run",
    "accuracy, or mean, of reference (95 %)",
    "arm",
    "against",
    "outcome",
    "effect (95 %)",
    "flip rate",
    "placebo flips",
    "pairs",
)
BETWEEN = (
    "run",
    "what",
    "arm",
    "against",
    "outcome",
    "first run",
    "this run",
    "difference (95 %)",
    "p",
    "p adjusted",
    "pairs",
    "cases",
)


def _sides(comparison: Comparison) -> str:
    rows: list[list[object]] = []
    for side in comparison.runs:
        bare = comparison.outcomes[:1] if side.reference.accuracy is not None else comparison.outcomes
        rows += [[side.run, _level(side, each.outcome), *_effect(each)] for each in side.effects] or [
            [side.run, _level(side, outcome), "-", "-", outcome, *["-"] * 3, 0] for outcome in bare
        ]
    return table(SIDES, rows)


def _level(side: Side, outcome: str) -> str:
    """The accuracy of the reference arm; the mean of an outcome where there is none."""
    own = side.reference
    if own.accuracy is None:
        return figure(own.outcomes.get(outcome))
    return interval(own.accuracy, own.accuracy_low, own.accuracy_high)


def _effect(each: ContrastResult) -> Iterator[object]:
    yield from (each.arm, each.reference, each.outcome, interval(each.difference, each.low, each.high, signed=True))
    yield from (figure(each.flip_rate), figure(each.placebo_flip_rate), each.pairs)


def _row(each: Between) -> Iterator[object]:
    signed = each.what == "effect"
    yield from (
        each.run,
        each.what,
        each.arm,
        each.reference or "-",
        each.outcome,
        figure(each.first, signed),
        figure(each.value, signed),
    )
    yield interval(each.difference, each.low, each.high, signed=True)
    yield from (figure(each.p), figure(each.p_adjusted), each.pairs, each.cases)


def _verdicts(comparison: Comparison) -> Iterable[str]:
    for common in comparison.shared:
        own = [
            each
            for each in comparison.between
            if each.run == common.run
            and each.p_adjusted is not None
            and each.p_adjusted <= ALPHA
            and ((each.low or 0) > 0 or (each.high or 0) < 0)
        ]
        told = ", ".join(
            f"{each.what} of {each.arm} on {each.outcome} ({figure(each.difference, signed=True)})" for each in own
        )
        yield "- " + paragraph(
            f"{common.run}: {common.pairs} pairs in common (of {common.pairs_first} and {common.pairs_run}), "
            f"{common.episodes} episodes of the reference arm. Different after Holm: {told or 'nothing'}."
        )


def _configs(comparison: Comparison) -> str:
    if not comparison.differing:
        return "Nothing: the runs were asked for in the same words."
    return table(
        ["key", *(side.run for side in comparison.runs)],
        [[key, *values] for key, values in comparison.differing.items()],
    )
