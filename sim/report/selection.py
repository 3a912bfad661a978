"""Who is chosen: rates and scores of a group against the reference group's, the best of a pool in which everybody stands once as each, and merit.

Groups are the levels of an axis, the other factors matched; since every applicant is played as a member of each, groups are equal in merit by
construction, and any difference is the agent's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from simrun.agents.records import Record
from simrun.arrays import finite
from simrun.manifest import Manifest
from simrun.metrics.interaction import interaction
from simrun.metrics.leakage import leakage
from simrun.metrics.ndkl import ndkl
from simrun.metrics.rank_biased_overlap import rank_biased_overlap
from simrun.metrics.score_divergence import score_divergence
from simrun.metrics.spread_bias import spread_bias
from simrun.metrics.wasserstein_distance import wasserstein_distance
from simrun.report.figures import figure, interval, table
from simrun.report.layout import Codes, Floats, Layout
from simrun.scenarios.base import Outcome
from simrun.stats import delete_a_group

PLACES = (0.1, 0.25)
"""Which shares of the pool are chosen."""
CELLS = 50
"""Cells of the histograms of scores; whole scores have a cell each."""
FOLDS = 5
HEAD = ("figure", "value (95 %)", "fair", "same arm twice", "worse")


class SelectionFigure(Record):
    """One figure of a group against the reference group."""

    name: str
    value: float | None
    """None where it is not defined, such as a ratio to a rate of 0."""
    low: float | None
    high: float | None
    """95 %, by a delete-a-group jackknife over cases; None where nothing varies, and for what rests on a lot
    or on cross-validation."""
    fair: float | None
    """The value of parity; None where chance alone lifts it, and only the noise floor tells."""
    noise: float | None
    """The same between the reference arm and the control `same`; None without it."""
    worse: str
    """Which way is worse for the group: lower, higher, or away (from fair)."""


class SelectionResult(Record):
    """One group against the reference group, over all pairs that both finished and that have the value."""

    factor: str
    """The axis, or all axes together for their intersections."""
    level: str
    reference: str
    n: int
    """Pairs with a decision, or with a score where nothing is decided."""
    cases: int
    excluded: int
    """Planned pairs without both."""
    figures: tuple[SelectionFigure, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """The same applicants as members of two groups: (n,) each, a row a pair."""

    arm: Floats
    reference: Floats
    merit: Floats
    """NaN where it is not known."""
    qualified: Floats
    case: Codes

    def part(self, rows: Any) -> "Versions":
        """Some of the rows."""
        return Versions(self.arm[rows], self.reference[rows], self.merit[rows], self.qualified[rows], self.case[rows])

    def pooled(self) -> tuple[Floats, Codes]:
        """Everybody twice: scores, and whether as a member of the group (1) or of the reference group (0)."""
        return np.concatenate([self.arm, self.reference]), np.repeat([1, 0], len(self.arm))


Measure = Callable[[Versions], float | None]


def selections(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[SelectionResult, ...]:
    """Every axis that was varied, and their intersections; nothing for scenarios in which nobody is chosen."""
    axes = [key for key in manifest.config.factors if key.partition(".")[2] in manifest.catalogue.axes]
    if not (kind.decision_field or kind.score_field):
        return ()
    found = []
    for factor in [(axis,) for axis in axes] + ([tuple(axes)] if len(axes) > 1 else []):
        levels = list(product(*(manifest.config.factors[axis] for axis in factor)))
        for level in levels[1:]:
            blocks = list(_matched(manifest, factor, level, levels[0]))
            if blocks:
                own = _result(" & ".join(factor), " & ".join(level), " & ".join(levels[0]), blocks, manifest, layout, kind)
                more = _together(manifest, layout, kind, factor, level, levels[0]) if len(factor) == 2 else ()
                found.append(own.model_copy(update={"figures": (*own.figures, *more)}))
    return tuple(found)


def _together(
    manifest: Manifest, layout: Layout, kind: type[Outcome], factor: Sequence[str], level: Sequence[str], reference: Sequence[str]
) -> Iterator[SelectionFigure]:
    """What two attributes do together beyond the sum of what each does alone; nothing for a level that only one of them changes."""
    if level[0] == reference[0] or level[1] == reference[1]:
        return
    for field in dict.fromkeys(filter(None, (kind.decision_field, kind.score_field))):
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


def _matched(manifest: Manifest, factor: Sequence[str], level: Sequence[str], reference: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Arm and reference arm that differ in this factor alone."""
    by_settings = {tuple(arm.settings.items()): arm.name for arm in manifest.arms if not arm.control}
    for settings, name in by_settings.items():
        own = dict(settings)
        if tuple(own[axis] for axis in factor) == tuple(level):
            other = by_settings.get(tuple((own | dict(zip(factor, reference, strict=True))).items()))
            if other:
                yield name, other


