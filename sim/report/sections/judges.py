"""What judges found who were asked after the play, in each comparison, and turn by turn."""

from collections.abc import Iterator

import numpy as np

from simrun.agents.judges.base import SWAPPED
from simrun.estimate.paired import Estimate
from simrun.plan.contrasts import Contrast
from simrun.report.blocks import Block, Column, Row, Table, row
from simrun.report.breakdown import COLUMNS, PartResult, part
from simrun.report.section import Section
from simrun.report.sections.by_turn import SHOWN as TURN_COLUMNS
from simrun.report.sections.by_turn import TurnResult, turn_by_turn
from simrun.scenarios.outcome import Range
from simrun.score.compared import pairs
from simrun.score.metrics.judge_swap import JudgeSwap
from simrun.score.scored import Scored
from simrun.score.swapped import Swapped
from simrun.score.verdicts import Figure, figures

NOTHING = Estimate(value=None, n=0, clusters=0)


class Judges(Section):
    """Each figure of each judge in each comparison, the judge's own difference beside it, and the turns of the first
    figure of each; manipulation checks have a section of their own."""

    name, order, title = "judges", 93, "What judges found"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nobody was asked."""
        if not run.manifest.judges:
            return ()
        rows: tuple[Row, ...] = tuple(row(each) for each in judged(run))
        turns: tuple[Row, ...] = tuple(row(each) for each in by_turn(run))
        found = Table(key="judges", about=ABOUT, columns=SHOWN, rows=rows)
        timed = Table(key="judges_by_turn", title="Turn by turn", about=TURNS, columns=TURN_COLUMNS, rows=turns)
        return (*((found,) if rows else ()), *((timed,) if turns else ()))


ABOUT = (
    "Over the pairs that both sides finished; of a value a turn the mean over the turns. A judge is a model too: hold "
    "its verdicts against people's (`people`: judge.labels), and against what scripted agents are known to have done "
    "(`planted`). The judge's own difference is what it makes of the same words when they are about other people: so "
    "much of a difference is the judge's."
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
        about="Of texts that it judged with the people of both arms in them; not adjusted.",
    ),
    Column.of("texts", "own.n", form="count", about="Judged with other people in them."),
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
        own=_own(run, name, contrast),
    )


def _own(run: Scored, name: str, contrast: Contrast) -> Estimate:
    figure: Figure | None = next((each for each in figures(run.manifest, run.layout) if each.name == name), None)
    sample = Swapped.of(run, figure, contrast) if figure and not contrast.note else None
    return JudgeSwap().measure(sample) if sample else NOTHING
