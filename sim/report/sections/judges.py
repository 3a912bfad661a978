"""What judges found who were asked after the play, in each comparison."""

import numpy as np

from simrun.plan.contrasts import Contrast
from simrun.report.blocks import Block, Column, Row, Table, row
from simrun.report.breakdown import COLUMNS, PartResult, part
from simrun.report.section import Section
from simrun.scenarios.outcome import Range
from simrun.score.compared import pairs
from simrun.score.scored import Scored


class Judges(Section):
    """One table: each figure of each judge in each comparison; manipulation checks have a section of their own."""

    name, order, title = "judges", 93, "What judges found"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nobody was asked."""
        rows: tuple[Row, ...] = tuple(row(each) for each in judged(run))
        return (Table(key="judges", about=ABOUT, columns=SHOWN, rows=rows),) if rows else ()


ABOUT = "Over the pairs that both sides finished. A judge is a model too: hold its verdicts against people's."


class JudgedResult(PartResult):
    """One figure of a judge in one comparison."""

    outcome: str
    """`judge.figure`"""
    arm: str
    reference: str
    arm_missing: int
    """Episodes of the arm about which the judge said nothing, or contradicted itself."""
    reference_missing: int


SHOWN = (
    Column.of("found", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    *COLUMNS,
    Column.of("missing", "arm_missing", "reference_missing", form="count", pattern="{}, {}", about="No verdict."),
)


def judged(run: Scored) -> tuple[JudgedResult, ...]:
    """Every figure of every judge, in every comparison that is no control."""
    checks = {each.name for each in run.manifest.injections}
    found = [name for name in run.layout.outcomes if name not in run.outcome.model_fields]
    names = [name for name in found if name.partition(".")[2] not in checks]
    contrasts = [each for each in run.manifest.contrasts if not each.control]
    return tuple(_result(run, name, each) for name in names for each in contrasts)


def _result(run: Scored, name: str, contrast: Contrast) -> JudgedResult:
    sides, seen = pairs(run.layout, name, contrast), run.layout.observed(name).value
    # a verdict of yes or no is a share; what bounds any other figure has, a judge does not say
    figures = part(sides, Range(0, 1) if np.isin(seen, (0, 1)).all() else None)
    return JudgedResult(
        outcome=name,
        arm=contrast.arm,
        reference=contrast.reference,
        arm_missing=sides.arm.size - figures.arm_mean.n,
        reference_missing=sides.reference.size - figures.reference_mean.n,
        arm_mean=figures.arm_mean,
        reference_mean=figures.reference_mean,
        difference=figures.difference,
    )
