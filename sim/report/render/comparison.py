"""Several runs side by side as blocks, as Markdown, and as a page."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_uppercase

from pydantic import JsonValue

from simrun.estimate.power import ALPHA
from simrun.report.blocks import Column, Finding, Prose, Row, Table, row
from simrun.report.compare import Between, Comparison, Side
from simrun.report.render.markdown import document
from simrun.report.render.page import Shown, blocks, page
from simrun.report.report import SectionReport
from simrun.report.written import write


def sections(comparison: Comparison) -> tuple[SectionReport, ...]:
    """What differs between the runs first, then how they compare, then each by itself."""
    first = comparison.runs[0].run
    notes = tuple(Prose(text=note, level="note") for note in comparison.notes)
    between = Table(key="between", columns=BETWEEN, rows=tuple(map(row, comparison.between)))
    against = (*_verdicts(comparison), between, Prose(text=ABOUT))
    each = Table(key="sides", columns=SIDES, rows=tuple(_sides(comparison)))
    return (
        SectionReport(title="What differs in their configs", blocks=(_configs(comparison), *notes)),
        SectionReport(title=f"Against {first}", blocks=against),
        SectionReport(title="Each run by itself", blocks=(each,)),
    )


def compared(comparison: Comparison) -> str:
    """The comparison as Markdown."""
    return document(f"{comparison.scenario}: {len(comparison.runs)} runs side by side", sections(comparison))


def compared_page(comparison: Comparison, runs: Sequence[Shown], single: bool | None = None) -> dict[str, str]:
    """The same page as a run has, of several: file name -> text."""
    configs, against, _ = sections(comparison)  # each by itself is the page's own part
    told = [Prose(text=configs.title, level="title"), *configs.blocks, Prose(text=against.title, level="title")]
    beside = {"compared": blocks("", [*told, *against.blocks]), "names": list(names(comparison))}
    return page(runs, single, beside)


def write_compared(comparison: Comparison, runs: Sequence[Shown], out: Path, single: bool | None = None) -> Path:
    """Write the page beside the runs of `out`, and return it: one folder for the same runs in the same order."""
    target = out.resolve() / "compared" / "+".join(side.run[-12:] for side in comparison.runs)[:120]
    write(target, compared_page(comparison, runs, single))
    return target / "report.html"


def names(comparison: Comparison) -> Iterator[str]:
    """A letter and what was asked otherwise, short enough for the side of a picture; of many differences the first."""
    for at, side in enumerate(comparison.runs):
        apart = [f"{key.split('.')[-1]}={values[at]}" for key, values in list(comparison.differing.items())[:2]]
        yield f"{_letter(at)}: {', '.join(apart)}"[:48] if apart else f"{_letter(at)}: {side.run}"


def _letter(at: int) -> str:
    return ascii_uppercase[at] if at < len(ascii_uppercase) else str(at + 1)


ABOUT = (
    "Accuracy, or the mean of an outcome, is that of the reference arm; an effect is an arm minus its reference. "
    "Both are compared within pairs of the same case and repeat, and clustered over cases; p is adjusted over this "
    "whole table (Holm)."
)
SIDES = (
    Column.of("run", "run"),
    Column.of("accuracy, or mean, of reference (95 %)", "level", "low", "high", "bare", form="interval"),
    Column.of("arm", "arm"),
    Column.of("against", "reference"),
    Column.of("outcome", "outcome"),
    Column.of("effect (95 %)", "difference", "effect_low", "effect_high", form="signed interval"),
    Column.of("flip rate", "flip_rate", form="figure", about="Share of the pairs that came out differently."),
    Column.of("placebo flips", "placebo_flip_rate", form="figure", about="The same of the placebo: the noise floor."),
    Column.of("pairs", "pairs", form="count"),
)
BETWEEN = (
    Column.of("run", "run"),
    Column.of("what", "what"),
    Column.of("arm", "arm"),
    Column.of("against", "reference"),
    Column.of("outcome", "outcome"),
    Column.of("first run", "first", form="figure", about="On the pairs that both runs have."),
    Column.of("this run", "value", form="figure", about="On the same pairs."),
    Column.of("difference (95 %)", "difference", "low", "high", form="signed interval", about="This run - first run."),
    Column.of("p", "p", form="figure", about="Two-sided, by flipping the signs of whole cases."),
    Column.of("p adjusted", "p_adjusted", form="figure", about="Holm, over this whole table."),
    Column.of("pairs", "pairs", form="count"),
    Column.of("cases", "cases", form="count"),
)


def _sides(comparison: Comparison) -> Iterator[Row]:
    for side in comparison.runs:
        bare = comparison.outcomes[:1] if side.reference.accuracy is not None else comparison.outcomes
        for each in side.effects:
            told = row(each, run=side.run, effect_low=each.low, effect_high=each.high)
            yield told | _level(side, each.outcome)
        for outcome in () if side.effects else bare:
            yield {"run": side.run, "outcome": outcome, "pairs": 0, **_NOTHING, **_level(side, outcome)}


_NOTHING: dict[str, JsonValue] = dict.fromkeys(
    ("arm", "reference", "difference", "effect_low", "effect_high", "flip_rate", "placebo_flip_rate")
)


def _level(side: Side, outcome: str) -> dict[str, JsonValue]:
    """The accuracy of the reference arm; the mean of an outcome where there is none, without an interval."""
    own = side.reference
    if own.accuracy is not None:
        return {"level": own.accuracy, "low": own.accuracy_low, "high": own.accuracy_high, "bare": None}
    mean = own.outcomes.get(outcome)
    return {"level": mean, "low": None, "high": None, "bare": None if mean is None else f"{mean:.3g}"}


def _verdicts(comparison: Comparison) -> Iterator[Finding]:
    for common in comparison.shared:
        own = [each for each in comparison.between if each.run == common.run and _different(each)]
        told = ", ".join(f"{each.what} of {each.arm} on {each.outcome} ({each.difference:+.3g})" for each in own)
        text = (
            f"{common.run}: {common.pairs} pairs in common (of {common.pairs_first} and {common.pairs_run}), "
            f"{common.episodes} episodes of the reference arm. Different after Holm: {told or 'nothing'}."
        )
        yield Finding(text=text, verdict="difference" if own else "inconclusive")


def _different(each: Between) -> bool:
    return each.p_adjusted is not None and each.p_adjusted <= ALPHA and ((each.low or 0) > 0 or (each.high or 0) < 0)


def _configs(comparison: Comparison) -> Table:
    runs = [side.run for side in comparison.runs]
    columns = (
        Column.of("key", "key"),
        *(Column.of(f"{_letter(at)}: {run}", f"value {at}") for at, run in enumerate(runs)),
    )
    rows = tuple(
        {"key": key, **{f"value {at}": value for at, value in enumerate(values)}}
        for key, values in comparison.differing.items()
    )
    return Table(key="configs", columns=columns, rows=rows, empty="Nothing: the runs were asked for in the same words.")
