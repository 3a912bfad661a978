"""Outcomes that have a value a turn, turn by turn."""

from collections.abc import Iterator, Sequence

import numpy as np
from pydantic import JsonValue

from simrun.estimate.paired import Estimate
from simrun.plan.contrasts import Contrast
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.breakdown import COLUMNS, PartResult, part
from simrun.report.section import Section
from simrun.scenarios.outcome import Range
from simrun.score.compared import Sides
from simrun.score.metrics.turn_slope import slopes
from simrun.score.scored import Scored


class ByTurn(Section):
    """What each arm came to turn by turn, and how the differences of what is decided on change; all else in JSON."""

    name, order, title = "by_turn", 91, "Turn by turn"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no outcome has a value a turn."""
        found = by_turn(run)
        if not (means := tuple(_means(run))):
            return ()
        turns = range(1, max(run.layout.series(name).shape[2] for name in _series(run)) + 1)
        return (
            Table(key="means", about=MEANS, columns=_means_columns(turns), rows=means),
            *_changes(run, found, turns),
            Table(key="by_turn", about=ABOUT, columns=SHOWN, rows=tuple(row(each) for each in found), shown=False),
        )


MEANS = (
    "Mean at each turn, turn 1 being the first, with the number of episodes that have a value there where it is not n. "
    "An episode that ended before a turn, or whose value is missing, has none: where many are, those that are left are "
    "no fair sample of all."
)
CHANGES = (
    "The difference at each turn (95 %), within pairs, and by how much it changes from one turn to the next: with "
    "another sign than the differences, the effect fades as the dialogue goes on; with the same, it grows."
)
ABOUT = (
    "Over the pairs that both sides finished. An episode that ended before a turn (censored) has no value there: where "
    "many ended, those that are left are no fair sample of all."
)


def _means(run: Scored) -> Iterator[dict[str, JsonValue]]:
    """A row for each series in each arm."""
    for name in _series(run):
        for arm in run.manifest.arms:
            value = run.layout.series(name, [arm.name])[run.layout.done([arm.name]), 0]
            counts = (~np.isnan(value)).sum(axis=0)
            means = [float(np.nanmean(of)) if count else None for of, count in zip(value.T, counts, strict=True)]
            if any(counts):
                yield {
                    "outcome": name,
                    "arm": arm.name,
                    "n": len(value),
                    "mean": {f"turn {turn}": mean for turn, mean in enumerate(means, 1)},
                    "there": {f"turn {turn}": int(count) for turn, count in enumerate(counts, 1)},
                }


def _means_columns(turns: range) -> tuple[Column, ...]:
    told = (Column.of(f"turn {turn}", f"mean.turn {turn}", f"there.turn {turn}", "n", form="mean") for turn in turns)
    return (Column.of("outcome", "outcome"), Column.of("arm", "arm"), *told, Column.of("n", "n", form="count"))


def _changes(run: Scored, found: Sequence["TurnResult"], turns: range) -> Iterator[Table]:
    """A row for each comparison of what the question is decided on, where it has a value a turn."""
    rows = []
    for name in (name for name in _series(run) if name in run.manifest.primary):
        for each in (each for each in run.manifest.contrasts if not each.control):
            own = [one for one in found if (one.outcome, one.arm, one.reference) == (name, each.arm, each.reference)]
            if own:
                at = {f"turn {one.turn + 1}": one.difference.model_dump(mode="json") for one in own}
                change = _change(run, name, each).model_dump(mode="json")
                rows.append({"outcome": name, "arm": each.arm, "reference": each.reference, "at": at, "change": change})
    if rows:
        yield Table(key="changes", about=CHANGES, columns=_changes_columns(turns), rows=tuple(rows))


def _changes_columns(turns: range) -> tuple[Column, ...]:
    def estimate(head: str, key: str) -> Column:
        return Column.of(head, f"{key}.value", f"{key}.low", f"{key}.high", form="signed interval")

    return (
        Column.of("outcome", "outcome"),
        Column.of("arm", "arm", "reference", pattern="{} - {}"),
        *(estimate(f"turn {turn}", f"at.turn {turn}") for turn in turns),
        estimate("change a turn", "change"),
    )


def _change(run: Scored, name: str, contrast: Contrast) -> Estimate:
    """By how much the difference changes a turn: the paired difference of the slopes of the episodes."""
    layout = run.layout
    done = layout.done((*contrast.arms, *contrast.references))
    found = slopes(layout.series(name)[done])
    arms, references = layout.columns(contrast.arms), layout.columns(contrast.references)
    return part(Sides(found[:, arms], found[:, references], layout.case[done]), None).difference


def _series(run: Scored) -> list[str]:
    shapes = run.outcome.shapes()
    return [name for name in run.layout.details if name in shapes and shapes[name].turns]


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
    contrasts = [each for each in run.manifest.contrasts if not each.control]
    spans = {name: run.outcome.span(name) for name in _series(run)}
    return tuple(
        found for name, span in spans.items() for each in contrasts for found in turn_by_turn(run, name, each, span)
    )


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
