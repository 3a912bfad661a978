"""Samples of several arms at once: two attributes crossed, and an effect at several doses."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from simrun.estimate.columns import ratio
from simrun.log.manifest import Manifest
from simrun.plan.factors import DOSED
from simrun.score.layout import Codes, Floats
from simrun.score.samples import Located, Rowed, RunValues


@dataclass(frozen=True)
class Crossed(Rowed):
    """One outcome with both of two attributes, with one, with the other and with neither, an
    entry a case, repeat and other factors (n,)."""

    both: Floats
    first: Floats
    second: Floats
    neither: Floats
    case: Codes
    span: float | None = None
    """The greatest value minus the least; None for an outcome without bounds."""
    better: str = "neither"

    @property
    def beyond(self) -> Floats:
        """What both do together beyond the sum of what each does alone, (n,)."""
        return (self.both - self.first) - (self.second - self.neither)

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The decisive outcomes over every two axes that were varied, for every
        level of both that is not the reference."""
        for axes in combinations(run.axes, 2) if not run.manifest.in_blocks else ():
            levels = list(product(*(run.manifest.levels(axis) for axis in axes)))
            reference = levels[0]
            for level in levels[1:]:
                if level[0] != reference[0] and level[1] != reference[1]:
                    for outcome in run.decisive:
                        yield from _crossed(run, outcome, axes, level, reference)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Two axes that are crossed."""
        if len(manifest.axes) < 2:
            return "fewer than two axes are varied: vary.ROLE.AXIS=[LEVEL,LEVEL] for two of them"
        return (
            "" if len(manifest.axes) > 1 and not manifest.incomplete else "the axes are not crossed: design.cross=full"
        )


def _crossed(
    run: RunValues, outcome: str, axes: Sequence[str], level: Sequence[str], reference: Sequence[str]
) -> Iterator[Located]:
    cells: list[Floats] = []
    for one in (level, (level[0], reference[1]), (reference[0], level[1]), reference):
        arms = [arm for arm, _ in matched(run.settings, axes, one, reference)]
        cells.append(np.concatenate([run.layout.table(outcome, [arm])[:, 0] for arm in arms]) if arms else np.empty(0))
    if len({len(cell) for cell in cells}) > 1 or not len(cells[0]):
        return
    there = ~np.isnan(np.stack(cells)).any(axis=0)
    case = np.tile(run.layout.case, len(cells[0]) // len(run.layout.case))
    span, better = run.outcome.span(outcome), run.outcome.measured()[outcome].direction
    both, first, second, neither = (cell[there] for cell in cells)
    width = span.high - span.low if span else None
    sample = Crossed(both, first, second, neither, case[there], width, better)
    reasons = {"not observed in all four": int((~there).sum())} if not there.all() else {}
    yield Located(sample, outcome, " & ".join(axes), " & ".join(level), " & ".join(reference), reasons=reasons)


def matched(
    settings: Mapping[str, Mapping[str, str]], factor: Sequence[str], level: Sequence[str], reference: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Arm and reference arm, at these levels of these factors, that are otherwise set alike."""
    by_settings = {tuple(own.items()): arm for arm, own in settings.items()}
    for own, arm in by_settings.items():
        if tuple(dict(own)[axis] for axis in factor) == tuple(level):
            other = by_settings.get(tuple((dict(own) | dict(zip(factor, reference, strict=True))).items()))
            if other:
                yield arm, other


