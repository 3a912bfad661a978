"""Where the variance comes from: crossed random effects of cases, wordings and names."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simrun.agents.records import Record
from simrun.estimate.mixed import LEAST, SLOPE, MixedEffects, mixed_effects
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.layout import labels
from simrun.score.scored import Scored

MOST = 20_000
"""Episodes of a contrast up to which the model is fitted: a second or two."""
PARTS = ("case", "case x arm", "wording", "wording x arm", "name", "name x arm", "residual")


class Components(Section):
    """One table: each declared outcome in each comparison."""

    name, order, title = "components", 100, "Where the variance comes from"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where cases are crossed with nothing."""
        found = components(run)
        return (table(*found),) if found else ()


class ComponentsResult(Record):
    """One outcome of one contrast under crossed random effects."""

    outcome: str
    arm: str
    reference: str
    model: MixedEffects


COLUMNS = (
    Column.of("outcome", "outcome"),
    Column.of("arm", "arm", "reference", pattern="{} - {}"),
    Column.of(
        "difference (95 %)",
        "model.difference",
        "model.low",
        "model.high",
        "unfitted",
        form="signed interval",
        about="For other cases than those drawn, and for what `holds for` says.",
    ),
    Column.of(
        "holds for",
        "holds",
        about="What the interval says something of: few wordings or names cannot speak for others.",
    ),
    Column.of(
        "differs between cases by",
        "model.spread",
        form="figure",
        about="Standard deviation of the difference between cases.",
    ),
    *(Column.of(part, f"parts.{part}", form="share", about="Of the variance of one value.") for part in PARTS),
    Column.of("left out", "model.left_out", form="list", about="Parts that are not in the model, and why."),
)


def components(run: Scored) -> tuple[ComponentsResult, ...]:
    """Every declared outcome in every comparison of two arms; nothing without repeats, wordings or names."""
    layout = run.layout
    wordings, names = (labels(run.tables, layout, column) for column in ("wording", "name"))
    if layout.repeats < 2 and wordings is None and names is None:
        return ()
    found = []
    for contrast in run.comparisons:
        sides = (*contrast.arms, *contrast.references)
        done, columns = layout.done(sides), layout.columns(sides)
        for outcome in run.manifest.primary if 2 * done.sum() <= MOST else ():
            values = layout.table(outcome, sides)[done]
            labelled = [None if given is None else given[done][:, columns] for given in (wordings, names)]
            named = (contrast.arm, contrast.reference)
            found.append(fitted(outcome, named, values, layout.case[done], *labelled))
    return tuple(found)


def fitted(
    outcome: str,
    sides: tuple[str, str],
    values: ArrayLike,
    cases: ArrayLike,
    wordings: ArrayLike | None = None,
    names: ArrayLike | None = None,
) -> ComponentsResult:
    """Mixed effects of one contrast.

    `sides` are the arm and its reference; `values` (pairs, 2) theirs, NaN where missing (that entry alone is left
    out); `cases` and `wordings` (pairs,) or (pairs, 2); `names` (pairs, 2), of the name that each episode went under.
    """
    value = np.asarray(values, dtype=float)
    there = ~np.isnan(value)

    def flat(given: ArrayLike) -> NDArray[Any]:
        column = np.asarray(given, dtype=object)
        both: NDArray[Any] = column if column.ndim == 2 else np.stack([column, column], axis=1)
        return np.asarray(both[there])

    arms = np.broadcast_to(np.array(["arm", "reference"]), value.shape)[there]
    if len(np.unique(arms)) < 2:
        found = MixedEffects(difference=None, reason="an arm has no values", n=int(there.sum()))
    else:
        given = [None if labels is None else flat(labels) for labels in (wordings, names)]
        found = mixed_effects(value[there], arms, "reference", flat(cases), *given)
    return ComponentsResult(outcome=outcome, arm=sides[0], reference=sides[1], model=found)


def holds(model: MixedEffects) -> str:
    """What the interval says something of, in words."""
    others = ["cases", *(name + "s" for name in LEAST if name in {part.removesuffix(SLOPE) for part in model.levels})]
    open_ = [name for name in others if name.removesuffix("s") not in model.only]
    own = [f"these {count} {name}s only" if count > 1 else f"this {name} only" for name, count in model.only.items()]
    return "; ".join([f"other {' and '.join(open_)}", *own])


def table(*found: ComponentsResult) -> Table:
    """A row an outcome of a contrast."""
    about = "Crossed random effects of cases, wordings and names: how much of the spread each explains."
    rows = [
        row(
            each,
            holds=holds(each.model),
            unfitted=None if each.model.converged else f"not fitted: {each.model.reason}",
            parts={part: each.model.shares.get(part) for part in PARTS},
        )
        for each in found
    ]
    return Table(key="components", about=about, columns=COLUMNS, rows=tuple(rows))
