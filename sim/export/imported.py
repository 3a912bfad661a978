"""Somebody else's log as pairs: this project's differences and intervals, over scores that others gave."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from simrun.agents.records import Record
from simrun.config.errors import ConfigError
from simrun.estimate.families import holm
from simrun.export.sampled import Fields, Row, Sampled, rows
from simrun.report.blocks import Column, Prose, Table, row
from simrun.report.compare import difference
from simrun.report.report import SectionReport
from simrun.score.layout import Floats
from simrun.score.verdict import Kind, verdict

Ranges = Mapping[str, tuple[float, float]]


class Compared(Record):
    """One score, one arm against the reference, within pairs."""

    score: str
    arm: str
    reference: str
    value: float | None
    """The mean in the arm, over the pairs."""
    reference_value: float | None
    difference: float | None
    """arm - reference, each case counting once; None without pairs."""
    low: float | None
    high: float | None
    """95 %, clustered over cases."""
    bounded: bool
    """Whether the range of the score is known: without, the interval is approximate."""
    p: float | None
    """Two-sided, by flipping the signs of whole cases."""
    p_adjusted: float | None
    """Holm, over all that is compared here."""
    verdict: Kind
    pairs: int
    cases: int
    missing: int
    """Pairs that both arms have and in which one lacks the score: left out, and no 0."""
    unpaired: int
    """Samples of either arm that have no partner."""


class Imported(Record):
    """What logs of others come to."""

    logs: Mapping[str, str]
    """Name of each file -> its SHA-256."""
    fields: Fields
    arms: tuple[str, ...]
    """The reference first."""
    samples: int
    without: int
    """Samples that lack arm, pair or case, and are in nothing."""
    compared: tuple[Compared, ...]
    judges: Mapping[str, Mapping[str, Any]] = {}
    """Who was asked of what was said, and what answered."""


def imported(
    logs: Mapping[str, str],
    samples: Sequence[Sampled],
    fields: Fields,
    reference: str | None,
    ranges: Ranges,
    judges: Mapping[str, Mapping[str, Any]] = {},
) -> tuple[Imported, tuple[Row, ...]]:
    """The comparisons of every arm with the reference (the first there is, if none is named), and what they are of.

    ConfigError where nothing can be compared.
    """
    found = tuple(rows(samples, fields))
    arms = tuple(dict.fromkeys(each.arm for each in found))
    if reference is not None and reference not in arms:
        raise ConfigError(f"reference={reference}: no sample is of this arm; there are: {', '.join(arms[:12])}")
    arms = tuple(dict.fromkeys((reference or arms[0], *arms))) if arms else ()
    if len(arms) < 2:
        raise ConfigError(f"{fields.arm} has one level ({', '.join(arms) or 'none'}): give arm=FIELD that has several")
    known = dict.fromkeys(_yes_or_no(samples), (0.0, 1.0)) | dict(ranges)
    whole = Imported(
        logs=logs,
        fields=fields,
        arms=arms,
        samples=len(samples),
        without=sum(not {fields.arm, fields.pair, fields.case} <= each.fields.keys() for each in samples),
        judges=judges,
        compared=_adjusted(list(_compared(found, arms, known))),
    )
    return whole, found


def _yes_or_no(samples: Sequence[Sampled]) -> set[str]:
    """The scores that are from 0 to 1 wherever they have a value."""
    names = {name for each in samples for name in each.scores}
    return {
        name
        for name in names
        if all(name in each.bounded or each.scores.get(name) is None for each in samples)
        and any(name in each.bounded for each in samples)
    }


def _compared(found: Sequence[Row], arms: Sequence[str], ranges: Ranges) -> Iterator[Compared]:
    for score in dict.fromkeys(each.score for each in found):
        told = {arm: _by_pair([each for each in found if (each.score, each.arm) == (score, arm)]) for arm in arms}
        ends = ranges.get(score, ranges.get(score.partition(".")[0]))  # of one by turn or subject that of all
        for arm in arms[1:]:
            yield _one(score, arm, arms[0], told[arm], told[arms[0]], ends)


def _by_pair(found: Sequence[Row]) -> dict[tuple[str, int], Row]:
    told: dict[tuple[str, int], Row] = {}
    for each in found:
        if (other := told.setdefault((each.pair, each.epoch), each)) is not each:
            raise ConfigError(
                f"{other.log}:{other.sample} and {each.log}:{each.sample} are both {each.arm!r} of pair {each.pair!r}, "
                f"epoch {each.epoch}: give pair=FIELD or arm=FIELD that tells them apart"
            )
    return told


def _one(
    score: str,
    arm: str,
    reference: str,
    own: Mapping[tuple[str, int], Row],
    others: Mapping[tuple[str, int], Row],
    ends: tuple[float, float] | None,
) -> Compared:
    both = [key for key in own if key in others]
    before, after = (_values(side, both) for side in (others, own))
    codes = {case: code for code, case in enumerate(sorted({own[key].case for key in both}))}
    case = np.array([codes[own[key].case] for key in both], dtype=np.int64)
    if ends is not None:
        _within(score, np.concatenate([before, after]), ends)
    told = difference(before, after, case, None if ends is None else ends[1] - ends[0])
    figures: dict[str, Any] = {key: told[key] for key in ("value", "difference", "low", "high", "pairs", "cases", "p")}
    return Compared(
        score=score,
        arm=arm,
        reference=reference,
        reference_value=told["first"],
        **figures,
        bounded=ends is not None,
        p_adjusted=None,
        verdict="",
        missing=int((np.isnan(before) | np.isnan(after)).sum()),
        unpaired=len(own) + len(others) - 2 * len(both),
    )


def _values(side: Mapping[tuple[str, int], Row], keys: Sequence[tuple[str, int]]) -> Floats:
    return np.array([np.nan if (value := side[key].value) is None else value for key in keys], dtype=np.float64)


def _within(score: str, values: Floats, ends: tuple[float, float]) -> None:
    there = values[~np.isnan(values)]
    if len(there) and not (ends[0] <= there.min() and there.max() <= ends[1]):
        raise ConfigError(
            f"{score} is from {there.min():g} to {there.max():g}, and {ends[0]:g} to {ends[1]:g} was given as its "
            "range: give range=LOW,HIGH that holds them"
        )


def _adjusted(found: Sequence[Compared]) -> tuple[Compared, ...]:
    corrected = iter(holm([each.p for each in found if each.p is not None]))
    adjusted = [None if each.p is None else next(corrected) for each in found]
    return tuple(
        each.model_copy(update={"p_adjusted": p, "verdict": verdict(p, each.low, each.high, None, None).kind})
        for each, p in zip(found, adjusted, strict=True)
    )


COLUMNS = (
    Column.of("score", "score"),
    Column.of("arm", "arm"),
    Column.of("against", "reference"),
    Column.of("reference", "reference_value", form="figure", about="Mean over the pairs."),
    Column.of("arm's", "value", form="figure", about="Mean over the same pairs."),
    Column.of("difference (95 %)", "difference", "low", "high", form="signed interval"),
    Column.of("p adjusted", "p_adjusted", form="figure", about="Holm, over this whole table."),
    Column.of("verdict", "verdict"),
    Column.of("pairs (cases)", "pairs", "cases", pattern="{} ({})"),
    Column.of("missing", "missing", form="count", about="Pairs left out since one lacks the score."),
    Column.of("unpaired", "unpaired", form="count", about="Samples without a partner."),
)


def told(found: Imported) -> tuple[SectionReport, ...]:
    """What it comes to, as blocks."""
    where = found.fields
    text = (
        f"{found.samples} samples of {', '.join(found.logs)}; arm is `{where.arm}`, pair `{where.pair}` and epoch, "
        f"case `{where.case}`; the reference is `{found.arms[0]}`. {found.without} samples lack one of these. "
        "Whether only the arm differs within a pair, and whether both had the same luck, no log of this kind tells."
    )
    free = sorted({each.score for each in found.compared if not each.bounded})
    note = f"No range is known of {', '.join(free)}: those intervals are approximate (range=LOW,HIGH)."
    table = Table(key="compared", columns=COLUMNS, rows=tuple(map(row, found.compared)))
    notes = (Prose(text=note, level="note"),) if free else ()
    asked = tuple(
        Prose(text=f"Judged by {name}: {', '.join(f'{key} {value}' for key, value in who.items())}.", level="note")
        for name, who in found.judges.items()
    )
    return (SectionReport(title="Pairs", blocks=(Prose(text=text), *notes, *asked, table)),)
