"""What judges found who were asked after the play, in each comparison, and turn by turn."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from simrun.agents.judges.base import SWAPPED
from simrun.estimate.paired import Estimate
from simrun.plan.contrasts import Contrast
from simrun.report.blocks import Block, Column, Finding, Row, Table, row
from simrun.report.breakdown import COLUMNS, PartResult, part
from simrun.report.figures import interval
from simrun.report.section import Section
from simrun.report.sections.by_turn import SHOWN as TURN_COLUMNS
from simrun.report.sections.by_turn import TurnResult, turn_by_turn
from simrun.scenarios.outcome import Range
from simrun.score.compared import pairs
from simrun.score.judged_pairs import JudgedPairs
from simrun.score.metric import Numbers
from simrun.score.metrics.judge_flip_rate import JudgeFlipRate
from simrun.score.metrics.judge_swap import JudgeSwap
from simrun.score.metrics.prediction_powered_difference import PredictionPoweredDifference
from simrun.score.metrics.rogan_gladen_difference import RoganGladenDifference
from simrun.score.samples import Located
from simrun.score.scored import Scored
from simrun.score.swapped import Swapped
from simrun.score.verdicts import Figure, figures

NOTHING = Estimate(value=None, n=0, clusters=0)
UNKNOWN = Numbers(value=None)


class Judges(Section):
    """Each figure of each judge in each comparison, the judge's own difference beside it, and the turns of the first
    figure of each; manipulation checks have a section of their own."""

    name, order, title = "judges", 93, "What judges found"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nobody was asked."""
        if not run.manifest.judges:
            return ()
        results = judged(run)
        rows: tuple[Row, ...] = tuple(row(each) for each in results)
        turns: tuple[Row, ...] = tuple(row(each) for each in by_turn(run))
        found = Table(key="judges", about=ABOUT, columns=SHOWN, rows=rows)
        timed = Table(key="judges_by_turn", title="Turn by turn", about=TURNS, columns=TURN_COLUMNS, rows=turns)
        doubts = tuple(finding for each in results for finding in _doubts(each))
        return (*doubts, *((found,) if rows else ()), *((timed,) if turns else ()))


ABOUT = (
    "Over the pairs that both sides finished; of a value a turn the mean over the turns. A judge is a model too: hold "
    "its verdicts against people's (`people`: judge.labels), and against what scripted agents are known to have done "
    "(`planted`). The judge's own difference is what it makes of the same words when they are about other people: so "
    "much of a difference is the judge's; how often it then says otherwise either way is its flip rate. Where people "
    "labelled a random part (judge.labels), the difference stands beside it with the judge's errors taken out."
)
TURNS = "The main figure of each judge; the table of outcomes has a value a turn of all."
MAIN = ("biased", "unsafe")
"""The figures that come first; the first of the alphabet where a judge has none of them."""


class JudgedResult(PartResult):
    """One figure of a judge in one comparison."""

    outcome: str
    """`judge.figure`"""
    arm: str
    reference: str
    arm_missing: int
    """Episodes of the arm about which the judge said nothing, or contradicted itself."""
    reference_missing: int
    own: Estimate = NOTHING
    """The same words as about the arm's people, minus as about the reference's; its n are texts."""
    flips: Estimate = NOTHING
    """Share of these texts about which the judge says otherwise when only the people are others."""
    corrected: Numbers = UNKNOWN
    """The difference by people's labels on a part (prediction-powered); without a value where there are none."""
    by_errors: Numbers = UNKNOWN
    """The same by how often the judge errs (Rogan and Gladen), of yes and no."""
    labels: int = 0
    """Texts of both arms that people labelled."""


