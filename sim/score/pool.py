"""Samples of people of two groups in one pool, out of which some are chosen."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from simrun.estimate.columns import ratio
from simrun.estimate.relabelling import swaps
from simrun.log.manifest import Manifest
from simrun.score.crossed import matched
from simrun.score.layout import UNPLANNED, Codes, Floats, Layout
from simrun.score.samples import Located, Rowed, Rows, RunValues

CELLS = 50
"""Cells of the histograms of scores; whole scores have a cell each."""
LEAST = 5
"""Cases of a group that is compared with other people."""
DIVISIONS = 20
"""Exchanges of labels at random whose mean figure is the floor: what chance alone makes of it."""


@dataclass(frozen=True)
class Pool(Rowed):
    """What each episode gave one person: (n,) each.

    Of versions of the same people, those of the group come first, in the order of the others. `member` may also be
    (exchanges, n), as `relabelled` makes it: every metric that says so measures all of them at once.
    """

    value: Floats
    member: Rows
    """Whether this is somebody of the group; else of the reference group."""
    merit: Floats
    """NaN where it is not known."""
    qualified: Floats
    """1, 0, or NaN where it is not known."""
    case: Codes
    versions: bool = True
    """Everybody stands in it as a member of each group; else groups are of different people."""
    cell: float = 1.0
    """Width of a cell of a histogram of the values."""
    low: float | None = None
    high: float | None = None
    """Bounds of the values."""

    @property
    def usable(self) -> bool:
        """Both groups have values."""
        return 0 < int(self.member.sum()) < len(self.member)

    def relabelled(self, label: Rows) -> Self:
        """The same people and values with other labels, (exchanges, n): `label` (exchanges, cases) says of each case,
        by its code, whether its two versions change places; of different people, whether it is of the group."""
        drawn = label[:, self.case]
        return replace(self, member=self.member ^ drawn if self.versions else drawn)

    def at_random(self, count: int) -> Iterator[Self]:
        """Labels exchanged at random, so many times: those of the two versions of whole cases, or among the cases."""
        # of very few cases there are fewer than asked for, and the first is as observed
        yield from (replace(self, member=member) for member in self.relabelled(labels((self,), count)).member[1:])

    @property
    def group(self) -> Floats:
        """The values of the group."""
        return self.value[self.member]

    @property
    def reference(self) -> Floats:
        """The values of the reference group."""
        return self.value[~self.member]

    def sides(self, column: Floats | None = None, among: Rows | None = None) -> tuple[Floats, Floats]:
        """Mean of a column (n,) (the values, if none is given) over the group, and over the reference group: one
        number each, or (exchanges,); NaN of nobody. `among` (n,) takes some of the rows."""
        taken = np.ones(len(self.case), dtype=bool) if among is None else among
        of = self.value if column is None else column
        return _mean(self.member & taken, of), _mean(~self.member & taken, of)

    @property
    def share(self) -> float:
        """Of the group in the pool."""
        return float(self.member.mean())

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The decision and the score: pools of both kinds."""
        yield from Decisions.found(run)
        yield from Scores.found(run)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """An outcome that says who is chosen, and groups."""
        return _unfielded(
            manifest, manifest.outcome.decision_field or manifest.outcome.score_field, "decision_field or score_field"
        )


def _mean(rows: Rows, column: Floats) -> Floats:
    return ratio(total(rows, column), rows.sum(axis=-1))


def total(rows: Rows | Floats, column: Floats) -> Floats:
    """Sum of a column (n,), or of several (n, columns), over some rows (..., n).

    Not a matrix product: the threads of one wait for each other where others are at work too, ten times as long.
    """
    found: Floats = np.einsum("...n,n->..." if column.ndim == 1 else "...n,nc->...c", rows, column)
    return found


def labels(pools: Sequence[Pool], draws: int, seed: int = 0) -> Rows:
    """Exchanges of labels that pools of the same two groups share, (exchanges, cases) by the code of the case, the
    first as observed: what `relabelled` takes."""
    cases = np.unique(np.concatenate([pool.case for pool in pools]))
    found = np.zeros((draws + 1, int(cases.max(initial=0)) + 1), dtype=bool)
    if pools[0].versions:
        drawn = swaps(len(cases), draws, seed)
        found = found[: len(drawn)]
        found[:, cases] = drawn
        return found
    for pool in pools:
        found[0, pool.case] = pool.member
    found[1:, cases] = np.random.default_rng(seed).permuted(np.tile(found[0, cases], (draws, 1)), axis=1)
    return found


class OfField(Pool):
    """Base: a pool of the values of one field."""

    said_by: ClassVar[str]
    """What of an outcome says which field it is."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Everybody as a member of each group, and as cases state the groups."""
        if field := getattr(run.outcome, cls.said_by):
            yield from _as_both(cls, run, field)
            yield from _stated(cls, run, field)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """The field, and groups."""
        return _unfielded(manifest, getattr(manifest.outcome, cls.said_by), cls.said_by)


class Decisions(OfField):
    """A pool in which the values say who was chosen: 1 or 0, or a share of several decisions."""

    said_by = "decision_field"


class Scores(OfField):
    """A pool in which the values say in which order people stand."""

    said_by = "score_field"


@dataclass(frozen=True)
class People(Pool):
    """A pool of different people, as their cases state them: those who have the
    decision (the score where nothing is decided)."""

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Where cases state groups by themselves."""
        yield from _stated(cls, run, run.outcome.decision_field or run.outcome.score_field)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Groups that cases state."""
        return (
            ""
            if manifest.stated
            else "cases state no group by themselves: give a file of cases that says of each its AXIS"
        )