@dataclass(frozen=True)
class Doses(Rowed):
    """The effect of a level against its reference in each pair, and at which dose of what was planted, or with how many
    of a team who carry it or know who the others are (n,)."""

    effect: Floats
    dose: Floats
    case: Codes

    def cells(self, cases: int) -> tuple[Floats, Floats]:
        """The doses, and the mean effect by case, of so many, and dose: (cases, doses), NaN where there is none."""
        doses, place = np.unique(self.dose, return_inverse=True)
        cell = self.case * len(doses) + place
        count, total = (np.bincount(cell, by, minlength=cases * len(doses)) for by in (None, self.effect))
        return doses, ratio(total, count).reshape(cases, -1)

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Of every axis, the effect of each level under each dose that was varied; without an axis,
        what each dose changes against the first."""
        for factor, doses in ((each.name, each.levels) for each in run.manifest.factors if each.kind in DOSED):
            if all(map(_number, doses)):
                for axis in run.axes:
                    first, *others = run.manifest.levels(axis)
                    for level, outcome in product(others, run.decisive):
                        blocks = [
                            (dose, *pair)
                            for dose in doses
                            for pair in matched(run.settings, (axis, factor), (level, dose), (first, dose))
                        ]
                        yield from _dosed(run, outcome, blocks, factor, f"{axis}={level}", f"{axis}={first}")
                for outcome in () if run.axes else run.decisive:
                    blocks = [
                        (dose, *pair)
                        for dose in doses
                        for pair in matched(run.settings, (factor,), (dose,), (doses[0],))
                    ]
                    yield from _dosed(run, outcome, blocks, factor, factor, f"{factor}={doses[0]}")

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A dose that is varied."""
        there = any(factor.kind in DOSED for factor in manifest.factors)
        return (
            "" if there else "no dose is varied: vary.ROLE.dose=[0,1,2,3] (of a team biased too) with roles.ROLE.bias=B"
        )


def _number(level: str) -> bool:
    """Whether a level is a number."""
    try:
        return math.isfinite(float(level))
    except ValueError:
        return False


def _dosed(
    run: RunValues, outcome: str, blocks: Sequence[tuple[str, str, str]], factor: str, arm: str, reference: str
) -> Iterator[Located]:
    parts = []
    for dose, one, other in blocks:
        both = run.layout.table(outcome, [one, other])
        effect = both[:, 0] - both[:, 1]
        there = ~np.isnan(effect)
        parts.append((effect[there], np.full(int(there.sum()), float(dose)), run.layout.case[there]))
    if parts:
        effect, dosed, case = (np.concatenate(part) for part in zip(*parts, strict=True))
        yield Located(Doses(effect, dosed, case), outcome, factor, arm, reference)


@dataclass(frozen=True)
class OwnWork(Rowed):
    """One outcome of the same thing, by which of two engines made it and which judged it, an entry a case, repeat and
    other factors (n,)."""

    own: Floats
    """The mean of the two in which an engine judges its own."""
    other: Floats
    """The mean of the two in which it judges the other's."""
    case: Codes
    low: float | None = None
    high: float | None = None

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The decisive outcomes, for every two engines that are varied alike of the one whom the audit is about and of
        somebody else."""
        for judge, maker in _engines(run.manifest) if not run.manifest.in_blocks else ():
            shared = [level for level in run.manifest.levels(judge) if level in run.manifest.levels(maker)]
            for (one, other), outcome in product(combinations(shared, 2), run.decisive):
                yield from _owned(run, outcome, (judge, maker), one, other)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Engines of two roles that are crossed."""
        there = any(_engines(manifest)) and not manifest.incomplete
        return "" if there else "engines are not crossed: vary.ROLE.model=[A,B] for the one who makes and who judges"


def _engines(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Factors of who judges and of who makes, in which the same of an engine is varied."""
    focus, engines = manifest.scenario.focus(), [each for each in manifest.factors if each.kind == "engine"]
    for judge, maker in product(engines, engines):
        if maker.role == focus and judge.role != focus and judge.what == maker.what:
            yield judge.name, maker.name


def _owned(run: RunValues, outcome: str, factors: tuple[str, str], one: str, other: str) -> Iterator[Located]:
    def cell(judge: str, maker: str) -> Floats:
        arms = [arm for arm, _ in matched(run.settings, factors, (judge, maker), (one, one))]
        return np.concatenate([run.layout.table(outcome, [arm])[:, 0] for arm in arms]) if arms else np.empty(0)

    cells = [cell(judge, maker) for judge, maker in ((one, one), (other, other), (one, other), (other, one))]
    if len({len(each) for each in cells}) > 1 or not len(cells[0]):
        return
    own, others = (cells[0] + cells[1]) / 2, (cells[2] + cells[3]) / 2
    there, span = ~np.isnan(own + others), run.outcome.span(outcome)
    case = np.tile(run.layout.case, len(own) // len(run.layout.case))[there]
    sample = OwnWork(own[there], others[there], case, *((span.low, span.high) if span else (None, None)))
    reasons = {"not observed in all four": int((~there).sum())} if not there.all() else {}
    yield Located(sample, outcome, " & ".join(factors), other, one, reasons=reasons)