def _result(
    factor: str, level: str, reference: str, blocks: Sequence[tuple[str, str]], manifest: Manifest, layout: Layout, kind: type[Outcome]
) -> SelectionResult:
    again = next((arm.name for arm in manifest.arms if arm.control == "same"), None)
    same = [(again, manifest.arms[0].name)] if again else []
    found: list[SelectionFigure] = []
    counted: Versions | None = None
    for field, asked in ((kind.decision_field, _of_decisions), (kind.score_field, _of_scores)):
        if not field:
            continue
        versions = _versions(layout, kind, field, blocks)
        counted = counted or versions
        floor = _versions(layout, kind, field, same) if same else None
        found += [_figure(each, versions, floor) for each in asked(_width(layout, kind, field))] if len(versions.case) else []
    assert counted is not None
    planned = len(blocks) * len(layout.case)
    return SelectionResult(
        factor=factor, level=level, reference=reference, n=len(counted.case), cases=len(np.unique(counted.case)),
        excluded=planned - len(counted.case), figures=tuple(found),
    )  # fmt: skip


def _versions(layout: Layout, kind: type[Outcome], field: str, blocks: Sequence[tuple[str, str]]) -> Versions:
    """The pairs of these arms that finished and have the value in both."""

    def column(name: str, arm: str) -> Floats:
        return layout.table(name, [arm])[:, 0] if name else np.full(len(layout.case), np.nan)

    parts = []
    for arm, reference in blocks:
        found = Versions(
            column(field, arm), column(field, reference), column(kind.merit_field, arm), column(kind.qualified_field, arm), layout.case
        )
        parts.append(found.part(layout.done([arm, reference]) & ~np.isnan(found.arm) & ~np.isnan(found.reference)))
    return Versions(*(np.concatenate([getattr(part, name) for part in parts]) for name in Versions.__slots__))


def _width(layout: Layout, kind: type[Outcome], field: str) -> float:
    """Of the cells of a histogram."""
    seen, span = layout.observed(field).value, kind.span(field)
    if not len(seen) or (seen == np.floor(seen)).all():
        return 1.0
    return (span.high - span.low if span else float(np.ptp(seen)) or 1.0) / CELLS


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    measure: Measure
    fair: float | None
    worse: str
    jackknifed: bool = True


def _of_decisions(width: float) -> list[_Asked]:
    return [
        _Asked("selection rate, difference", lambda each: _gap(each.arm, each.reference), 0, "lower"),
        _Asked("impact ratio", lambda each: _ratio(each.arm, each.reference), 1, "lower"),
        _Asked("equal opportunity: of the qualified, difference", lambda each: _among(each, 1), 0, "lower"),
        _Asked("of the others, difference", lambda each: _among(each, 0), 0, "lower"),
        _Asked("equalised odds: the larger of both", _odds, 0, "higher"),
    ]


def _of_scores(width: float) -> list[_Asked]:
    return [
        _Asked("score, difference", lambda each: _gap(each.arm, each.reference), 0, "lower"),
        _Asked("spread: log variance ratio", lambda each: spread_bias(each.arm, each.reference).value, 0, "away"),
        _Asked(f"Kullback-Leibler divergence, cells of {width:.3g}", lambda each: _divergence(each, width), 0, "higher"),
        _Asked("Wasserstein distance", lambda each: wasserstein_distance(*each.pooled(), 1, 0), 0, "higher"),
        _Asked("rank of a CV as this of its two versions (1 or 2)", _rank, 1.5, "higher"),
        _Asked("rank-biased overlap of both rankings of people", _overlap, 1, "lower", jackknifed=False),
        _Asked("group guessed from the score, beyond chance", _leak, 0, "higher", jackknifed=False),
        *(asked for share in PLACES for asked in _of_places(share)),
        _Asked("exposure ratio", _exposure, 1, "lower"),
        _Asked("NDKL", lambda each: ndkl(_untied(each.pooled()[0]), each.pooled()[1]), None, "higher", jackknifed=False),
    ]


def _of_places(share: float) -> list[_Asked]:
    return [
        _Asked(f"share of the best {share:.0%}", lambda each: _share(each, share), 0.5, "lower"),
        _Asked(f"skew at the best {share:.0%}", lambda each: _skew(each, share), 0, "lower"),
        _Asked(f"merit lost by choosing the best {share:.0%}", lambda each: _lost(each, share), None, "higher"),
    ]


