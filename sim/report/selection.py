"""Who is chosen: rates and scores of a group against the reference group's, places among the best of a pool, and merit.

Of an axis that was varied, everybody stands in the pool as a member of each group (the other factors matched): groups are equal in merit by
construction, and any difference is the agent's. Of what cases say of their people by themselves, groups are of different people.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.log.manifest import Manifest
from simrun.report.figures import figure, interval, table
from simrun.scenarios.outcome import Outcome
from simrun.score.layout import UNPLANNED, Floats, Layout
from simrun.score.metrics.interaction import interaction
from simrun.score.pool import Asked, Pool, SelectionFigure, merit_gap, of_decisions, of_scores

CELLS = 50
"""Cells of the histograms of scores; whole scores have a cell each."""
LEAST = 5
"""Cases of a group that is compared with other people."""
LOTS = 20
"""Divisions by lot whose mean figure is the noise floor of different people."""
HEAD = ("figure", "value (95 %)", "fair", "same arm twice", "worse")


class SelectionResult(Record):
    """One group against the reference group."""

    factor: str
    """The axis, or all axes together for their intersections."""
    level: str
    reference: str
    arm: str
    """Where the people are as their cases are; "" where everybody is played as both, over all such pairs of arms."""
    n: int
    """Pairs with a decision (with a score where nothing is decided) in both; episodes with one where `arm` is given."""
    members: int
    """How many of the n are of the group; all of them are where everybody is played as both."""
    cases: int
    excluded: int
    """Planned pairs, or episodes, without."""
    figures: tuple[SelectionFigure, ...]


def selections(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[SelectionResult, ...]:
    """Every axis that was varied, and their intersections; nothing for scenarios in which nobody is chosen."""
    axes = [factor.name for factor in manifest.factors if factor.kind == "axis"]
    levels_of = {factor.name: factor.levels for factor in manifest.factors}
    if not _fields(kind):
        return ()
    found = []
    for factor in [(axis,) for axis in axes] + ([tuple(axes)] if len(axes) > 1 else []):
        levels = list(product(*(levels_of[axis] for axis in factor)))
        for level in levels[1:]:
            blocks = list(_matched(manifest, factor, level, levels[0]))
            if blocks:
                own = _result(
                    " & ".join(factor), " & ".join(level), " & ".join(levels[0]), blocks, manifest, layout, kind
                )
                more = _together(manifest, layout, kind, factor, level, levels[0]) if len(factor) == 2 else ()
                found.append(own.model_copy(update={"figures": (*own.figures, *more)}))
    return tuple(found)


def _together(
    manifest: Manifest,
    layout: Layout,
    kind: type[Outcome],
    factor: Sequence[str],
    level: Sequence[str],
    reference: Sequence[str],
) -> Iterator[SelectionFigure]:
    """What two attributes do together beyond the sum of what each does alone; nothing for a level that only one of them changes."""
    if level[0] == reference[0] or level[1] == reference[1]:
        return
    for field in _fields(kind):
        cells: list[Floats] = []
        for one in (level, (level[0], reference[1]), (reference[0], level[1]), reference):
            arms = [arm for arm, _ in _matched(manifest, factor, one, reference)]
            cells.append(np.concatenate([layout.table(field, [arm])[:, 0] for arm in arms]) if arms else np.empty(0))
        if len({len(cell) for cell in cells}) == 1 and len(cells[0]):
            there = ~np.isnan(np.stack(cells)).any(axis=0)
            case = np.tile(layout.case, len(cells[0]) // len(layout.case))
            span = kind.span(field)
            both, first, second, neither = (cell[there] for cell in cells)
            found = interaction(both, first, second, neither, case[there], span.high - span.low if span else None)
            yield SelectionFigure(
                name=f"{field}: beyond the sum of both attributes",
                value=found.value,
                low=found.low,
                high=found.high,
                fair=0,
                noise=None,
                worse="lower",
            )


def _matched(
    manifest: Manifest, factor: Sequence[str], level: Sequence[str], reference: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Arm and reference arm that differ in this factor alone."""
    by_settings = {tuple(arm.settings.items()): arm.name for arm in manifest.arms if not arm.control}
    for settings, name in by_settings.items():
        own = dict(settings)
        if tuple(own[axis] for axis in factor) == tuple(level):
            other = by_settings.get(tuple((own | dict(zip(factor, reference, strict=True))).items()))
            if other:
                yield name, other


