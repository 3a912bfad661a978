"""Who is chosen of the groups that cases state by themselves: these are of different people."""

from collections import Counter
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from simrun.report.blocks import Block, Prose
from simrun.report.chosen import SelectionResult, asked, column, fields, tables
from simrun.report.section import Section
from simrun.score.layout import UNPLANNED
from simrun.score.pool import Asked, Pool, SelectionFigure, merit_gap
from simrun.score.scored import Scored

LEAST = 5
"""Cases of a group that is compared with other people."""
LOTS = 20
"""Divisions by lot whose mean figure is the noise floor of different people."""


class Stated(Section):
    """A table for each group of each arm against the largest group."""

    name, order, title = "stated", 65, "Who is chosen, as the cases are"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nobody is chosen, and where cases state no groups, or all of them were set or varied."""
        found = stated(run)
        return (Prose(text=ABOUT), *tables(found)) if found else ()


ABOUT = (
    "Groups as the cases state them. Their members are different people, who differ in more than the group: a "
    "difference may be that of their merit, which is why its own difference stands first, and what is left at equal "
    "merit (a straight line in merit taken out) beside the plain one. Where merit is unknown, or was itself judged "
    "unfairly, only the same people played as both tell what is the agent's. The same figures of "
    f"{LOTS} divisions of these people by lot, their mean, are the noise floor. Groups of fewer than {LEAST} cases "
    "are left out. Intervals: delete-a-group jackknife over cases."
)


def stated(run: Scored) -> tuple[SelectionResult, ...]:
    """Every such group in every arm that leaves it as it is; and their intersections.

    The reference group is the largest; groups of fewer than LEAST cases are left out.
    """
    if not fields(run.outcome):
        return ()
    manifest, found = run.manifest, []
    own = {each.name: each.levels for each in manifest.stated}
    groups = {axis: _largest_first(list(levels.values())) for axis, levels in own.items()}
    groups = {axis: levels for axis, levels in groups.items() if len(levels) > 1}
    for axes in [*((axis,) for axis in groups), *([tuple(groups)] if len(groups) > 1 else [])]:
        cells = np.array(
            [" & ".join(own[axis].get(case, "") for axis in axes) for case in run.layout.cases], dtype=object
        )
        named = [" & ".join(levels) for levels in product(*(groups[axis] for axis in axes))]
        large = [cell for cell in named if (cells == cell).sum() >= LEAST]
        for arm in [arm.name for arm in manifest.arms if not arm.control]:
            found += [_between(run, " & ".join(axes), level, large[0], cells, arm) for level in large[1:]]
    return tuple(found)


def _largest_first(levels: Sequence[str]) -> list[str]:
    """The groups that are large enough; of equal ones the first that occurs comes first."""
    return [level for level, cases in Counter(levels).most_common() if cases >= LEAST]


def _between(
    run: Scored, factor: str, level: str, reference: str, cells: NDArray[np.object_], arm: str
) -> SelectionResult:
    layout, kind = run.layout, run.outcome
    theirs = np.isin(cells, (level, reference))[layout.case] & (layout.state[:, layout.columns([arm])[0]] != UNPLANNED)
    pools: list[Pool] = []
    figures: list[SelectionFigure] = []
    for field in fields(kind):
        value = column(layout, field, arm)
        rows = theirs & layout.done([arm]) & ~np.isnan(value)
        merit, qualified = (column(layout, name, arm)[rows] for name in (kind.merit_field, kind.qualified_field))
        pool = Pool(value[rows], (cells == level)[layout.case][rows], merit, qualified, layout.case[rows])
        pools.append(pool)
        if len(pool.group) and len(pool.reference):
            merits = Asked("merit, difference (of the people, not of the agent)", merit_gap, None, "")
            questions = ([] if figures else [merits], asked(layout, kind, field, versions=False))
            lots = list(pool.by_lot(LOTS))
            figures += [each.of(pool, lots) for several in questions for each in several]
    counted = pools[0]
    return SelectionResult(
        factor=factor,
        level=level,
        reference=reference,
        arm=arm,
        n=len(counted.case),
        members=int(counted.member.sum()),
        cases=len(np.unique(counted.case)),
        excluded=int(theirs.sum()) - len(counted.case),
        figures=tuple(figures),
    )
