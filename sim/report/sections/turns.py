"""When something happens, in an arm and in its reference."""

from simrun.agents.records import Record
from simrun.estimate.paired import Estimate
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.counted import EventPairs
from simrun.score.metrics.restricted_mean_difference import RestrictedMeanDifference
from simrun.score.metrics.restricted_mean_turns import RestrictedMean, RestrictedMeanTurns
from simrun.score.samples import Located
from simrun.score.scored import Scored


class Turns(Section):
    """One table: each event in each comparison."""

    name, order, title = "turns", 90, "When it happens"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no outcome is an event."""
        found = turns(run)
        return (table(*found),) if found else ()


class TurnsResult(Record):
    """When an event comes, in an arm and in its reference, over the same pairs."""

    outcome: str
    arm: str
    reference: str
    horizon: int
    arm_mean: RestrictedMean
    reference_mean: RestrictedMean
    difference: Estimate


def _mean(head: str, key: str, form: str = "interval") -> Column:
    return Column.of(head, f"{key}.value", f"{key}.low", f"{key}.high", form=form)


def _both(head: str, key: str, about: str) -> Column:
    return Column.of(head, f"arm_mean.{key}", f"reference_mean.{key}", form="count", pattern="{}, {}", about=about)


COLUMNS = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    _mean("mean turn (95 %)", "arm_mean"),
    _mean("in the reference (95 %)", "reference_mean"),
    _mean("difference (95 %)", "difference", "signed interval"),
    _both("events", "events", "In the arm, in the reference."),
    _both("left before", "left", "Not seen to the end: censored. In the arm, in the reference."),
    Column.of(
        "without it at the end",
        "arm_end",
        "reference_end",
        form="figure",
        pattern="{}, {}",
        about="Share, in the arm and in the reference.",
    ),
)


def turns(run: Scored) -> tuple[TurnsResult, ...]:
    """Every outcome that says when something happened, in every comparison of two arms."""
    events = run.outcome.events()
    return tuple(until(at) for at in EventPairs.found(run) if at.outcome in events)


def until(at: Located) -> TurnsResult:
    """Restricted means of one event, on both sides of a comparison."""
    assert isinstance(at.sample, EventPairs)
    arm, reference = at.sample.arm, at.sample.reference
    return TurnsResult(
        outcome=at.outcome,
        arm=at.arm,
        reference=at.reference,
        horizon=arm.horizon,
        arm_mean=RestrictedMeanTurns().measure(arm),
        reference_mean=RestrictedMeanTurns().measure(reference),
        difference=RestrictedMeanDifference().measure(at.sample),
    )


def table(*found: TurnsResult) -> Table:
    """A row an event of a contrast."""
    about = "Mean number of turns up to the horizon (Kaplan-Meier; what was not seen to the end is censored)."
    rows = [row(each, arm_end=each.arm_mean.curve[-1], reference_end=each.reference_mean.curve[-1]) for each in found]
    return Table(key="turns", about=about, columns=COLUMNS, rows=tuple(rows))