def _result(
    factor: str,
    level: str,
    reference: str,
    blocks: Sequence[tuple[str, str]],
    manifest: Manifest,
    layout: Layout,
    kind: type[Outcome],
) -> SelectionResult:
    again = next((arm.name for arm in manifest.arms if arm.control == "same"), None)
    same = [(again, manifest.arms[0].name)] if again else []
    pools = {field: _versions(layout, kind, field, blocks) for field in _fields(kind)}
    figures: list[SelectionFigure] = []
    for field, pool in pools.items():
        floor = [_versions(layout, kind, field, same)] if same else []
        figures += (
            [asked.of(pool, floor) for asked in _asked(layout, kind, field, versions=True)] if len(pool.case) else []
        )
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
        excluded=len(blocks) * len(layout.case) - n,
        figures=tuple(figures),
    )


def _fields(kind: type[Outcome]) -> list[str]:
    """The decision, and then the score, as far as there are any."""
    return list(dict.fromkeys(filter(None, (kind.decision_field, kind.score_field))))


def _asked(layout: Layout, kind: type[Outcome], field: str, versions: bool) -> Iterator[Asked]:
    if field == kind.decision_field:
        yield from of_decisions(versions)
    if field == kind.score_field:
        yield from of_scores(_width(layout, kind, field), versions)


def _versions(layout: Layout, kind: type[Outcome], field: str, blocks: Sequence[tuple[str, str]]) -> Pool:
    """The pairs of these arms that finished and have the value in both."""
    parts = []
    for arm, reference in blocks:
        both = layout.table(field, [arm, reference])
        rows = layout.done([arm, reference]) & ~np.isnan(both).any(axis=1)
        parts.append(
            (
                both[rows],
                *(_column(layout, name, arm)[rows] for name in (kind.merit_field, kind.qualified_field)),
                layout.case[rows],
            )
        )
    both, merit, qualified, case = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Pool(
        np.concatenate([both[:, 0], both[:, 1]]),
        np.repeat([True, False], len(both)),
        np.tile(merit, 2),
        np.tile(qualified, 2),
        np.tile(case, 2),
    )


def _column(layout: Layout, name: str, arm: str) -> Floats:
    return layout.table(name, [arm])[:, 0] if name else np.full(len(layout.case), np.nan)


def _width(layout: Layout, kind: type[Outcome], field: str) -> float:
    """Of the cells of a histogram."""
    seen, span = layout.observed(field).value, kind.span(field)
    if not len(seen) or (seen == np.floor(seen)).all():
        return 1.0
    return (span.high - span.low if span else float(np.ptp(seen)) or 1.0) / CELLS