SHOWN = (
    Column.of("found", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    *COLUMNS,
    Column.of(
        "the judge's own (95 %)",
        "own.value",
        "own.low",
        "own.high",
        form="signed interval",
        about="Of texts that it judged with the people of both arms in them (judge.swap); not adjusted.",
    ),
    Column.of(
        "it flips (95 %)",
        "flips.value",
        "flips.low",
        "flips.high",
        form="interval",
        about="Share of these texts about which it says otherwise when only the people are others; 0 is best.",
    ),
    Column.of("texts", "own.n", form="count", about="Judged with other people in them."),
    Column.of(
        "corrected by labels (95 %)",
        "corrected.value",
        "corrected.low",
        "corrected.high",
        form="signed interval",
        about="The difference that people would have found, by their labels on a part (prediction-powered).",
    ),
    Column.of(
        "by its errors (95 %)",
        "by_errors.value",
        "by_errors.low",
        "by_errors.high",
        form="signed interval",
        about="The same by how often it errs about either arm (Rogan and Gladen), of yes and no.",
    ),
    Column.of("labels", "labels", form="count", about="Texts of both arms that people labelled."),
    Column.of("missing", "arm_missing", "reference_missing", form="count", pattern="{}, {}", about="No verdict."),
)


def judged(run: Scored) -> tuple[JudgedResult, ...]:
    """Every figure of every judge, in every comparison that is no control."""
    return tuple(_result(run, name, each) for name in _names(run) for each in _contrasts(run))


def by_turn(run: Scored) -> Iterator[TurnResult]:
    """Every turn of the main figure of each judge."""
    first: dict[str, str] = {}
    timed = [name for name in _names(run) if name in run.layout.details]
    for name in sorted(timed, key=lambda name: name.partition(".")[2] not in MAIN):
        first.setdefault(name.partition(".")[0], name)
    for name in first.values():
        for each in _contrasts(run):
            yield from turn_by_turn(run, name, each, _range(run, name))


def _names(run: Scored) -> list[str]:
    checks = {each.name for each in run.manifest.injections}
    found = [name for name in run.layout.outcomes if name not in run.outcome.model_fields]
    return [name for name in found if name.partition(".")[2] not in checks and not name.endswith(SWAPPED)]


def _contrasts(run: Scored) -> list[Contrast]:
    return [each for each in run.manifest.contrasts if not each.control]


def _range(run: Scored, name: str) -> Range | None:
    """A verdict of yes or no is a share; what bounds any other figure has, a judge does not say."""
    seen = run.layout.details[name].value if name in run.layout.details else run.layout.observed(name).value
    return Range(0, 1) if np.isin(seen[~np.isnan(seen)], (0, 1)).all() else None


def _result(run: Scored, name: str, contrast: Contrast) -> JudgedResult:
    sides = pairs(run.layout, name, contrast)
    figures_ = part(sides, _range(run, name))
    return JudgedResult(
        outcome=name,
        arm=contrast.arm,
        reference=contrast.reference,
        arm_missing=sides.arm.size - figures_.arm_mean.n,
        reference_missing=sides.reference.size - figures_.reference_mean.n,
        arm_mean=figures_.arm_mean,
        reference_mean=figures_.reference_mean,
        difference=figures_.difference,
        **_beside(run, name, contrast),
    )


def _beside(run: Scored, name: str, contrast: Contrast) -> dict[str, Any]:
    """What of a difference may be the judge's: its flips, and the difference with its errors taken out."""
    figure: Figure | None = next((each for each in figures(run.manifest, run.layout) if each.name == name), None)
    if figure is None or contrast.note:
        return {}
    told: dict[str, Any] = {}
    if swapped := Swapped.of(run, figure, contrast):
        told |= {"own": JudgeSwap().measure(swapped), "flips": JudgeFlipRate().measure(swapped)}
    if sample := JudgedPairs.of(run, figure, contrast):
        told["corrected"] = PredictionPoweredDifference().measure(sample)
        told["labels"] = sum(len(side.labelled.case) for side in (sample.arm, sample.reference))
        for metric in RoganGladenDifference.asked(sample):
            found = metric.figure(Located(sample))
            told["by_errors"] = Numbers(value=found.value, low=found.low, high=found.high)
    return told


def _doubts(each: JudgedResult) -> Iterator[Finding]:
    """What the judge itself makes of a difference, where it shows."""
    of = {"outcome": each.outcome, "arm": each.arm, "reference": each.reference}
    if each.own.low is not None and each.own.high is not None and (each.own.low > 0 or each.own.high < 0):
        told = interval(each.own.value, each.own.low, each.own.high, signed=True)
        found = interval(each.difference.value, each.difference.low, each.difference.high, signed=True)
        yield Finding(text=OF_ITS_OWN.format(each.outcome, told, found), verdict="doubt", **of)
    raw, corrected = each.difference, each.corrected
    if None in (raw.low, raw.high, corrected.low, corrected.high):
        return
    seen, held = ((one.low or 0) > 0 or (one.high or 0) < 0 for one in (raw, corrected))
    if seen != held:
        told = interval(corrected.value, corrected.low, corrected.high, signed=True)
        text = (NOT_HELD if seen else HIDDEN).format(each.outcome, told)
        yield Finding(text=text, verdict="doubt", **of)


OF_ITS_OWN = "{}: **the judge makes a difference of its own**: {} about the same words, of the {} that it finds."
NOT_HELD = (
    "{}: the judge finds a difference, and **people's labels do not show it**: {} when the judge's errors are taken "
    "out; more labels would tell whether it is there."
)
HIDDEN = "{}: the judge finds no difference, and people's labels do: {} when its errors are taken out."
