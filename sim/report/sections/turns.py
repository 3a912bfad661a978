"""When something happens, in an arm and in its reference."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate.paired import Estimate
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.counted import EventPairs, Events
from simrun.score.metrics.restricted_mean_difference import RestrictedMeanDifference
from simrun.score.metrics.restricted_mean_turns import RestrictedMean, RestrictedMeanTurns
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
    scenario, layout = run.manifest.scenario, run.layout
    found = []
    for contrast in run.comparisons:
        sides = (*contrast.arms, *contrast.references)
        done = layout.done(sides)
        for name, event in run.outcome.events().items() if done.any() else ():
            happened, seen = (layout.table(field, sides)[done] for field in (name, event.until))
            horizon = int(getattr(scenario, event.horizon)) + 1  # an event in the last turn comes before the horizon
            named = (contrast.arm, contrast.reference)
            found.append(turns_until(name, named, happened, seen, layout.case[done], horizon))
    return tuple(found)


def turns_until(
    outcome: str, sides: tuple[str, str], events: ArrayLike, observed: ArrayLike, cases: ArrayLike, horizon: int
) -> TurnsResult:
    """Restricted means of one contrast.

    `events` and `observed` are (pairs, 2), as in Events; `cases` (pairs,).
    """
    event, seen = np.asarray(events, dtype=float).T, np.asarray(observed, dtype=float).T
    case = np.unique(np.asarray(cases), return_inverse=True)[1]
    sides_of = [Events(event[side], seen[side], case, horizon) for side in (0, 1)]
    means = [RestrictedMeanTurns().measure(each) for each in sides_of]
    return TurnsResult(
        outcome=outcome,
        arm=sides[0],
        reference=sides[1],
        horizon=horizon,
        arm_mean=means[0],
        reference_mean=means[1],
        difference=RestrictedMeanDifference().measure(EventPairs(*sides_of)),
    )


def table(*found: TurnsResult) -> Table:
    """A row an event of a contrast."""
    about = "Mean number of turns up to the horizon (Kaplan-Meier; what was not seen to the end is censored)."
    rows = [row(each, arm_end=each.arm_mean.curve[-1], reference_end=each.reference_mean.curve[-1]) for each in found]
    return Table(key="turns", about=about, columns=COLUMNS, rows=tuple(rows))