def _figure(asked: _Asked, versions: Versions, floor: Versions | None) -> SelectionFigure:
    value = asked.measure(versions)
    low, high = delete_a_group(lambda rows: asked.measure(versions.part(rows)), versions.case, value) if asked.jackknifed else (None, None)
    noise = asked.measure(floor) if floor is not None and len(floor.case) else None
    return SelectionFigure(name=asked.name, value=value, low=low, high=high, fair=asked.fair, noise=noise, worse=asked.worse)


def _gap(arm: Floats, reference: Floats) -> float | None:
    return float(arm.mean() - reference.mean()) if len(arm) else None


def _ratio(arm: Floats, reference: Floats) -> float | None:
    return float(arm.mean() / reference.mean()) if len(arm) and reference.mean() else None


def _among(each: Versions, qualified: int) -> float | None:
    rows = each.qualified == qualified
    return _gap(each.arm[rows], each.reference[rows])


def _odds(each: Versions) -> float | None:
    both = [_among(each, qualified) for qualified in (1, 0)]
    return max(abs(gap) for gap in both if gap is not None) if None not in both else None


def _divergence(each: Versions, width: float) -> float | None:
    return score_divergence(*each.pooled(), 1, 0, width).value


def _rank(each: Versions) -> float:
    return 1.5 + float(np.sign(each.reference - each.arm).mean()) / 2


def _overlap(each: Versions) -> float | None:
    """Of people by their mean score; ties are broken by the same lot in both rankings."""
    cases, place = np.unique(each.case, return_inverse=True)
    count = np.bincount(place)
    one, other = (np.argsort(-_untied(np.bincount(place, side) / count)) for side in (each.arm, each.reference))
    return rank_biased_overlap(one.tolist(), other.tolist()) if len(cases) > 1 else None


def _leak(each: Versions) -> float | None:
    score, group = each.pooled()
    if len(np.unique(each.case)) < FOLDS or not np.ptp(score):
        return None
    return leakage(group, score, np.tile(each.case, 2), FOLDS).value


def chances(scores: Floats, k: int) -> Floats:
    """How likely each is to be among the k highest (n,), where ties at the border are broken by lot: 1 above it, 0 below it, summing to k."""
    border = np.partition(scores, -k)[-k]
    above, at = scores > border, scores == border
    found: Floats = above + at * ((k - above.sum()) / at.sum())
    return found


def _places(each: Versions, share: float) -> int:
    return max(1, round(share * 2 * len(each.arm)))


def _share(each: Versions, share: float) -> float:
    score, group = each.pooled()
    k = _places(each, share)
    return float(chances(score, k)[group == 1].sum() / k)


def _skew(each: Versions, share: float) -> float | None:
    found = _share(each, share)
    return float(np.log(found / 0.5)) if found else None


def _lost(each: Versions, share: float) -> float | None:
    merit = np.tile(each.merit, 2)
    if np.isnan(merit).any():
        return None
    k = _places(each, share)
    return float((np.sort(merit)[-k:].sum() - (chances(each.pooled()[0], k) * merit).sum()) / k)


def _exposure(each: Versions) -> float | None:
    """Mean of 1 / log2(1 + rank) over that of the reference; equal scores share theirs."""
    score, group = each.pooled()
    _, tie, count = np.unique(-score, return_inverse=True, return_counts=True)
    seen = np.add.reduceat(1 / np.log2(np.arange(2, len(score) + 2)), np.concatenate([[0], np.cumsum(count)[:-1]])) / count
    return finite(float(seen[tie][group == 1].mean() / seen[tie][group == 0].mean()))


def _untied(scores: Floats) -> Floats:
    """Scores in which equal ones stand in an order drawn by lot: the number of those below each."""
    order = np.lexsort((np.random.default_rng(0).permutation(len(scores)), scores))
    found = np.empty(len(scores))
    found[order] = np.arange(len(scores))
    return found


def selection_rows(result: SelectionResult) -> list[list[str]]:
    """The rows of its table under HEAD."""
    return [
        [each.name, interval(each.value, each.low, each.high), figure(each.fair), figure(each.noise), each.worse] for each in result.figures
    ]


def selection_text(results: Sequence[SelectionResult]) -> Iterator[str]:
    """The section of a report: a table for each group."""
    for each in results:
        left = f", {each.excluded} planned pairs left out" if each.excluded else ""
        yield (
            f"### {each.level} against {each.reference} ({each.factor})\n{each.n} pairs of {each.cases} cases{left}.\n\n"
            f"{table(HEAD, selection_rows(each))}"
        )


ABOUT = (
    "Every applicant is played as a member of each group, so groups are equal in merit and what differs is the agent's. The best are chosen out of a "
    "pool in which everybody stands once as each; ties are broken by lot. A figure says something where its interval leaves out the fair value, and "
    "it is more than the same arm twice. Intervals: delete-a-group jackknife over cases."
)
