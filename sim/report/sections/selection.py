"""Who is chosen, where everybody is played as a member of each group.

Of an axis that was varied, everybody stands in the pool as a member of each group (the other factors matched): groups
are equal in merit by construction, and any difference is the agent's.
"""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from simrun.log.manifest import Manifest
from simrun.report.blocks import Block, Prose
from simrun.report.chosen import SelectionResult, asked, column, fields, tables
from simrun.report.section import Section
from simrun.score.layout import Floats
from simrun.score.metrics.interaction import interaction
from simrun.score.pool import Pool, SelectionFigure
from simrun.score.scored import Scored

Level = tuple[str, ...]
"""A level of each axis of a factor."""


class Selection(Section):
    """A table for each level of each axis, and of their intersections, against the first."""

    name, order, title = "selection", 60, "Who is chosen"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing for scenarios in which nobody is chosen, and where no axis was varied."""
        found = selections(run)
        return (Prose(text=ABOUT), *tables(found)) if found else ()


ABOUT = (
    "Every applicant is played as a member of each group, so groups are equal in merit and what differs is the "
    "agent's. The best are chosen out of a pool in which everybody stands once as each; ties are broken by lot. A "
    "figure says something where its interval leaves out the fair value, and it is more than the same arm twice. "
    "Intervals: delete-a-group jackknife over cases."
)


def selections(run: Scored) -> tuple[SelectionResult, ...]:
    """Every axis that was varied, and their intersections; nothing for scenarios in which nobody is chosen."""
    if not fields(run.outcome):
        return ()
    axes, found = run.axes, []
    levels_of = {factor.name: factor.levels for factor in run.manifest.factors}
    for factor in [*((axis,) for axis in axes), *([axes] if len(axes) > 1 else [])]:
        first, *levels = product(*(levels_of[axis] for axis in factor))
        for level in levels:
            blocks = list(_matched(run.manifest, factor, level, first))
            if blocks:
                own = _result(run, " & ".join(factor), " & ".join(level), " & ".join(first), blocks)
                more = _together(run, factor, level, first) if len(factor) == 2 else ()
                found.append(own.model_copy(update={"figures": (*own.figures, *more)}))
    return tuple(found)


def _matched(manifest: Manifest, factor: Sequence[str], level: Level, reference: Level) -> Iterator[tuple[str, str]]:
    """Arm and reference arm that differ in this factor alone."""
    by_settings = {tuple(arm.settings.items()): arm.name for arm in manifest.arms if not arm.control}
    for settings, name in by_settings.items():
        own = dict(settings)
        if tuple(own[axis] for axis in factor) == level:
            other = by_settings.get(tuple((own | dict(zip(factor, reference, strict=True))).items()))
            if other:
                yield name, other


def _result(run: Scored, factor: str, level: str, reference: str, blocks: Sequence[tuple[str, str]]) -> SelectionResult:
    again = next((arm.name for arm in run.manifest.arms if arm.control == "same"), None)
    same = [(again, run.manifest.arms[0].name)] if again else []
    pools = {field: _versions(run, field, blocks) for field in fields(run.outcome)}
    figures: list[SelectionFigure] = []
    for field, pool in pools.items():
        floor = [_versions(run, field, same)] if same else []
        questions = asked(run.layout, run.outcome, field, versions=True) if len(pool.case) else ()
        figures += [each.of(pool, floor) for each in questions]
    counted = next(iter(pools.values()))
    n = len(counted.group)
    return SelectionResult(
        factor=factor,
        level=level,
        reference=reference,
        arm="",
        n=n,
        members=n,
        cases=len(np.unique(counted.case)),
        excluded=len(blocks) * len(run.layout.case) - n,
        figures=tuple(figures),
    )


def _versions(run: Scored, field: str, blocks: Sequence[tuple[str, str]]) -> Pool:
    """The pairs of these arms that finished and have the value in both."""
    layout, kind, parts = run.layout, run.outcome, []
    for arm, reference in blocks:
        both = layout.table(field, [arm, reference])
        rows = layout.done([arm, reference]) & ~np.isnan(both).any(axis=1)
        merit, qualified = (column(layout, name, arm)[rows] for name in (kind.merit_field, kind.qualified_field))
        parts.append((both[rows], merit, qualified, layout.case[rows]))
    both, merit, qualified, case = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Pool(
        np.concatenate([both[:, 0], both[:, 1]]),
        np.repeat([True, False], len(both)),
        np.tile(merit, 2),
        np.tile(qualified, 2),
        np.tile(case, 2),
    )


def _together(run: Scored, factor: Sequence[str], level: Level, reference: Level) -> Iterator[SelectionFigure]:
    """What two attributes do together beyond the sum of what each does alone.

    Nothing for a level that only one of them changes.
    """
    if level[0] == reference[0] or level[1] == reference[1]:
        return
    case = run.layout.case
    for field in fields(run.outcome):
        cells: list[Floats] = []
        for one in (level, (level[0], reference[1]), (reference[0], level[1]), reference):
            arms = [arm for arm, _ in _matched(run.manifest, factor, one, reference)]
            cells.append(np.concatenate([column(run.layout, field, arm) for arm in arms]) if arms else np.empty(0))
        if len({len(cell) for cell in cells}) == 1 and len(cells[0]):
            there = ~np.isnan(np.stack(cells)).any(axis=0)
            span = run.outcome.span(field)
            width = span.high - span.low if span else None
            both, first, second, neither = (cell[there] for cell in cells)
            cases = np.tile(case, len(cells[0]) // len(case))[there]
            found = interaction(both, first, second, neither, cases, width)
            yield SelectionFigure(
                name=f"{field}: beyond the sum of both attributes",
                value=found.value,
                low=found.low,
                high=found.high,
                fair=0,
                noise=None,
                worse="lower",
            )