def _unfielded(manifest: Manifest, field: str, name: str) -> str:
    if not field:
        return f"{manifest.outcome.__name__} says not which field it is: set {name}"
    if manifest.axes or manifest.stated:
        return ""
    return "there are no groups: vary.ROLE.AXIS=[LEVEL,LEVEL], or cases that state them"


def _as_both(kind: type[Pool], run: RunValues, field: str) -> Iterator[Located]:
    """Every axis that was varied, and their intersections: everybody is played as a member
    of each group, the other factors matched."""
    axes = run.axes
    for factor in [(axis,) for axis in axes] + ([tuple(axes)] if len(axes) > 1 else []):
        levels = list(product(*(run.manifest.levels(axis) for axis in factor)))
        for level in levels[1:]:
            blocks = list(matched(run.settings, factor, level, levels[0]))
            if not blocks:
                continue
            pool = _versions(kind, run, field, blocks)
            n = len(pool.group)
            out = sum(int(run.layout.planned(pair).sum()) for pair in blocks) - n
            yield Located(
                pool,
                field,
                " & ".join(factor),
                " & ".join(level),
                " & ".join(levels[0]),
                floor=tuple(pool.at_random(DIVISIONS)) if n else (),
                n=n,
                reasons={"not observed as both": out} if out else {},
            )


def _versions(kind: type[Pool], run: RunValues, field: str, blocks: Sequence[tuple[str, str]]) -> Pool:
    """The pairs of these arms that finished and have the value in both."""
    parts = []
    for arm, reference in blocks:
        both = run.layout.table(field, [arm, reference])
        rows = run.layout.done([arm, reference]) & ~np.isnan(both).any(axis=1)
        beside = (
            _column(run.layout, name, arm)[rows] for name in (run.outcome.merit_field, run.outcome.qualified_field)
        )
        parts.append((both[rows], *beside, run.layout.case[rows]))
    both, merit, qualified, case = (np.concatenate(part) for part in zip(*parts, strict=True))
    values, member = np.concatenate([both[:, 0], both[:, 1]]), np.repeat([True, False], len(both))
    return _pool(kind, run, field, values, member, np.tile(merit, 2), np.tile(qualified, 2), np.tile(case, 2), True)


def _pool(
    kind: type[Pool],
    run: RunValues,
    field: str,
    value: Floats,
    member: Rows,
    merit: Floats,
    qualified: Floats,
    case: Codes,
    versions: bool,
) -> Pool:
    span = run.outcome.span(field)
    ends = (span.low, span.high) if span else (None, None)
    return kind(value, member, merit, qualified, case, versions, _width(run, field), *ends)


def _column(layout: Layout, name: str, arm: str) -> Floats:
    return layout.table(name, [arm])[:, 0] if name else np.full(len(layout.case), np.nan)


def _width(run: RunValues, field: str) -> float:
    """Of the cells of a histogram."""
    seen, span = run.layout.observed(field).value, run.outcome.span(field)
    if not len(seen) or (seen == np.floor(seen)).all():
        return 1.0
    return (span.high - span.low if span else float(np.ptp(seen)) or 1.0) / CELLS


def _stated(kind: type[Pool], run: RunValues, field: str) -> Iterator[Located]:
    """The groups that cases state by themselves, in every arm that leaves them as they are; and their intersections.

    The reference group is the largest; groups of fewer than LEAST cases are left out.
    """
    manifest, cases = run.manifest, run.layout.cases
    own = {each.name: each.levels for each in manifest.stated}
    groups = {axis: _largest_first(list(levels.values())) for axis, levels in own.items()}
    groups = {axis: levels for axis, levels in groups.items() if len(levels) > 1}
    for axes in [(axis,) for axis in groups] + ([tuple(groups)] if len(groups) > 1 else []) if field else ():
        cells = np.array([" & ".join(own[axis].get(case, "") for axis in axes) for case in cases], dtype=object)
        named = [" & ".join(levels) for levels in product(*(groups[axis] for axis in axes))]
        large = [cell for cell in named if (cells == cell).sum() >= LEAST]
        for arm in run.settings:
            for level in large[1:]:
                yield _between(kind, run, field, cells, arm, (" & ".join(axes), level, large[0]))


def _largest_first(stated: Sequence[str]) -> list[str]:
    """The groups that are large enough; of equal ones the first that occurs comes first."""
    return [level for level, cases in Counter(stated).most_common() if cases >= LEAST]


def _between(
    kind: type[Pool], run: RunValues, field: str, cells: NDArray[np.object_], arm: str, named: tuple[str, str, str]
) -> Located:
    factor, level, reference = named
    layout = run.layout
    theirs = np.isin(cells, (level, reference))[layout.case] & (layout.state[:, layout.columns([arm])[0]] != UNPLANNED)
    value = _column(layout, field, arm)
    rows = theirs & layout.done([arm]) & ~np.isnan(value)
    merit, qualified = (
        _column(layout, name, arm)[rows] for name in (run.outcome.merit_field, run.outcome.qualified_field)
    )
    member = (cells == level)[layout.case][rows]
    pool = _pool(kind, run, field, value[rows], member, merit, qualified, layout.case[rows], False)
    out = int(theirs.sum()) - len(pool.case)
    return Located(
        pool,
        field,
        factor,
        level,
        reference,
        within=arm,
        floor=tuple(pool.at_random(DIVISIONS)) if len(pool.case) else (),
        reasons={"not observed": out} if out else {},
    )
