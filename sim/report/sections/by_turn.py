"""Outcomes that have a value a turn, turn by turn."""

from collections.abc import Iterator

from simrun.plan.contrasts import Contrast
from simrun.report.blocks import Block, Column, Row, Table, row
from simrun.report.breakdown import COLUMNS, PartResult, part
from simrun.report.section import Section
from simrun.scenarios.outcome import Range
from simrun.score.compared import Sides
from simrun.score.scored import Scored


class ByTurn(Section):
    """One table: each turn of each series in each comparison."""

    name, order, title = "by_turn", 91, "Turn by turn"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no outcome has a value a turn."""
        found = by_turn(run)
        rows: tuple[Row, ...] = tuple(row(each) for each in found)
        return (Table(key="by_turn", about=ABOUT, columns=SHOWN, rows=rows),) if rows else ()


ABOUT = (
    "Over the pairs that both sides finished. An episode that ended before a turn (censored) has no value there: where "
    "many ended, those that are left are no fair sample of all."
)


class TurnResult(PartResult):
    """One turn of one series in one comparison."""

    outcome: str
    arm: str
    reference: str
    turn: int
    """From 0, as in the outcomes table."""
    arm_ended: int
    """Episodes of the arm that ended before this turn."""
    reference_ended: int
    arm_missing: int
    """Episodes of the arm that had this turn, and no value in it."""
    reference_missing: int


def _both(head: str, key: str, about: str) -> Column:
    return Column.of(head, f"arm_{key}", f"reference_{key}", form="count", pattern="{}, {}", about=about)


SHOWN = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    Column.of("turn", "turn", form="count", about="From 0."),
    *COLUMNS,
    _both("ended before", "ended", "Not observed: censored. In the arm, in the reference."),
    _both("missing", "missing", "Observed without a value. In the arm, in the reference."),
)


def by_turn(run: Scored) -> tuple[TurnResult, ...]:
    """Every turn that some episode had, of every series that is compared, in every comparison that is no control."""
    shapes = run.outcome.shapes()
    series = [name for name in run.layout.details if name in shapes and shapes[name].turns]
    contrasts = [each for each in run.manifest.contrasts if not each.control]
    spans = {name: run.outcome.span(name) for name in series}
    return tuple(found for name in series for each in contrasts for found in turn_by_turn(run, name, each, spans[name]))


def turn_by_turn(run: Scored, name: str, contrast: Contrast, span: Range | None) -> Iterator[TurnResult]:
    """Every turn that some episode had of one series in one comparison; `span` bounds its values."""
    layout = run.layout
    done = layout.done((*contrast.arms, *contrast.references))
    value, turns = layout.series(name)[done], layout.details[name].turns[done]
    arms, references = layout.columns(contrast.arms), layout.columns(contrast.references)
    for turn in range(value.shape[2]):
        sides = Sides(value[:, arms, turn], value[:, references, turn], layout.case[done])
        figures = part(sides, span)
        lasted = [int((turns[:, columns] > turn).sum()) for columns in (arms, references)]
        if any(lasted):
            yield TurnResult(
                outcome=name,
                arm=contrast.arm,
                reference=contrast.reference,
                turn=turn,
                arm_ended=sides.arm.size - lasted[0],
                reference_ended=sides.reference.size - lasted[1],
                arm_missing=lasted[0] - figures.arm_mean.n,
                reference_missing=lasted[1] - figures.reference_mean.n,
                arm_mean=figures.arm_mean,
                reference_mean=figures.reference_mean,
                difference=figures.difference,
            )
