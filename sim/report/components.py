"""What a report says beyond differences of means: where the variance comes from, when something happens, how small cells fare."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simrun.agents.records import Record
from simrun.estimate.mixed import MixedEffects, mixed_effects
from simrun.estimate.paired import Estimate
from simrun.log.manifest import Manifest
from simrun.report.figures import figure, interval
from simrun.score.compared import Contrast, compared
from simrun.score.counted import EventPairs, Events
from simrun.score.layout import Layout
from simrun.score.metrics.restricted_mean_difference import RestrictedMeanDifference
from simrun.score.metrics.restricted_mean_turns import RestrictedMean, RestrictedMeanTurns
from simrun.score.metrics.shrunken_means import Shrunken, ShrunkenMeans
from simrun.score.values import Groups

Labels = NDArray[np.object_] | None


class ComponentsResult(Record):
    """One outcome of one contrast under crossed random effects."""

    outcome: str
    arm: str
    reference: str
    model: MixedEffects


class TurnsResult(Record):
    """When an event comes, in an arm and in its reference, over the same pairs."""

    outcome: str
    arm: str
    reference: str
    horizon: int
    arm_mean: RestrictedMean
    reference_mean: RestrictedMean
    difference: Estimate


class CellsResult(Record):
    """One outcome over the cells of some axes, partially pooled."""

    outcome: str
    factor: str
    means: Shrunken


def components(
    outcome: str,
    sides: tuple[str, str],
    values: ArrayLike,
    cases: ArrayLike,
    wordings: ArrayLike | None = None,
    names: ArrayLike | None = None,
) -> ComponentsResult:
    """Mixed effects of one contrast.

    `sides` are the arm and its reference; `values` (pairs, 2) theirs, NaN where missing (that entry alone is left out); `cases` and
    `wordings` (pairs,); `names` (pairs, 2), of the name that each episode went under.
    """
    table = np.asarray(values, dtype=float)
    there = ~np.isnan(table)

    def flat(given: ArrayLike) -> NDArray[Any]:
        column = np.asarray(given, dtype=object)
        both: NDArray[Any] = column if column.ndim == 2 else np.stack([column, column], axis=1)
        return np.asarray(both[there])

    arms = np.broadcast_to(np.array(["arm", "reference"]), table.shape)[there]
    if len(np.unique(arms)) < 2:
        found = MixedEffects(difference=None, reason="an arm has no values", n=int(there.sum()))
    else:
        given = [None if labels is None else flat(labels) for labels in (wordings, names)]
        found = mixed_effects(table[there], arms, "reference", flat(cases), *given)
    return ComponentsResult(outcome=outcome, arm=sides[0], reference=sides[1], model=found)


def turns_until(
    outcome: str, sides: tuple[str, str], events: ArrayLike, observed: ArrayLike, cases: ArrayLike, horizon: int
) -> TurnsResult:
    """Restricted means of one contrast: `events` and `observed` are (pairs, 2), as in Events; `cases` (pairs,)."""
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


def pooled(outcome: str, factor: str, values: ArrayLike, cells: ArrayLike, cases: ArrayLike) -> CellsResult:
    """Shrunken means of one outcome, an entry an episode (n,); all cells are to share their cases."""
    case = np.unique(np.asarray(cases), return_inverse=True)[1]
    sample = Groups(np.asarray(values, dtype=float), np.asarray(cells).astype(str), case)
    return CellsResult(outcome=outcome, factor=factor, means=ShrunkenMeans().measure(sample))


MOST = 20_000
"""Episodes of a contrast up to which the model is fitted: a second or two."""


def crossed(manifest: Manifest, layout: Layout, wordings: Labels, names: Labels) -> tuple[ComponentsResult, ...]:
    """Every declared outcome in every comparison of two arms, where cases are crossed with something: repeats, wordings or names.

    `wordings` and `names` are (pairs, arms), None where all are the same.
    """
    if layout.repeats < 2 and wordings is None and names is None:
        return ()
    found = []
    for contrast in _of_two(manifest):
        done, columns = (
            layout.done((*contrast.arms, *contrast.references)),
            layout.columns((*contrast.arms, *contrast.references)),
        )
        for outcome in manifest.primary if 2 * done.sum() <= MOST else ():
            values = layout.table(outcome, (*contrast.arms, *contrast.references))[done]
            labelled = [None if given is None else given[done][:, columns] for given in (wordings, names)]
            found.append(components(outcome, (contrast.arm, contrast.reference), values, layout.case[done], *labelled))
    return tuple(found)


def timed(manifest: Manifest, layout: Layout) -> tuple[TurnsResult, ...]:
    """Every outcome that says when something happened, in every comparison of two arms."""
    scenario = manifest.config.played()
    found = []
    for contrast in _of_two(manifest):
        sides = (*contrast.arms, *contrast.references)
        done = layout.done(sides)
        for name, event in manifest.outcome.events().items() if done.any() else ():
            happened, seen = (layout.table(field, sides)[done] for field in (name, event.until))
            horizon = int(getattr(scenario, event.horizon)) + 1  # an event in the last turn comes before the horizon
            found.append(
                turns_until(name, (contrast.arm, contrast.reference), happened, seen, layout.case[done], horizon)
            )
    return tuple(found)


def cells(manifest: Manifest, layout: Layout) -> tuple[CellsResult, ...]:
    """Every declared outcome over the intersections of the axes that were varied, where there are several."""
    axes = [key for key in manifest.config.factors if key.partition(".")[2] in manifest.catalogue.axes]
    settings = {arm.name: " & ".join(arm.settings[axis] for axis in axes) for arm in manifest.arms if not arm.control}
    if len(axes) < 2:
        return ()
    found = []
    for outcome in manifest.primary:
        seen = layout.observed(outcome, settings)
        if len(np.unique(seen.arm)) > 1:
            named = np.array([settings.get(arm, "") for arm in layout.arms], dtype=object)[seen.arm]
            found.append(pooled(outcome, " & ".join(axes), seen.value, named, seen.case))
    return tuple(found)


def _of_two(manifest: Manifest) -> list[Contrast]:
    return [
        contrast
        for contrast in compared(manifest)
        if not contrast.control and len(contrast.arms) + len(contrast.references) == 2
    ]


COMPONENTS = (
    "outcome",
    "arm",
    "difference (95 %)",
    "differs between cases by",
    "case",
    "case x arm",
    "wording",
    "name",
    "residual",
    "left out",
)
TURNS = (
    "outcome",
    "arm",
    "mean turn (95 %)",
    "in the reference (95 %)",
    "difference (95 %)",
    "events",
    "left before",
    "without it at the end",
)
CELLS = ("outcome", "by", "cell", "n (cases)", "mean", "shrunken")


def component_rows(found: Iterable[ComponentsResult]) -> list[list[str]]:
    """Cells of a table under COMPONENTS: the variance by component in percent of the whole."""
    return [_component_row(each) for each in found]


def _component_row(each: ComponentsResult) -> list[str]:
    model = each.model
    left_out = "; ".join(f"{name}: {why}" for name, why in model.left_out.items())
    shares = [f"{100 * model.shares[name]:.3g} %" if name in model.shares else "-" for name in COMPONENTS[4:9]]
    told = (
        interval(model.difference, model.low, model.high, signed=True)
        if model.converged
        else f"not fitted: {model.reason}"
    )
    return [each.outcome, f"{each.arm} - {each.reference}", told, figure(model.spread), *shares, left_out or "-"]


def turn_rows(found: Iterable[TurnsResult]) -> list[list[str]]:
    """Cells of a table under TURNS; pairs of figures are of the arm and of the reference."""
    return [_turn_row(each) for each in found]


def _turn_row(each: TurnsResult) -> list[str]:
    one, other, apart = each.arm_mean, each.reference_mean, each.difference
    return [
        each.outcome,
        f"{each.arm} - {each.reference}",
        interval(one.value, one.low, one.high),
        interval(other.value, other.low, other.high),
        interval(apart.value, apart.low, apart.high, signed=True),
        f"{one.events}, {other.events}",
        f"{one.left}, {other.left}",
        f"{figure(one.curve[-1])}, {figure(other.curve[-1])}",
    ]


def cell_rows(found: Sequence[CellsResult]) -> list[list[str]]:
    """Cells of a table under CELLS, the lowest shrunken mean of each outcome first."""
    rows = []
    for each in found:
        ordered = sorted(
            each.means.cells.items(),
            key=lambda item: (item[1].mean if item[1].shrunken is None else item[1].shrunken, item[0]),
        )
        rows += [
            [each.outcome, each.factor, name, f"{cell.n} ({cell.cases})", figure(cell.mean), figure(cell.shrunken)]
            for name, cell in ordered
        ]
    return rows
