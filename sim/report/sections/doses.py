"""Whether an effect grows with the dose of what was injected."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import Floats
from simrun.estimate.paired import Estimate, clustered_mean
from simrun.estimate.power import ALPHA
from simrun.estimate.relabelling import DRAWS, corrected, exchanges, measured
from simrun.estimate.trend import exchanged_slopes, slopes, steepest
from simrun.report.blocks import Block, Column, Finding, Table, row
from simrun.report.breakdown import estimate
from simrun.report.figures import figure
from simrun.report.section import Section
from simrun.score.crossed import Doses as Dosed
from simrun.score.metrics.dose_slope import DoseSlope
from simrun.score.scored import Scored


class Doses(Section):
    """A row for each decisive outcome of each level; a finding where an effect grows, or falls, with the dose."""

    name, order, title = "doses", 45, "By dose"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no dose is varied."""
        found = trends(run)
        if not found:
            return ()
        rows = tuple(row(each) for each in found)
        return (*map(_finding, found), Table(key="doses", about=ABOUT, columns=COLUMNS, rows=rows))


class TrendResult(Record):
    """One outcome over the doses."""

    outcome: str
    factor: str
    arm: str
    reference: str
    means: Mapping[str, float]
    """The mean effect by dose, each case counting once."""
    n: Mapping[str, int]
    """Cases by dose."""
    slope: Estimate
    """Mean of the cases' slopes, for one more step of dose."""
    at_zero: float | None
    """Mean effect at dose 0, which must be 0; None where dose 0 was not played, or is what the others are held
    against."""
    monotone: bool | None
    """Mean effects never turn back from dose to dose."""
    p: float
    """By exchanging the doses' labels inside each case."""
    p_adjusted: float
    """Over all rows."""


ABOUT = (
    "The slope of each case over its doses, their mean; tested by exchanging the doses' labels inside whole cases, "
    "which is exact as doses are played in every case. Corrected over all rows: min-p over the outcomes of one level, "
    "Holm over levels. Doses are ordered, not equidistant: the slope is for one more step."
)
COLUMNS = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    Column.of("mean effect by dose (cases)", "means", "n", form="groups"),
    estimate("slope (95 %)", "slope", "signed interval"),
    Column.of("never turns back", "monotone", about="Mean effects only rise, or only fall, from dose to dose."),
    Column.of("p", "p", form="figure", about="Two-sided.", shown=False),
    Column.of("p adjusted", "p_adjusted", form="figure", about="Over all rows; below .05 there is a dose response."),
)


def trends(run: Scored) -> tuple[TrendResult, ...]:
    """Every decisive outcome over every dose that is varied, of each level against its reference."""
    located = [at for at in Dosed.found(run) if at.sample.usable and len(np.unique(_dosed(at.sample).dose)) > 1]
    keys = list(dict.fromkeys((at.factor, at.arm, at.reference) for at in located))
    own = [[at for at in located if (at.factor, at.arm, at.reference) == key] for key in keys]
    found = corrected([np.abs(_exchanged(run, [_dosed(at.sample) for at in each])) for each in own])
    return tuple(
        _result(run, _dosed(at.sample), at.outcome, (at.factor, at.arm, at.reference), float(p[place]), adjusted[place])
        for each, (p, adjusted) in zip(own, found, strict=True)
        for place, at in enumerate(each)
    )


def _dosed(sample: object) -> Dosed:
    assert isinstance(sample, Dosed)
    return sample


def _exchanged(run: Scored, samples: list[Dosed]) -> Floats:
    """The slope of each outcome with labels exchanged, (exchanges, outcomes)."""
    cells = [each.cells(len(run.layout.cases)) for each in samples]
    doses = cells[0][0]
    moved = exchanges(np.any([~np.isnan(values) for _, values in cells], axis=0), DRAWS)
    return measured(moved, [partial(exchanged_slopes, doses, values) for _, values in cells])


def _result(
    run: Scored, sample: Dosed, outcome: str, named: tuple[str, str, str], p: float, adjusted: float
) -> TrendResult:
    doses, values = sample.cells(len(run.layout.cases))
    slope, whole = slopes(doses, values), DoseSlope().measure(sample)
    there = ~np.isnan(slope)
    factor, arm, reference = named
    shown = [f"{dose:g}" for dose in doses]
    span = run.outcome.span(outcome)
    # an effect lies between minus and plus the outcome's range; held against one dose, slopes are those of the values
    wide = 1 if arm == factor else 2
    most = None if span is None else wide * (span.high - span.low) * steepest(doses, values)
    return TrendResult(
        outcome=outcome,
        factor=factor,
        arm=arm,
        reference=reference,
        means=dict(zip(shown, np.nanmean(values, axis=0).tolist(), strict=True)),
        n=dict(zip(shown, (~np.isnan(values)).sum(axis=0).tolist(), strict=True)),
        slope=clustered_mean(slope[there], np.flatnonzero(there), None if most is None else -most, most),
        at_zero=None if arm == factor else whole.at_zero,
        monotone=whole.monotone,
        p=p,
        p_adjusted=adjusted,
    )


def _finding(each: TrendResult) -> Finding:
    """What the trend of one outcome comes to."""
    found = each.p_adjusted < ALPHA and each.slope.value is not None
    way = "rises" if (each.slope.value or 0.0) > 0 else "falls"
    turns = "" if each.monotone else ", though not from each dose to the next"
    text = (
        f"{each.outcome}, {each.arm}: {way} with the dose by {figure(each.slope.value, signed=True)} a step, "
        f"p = {figure(each.p_adjusted)} after correction{turns}."
        if found
        else f"{each.outcome}, {each.arm}: no trend over doses found, p = {figure(each.p_adjusted)} after correction."
    )
    return Finding(
        text=text,
        verdict="difference" if found else "inconclusive",
        outcome=each.outcome,
        arm=each.arm,
        reference=each.reference,
    )