def observed(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[SelectionResult, ...]:
    """The same of the groups that cases state by themselves, in every arm that leaves them as they are; and of their intersections.

    The reference group is the largest; groups of fewer than LEAST cases are left out.
    """
    if not _fields(kind):
        return ()
    own = {
        axis: levels
        for axis, levels in manifest.stated.items()
        if axis not in {factor.name for factor in manifest.factors} and not _set(manifest, axis)
    }
    groups = {axis: _largest_first(list(levels.values())) for axis, levels in own.items()}
    groups = {axis: levels for axis, levels in groups.items() if len(levels) > 1}
    found = []
    for axes in [(axis,) for axis in groups] + ([tuple(groups)] if len(groups) > 1 else []):
        cells = np.array([" & ".join(own[axis].get(case, "") for axis in axes) for case in layout.cases], dtype=object)
        named = [" & ".join(levels) for levels in product(*(groups[axis] for axis in axes))]
        large = [cell for cell in named if (cells == cell).sum() >= LEAST]
        for arm in [arm.name for arm in manifest.arms if not arm.control]:
            found += [_between(" & ".join(axes), level, large[0], cells, arm, layout, kind) for level in large[1:]]
    return tuple(found)


def _set(manifest: Manifest, axis: str) -> bool:
    role, _, name = axis.partition(".")
    return role in manifest.config.roles and name in manifest.config.roles[role].persona


def _largest_first(stated: Sequence[str]) -> list[str]:
    """The groups that are large enough; of equal ones the first that occurs comes first."""
    return [level for level, cases in Counter(stated).most_common() if cases >= LEAST]


def _between(
    factor: str, level: str, reference: str, cells: NDArray[np.object_], arm: str, layout: Layout, kind: type[Outcome]
) -> SelectionResult:
    theirs = np.isin(cells, (level, reference))[layout.case] & (layout.state[:, layout.columns([arm])[0]] != UNPLANNED)
    pools: list[Pool] = []
    figures: list[SelectionFigure] = []
    for field in _fields(kind):
        value = _column(layout, field, arm)
        rows = theirs & layout.done([arm]) & ~np.isnan(value)
        merit, qualified = (_column(layout, name, arm)[rows] for name in (kind.merit_field, kind.qualified_field))
        pool = Pool(value[rows], (cells == level)[layout.case][rows], merit, qualified, layout.case[rows])
        pools.append(pool)
        if len(pool.group) and len(pool.reference):
            first = (
                [] if figures else [Asked("merit, difference (of the people, not of the agent)", merit_gap, None, "")]
            )
            lots = list(pool.by_lot(LOTS))
            figures += [asked.of(pool, lots) for asked in (*first, *_asked(layout, kind, field, versions=False))]
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


def selection_rows(result: SelectionResult) -> list[list[str]]:
    """The rows of its table under HEAD."""
    return [
        [each.name, interval(each.value, each.low, each.high), figure(each.fair), figure(each.noise), each.worse]
        for each in result.figures
    ]


def selection_text(results: Sequence[SelectionResult]) -> Iterator[str]:
    """The section of a report: a table for each group."""
    for each in results:
        what = "episodes" if each.arm else "pairs"
        left = f", {each.excluded} planned {what} left out" if each.excluded else ""
        of = f" in {each.arm}, {each.members} of them of {each.level}" if each.arm else ""
        yield (
            f"### {each.level} against {each.reference} ({each.factor})\n{each.n} {what} of {each.cases} cases{of}{left}.\n\n"
            f"{table((*HEAD[:3], 'groups by lot', HEAD[4]) if each.arm else HEAD, selection_rows(each)) if each.figures else 'One of the two groups has no value: nothing can be compared.'}"
        )


ABOUT = (
    "Every applicant is played as a member of each group, so groups are equal in merit and what differs is the agent's. The best are chosen out of a "
    "pool in which everybody stands once as each; ties are broken by lot. A figure says something where its interval leaves out the fair value, and "
    "it is more than the same arm twice. Intervals: delete-a-group jackknife over cases."
)
OBSERVED = (
    "Groups as the cases state them. Their members are different people, who differ in more than the group: a difference may be that of their "
    "merit, which is why its own difference stands first, and what is left at equal merit (a straight line in merit taken out) beside the plain one. "
    "Where merit is unknown, or was itself judged unfairly, only the same people played as both tell what is the agent's. "
    f"The same figures of {LOTS} divisions of these people by lot, their mean, are the noise floor. Groups of fewer than {LEAST} cases are left out. Intervals: delete-a-group jackknife over cases."
)
