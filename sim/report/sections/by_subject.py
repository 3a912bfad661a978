"""Outcomes that have a value for each of several subjects, such as papers, applicants or members."""

from collections.abc import Iterator

from simrun.plan.contrasts import Contrast
from simrun.report.blocks import Block, Column, Row, Table, row
from simrun.report.breakdown import COLUMNS, PartResult, part
from simrun.report.section import Section
from simrun.score.compared import Sides
from simrun.score.scored import Scored

MOST = 30
"""Subjects of one outcome that a person is shown; where each case has its own, their names say little."""


class BySubject(Section):
    """One table: each subject of each such outcome in each comparison."""

    name, order, title = "by_subject", 92, "Subject by subject"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no outcome has a value for each subject."""
        found = by_subject(run)
        rows: tuple[Row, ...] = tuple(row(each) for each in found)
        few = len({each.subject for each in found}) <= MOST
        return (Table(key="by_subject", about=ABOUT, columns=SHOWN, rows=rows, shown=few),) if rows else ()


ABOUT = "Over the pairs that both sides finished; a subject without a value, or not in an episode, counts as missing."


class SubjectResult(PartResult):
    """One subject of one outcome in one comparison."""

    outcome: str
    arm: str
    reference: str
    subject: str
    arm_missing: int
    """Episodes of the arm without a value of this subject."""
    reference_missing: int


SHOWN = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    Column.of("subject", "subject"),
    *COLUMNS,
    Column.of(
        "missing",
        "arm_missing",
        "reference_missing",
        form="count",
        pattern="{}, {}",
        about="In the arm, in the reference.",
    ),
)


def by_subject(run: Scored) -> tuple[SubjectResult, ...]:
    """Every subject of every such outcome that is compared, in every comparison that is no control."""
    shapes = run.outcome.shapes()
    fields = [name for name in run.outcome.measured() if name in run.layout.details and shapes[name].subjects]
    contrasts = [each for each in run.manifest.contrasts if not each.control]
    return tuple(found for name in fields for each in contrasts for found in _subjects(run, name, each))


def _subjects(run: Scored, name: str, contrast: Contrast) -> Iterator[SubjectResult]:
    layout = run.layout
    done = layout.done((*contrast.arms, *contrast.references))
    names, value = layout.subjects(name)
    arms, references = layout.columns(contrast.arms), layout.columns(contrast.references)
    for place, subject in enumerate(names if done.any() else ()):
        sides = Sides(value[done][:, arms, place], value[done][:, references, place], layout.case[done])
        figures = part(sides, run.outcome.span(name))
        yield SubjectResult(
            outcome=name,
            arm=contrast.arm,
            reference=contrast.reference,
            subject=subject,
            arm_missing=sides.arm.size - figures.arm_mean.n,
            reference_missing=sides.reference.size - figures.reference_mean.n,
            arm_mean=figures.arm_mean,
            reference_mean=figures.reference_mean,
            difference=figures.difference,
        )
