"""Samples of several levels of one axis at once, each beside the reference: of what is right, and before and after a
mitigation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from simrun.agents.mitigation import UNMITIGATED
from simrun.log.manifest import Manifest
from simrun.plan.factors import Factor
from simrun.score.crossed import matched
from simrun.score.layout import Codes, Floats
from simrun.score.samples import Located, Rowed, RunValues


@dataclass(frozen=True)
class Levels(Rowed):
    """How right it came out at some levels of an axis, and at its reference, an entry a level and pair (n,)."""

    arm: Floats
    reference: Floats
    level: Codes
    """Position in `names`."""
    case: Codes
    names: tuple[str, ...]
    attribute: str = ""
    """What these levels are about; "" for all of them, or a single one."""
    under: str = ""
    """How the other factors are set."""

    @property
    def several(self) -> bool:
        """More than one level."""
        return len(self.names) > 1

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The accuracy at each level of an axis whose levels are about several things, at those about each, and at
        all, wherever the other factors are set alike."""
        for factor in _about(run.manifest) if run.outcome.accuracy else ():
            axis = run.manifest.catalogue.axis(factor.what)
            groups: dict[str, tuple[str, ...]] = {level: (level,) for level in factor.levels[1:]}
            abouts = {level: axis.level(level).attribute for level in factor.levels[1:]}
            together = {about: tuple(level for level in abouts if abouts[level] == about) for about in abouts.values()}
            groups |= {about: levels for about, levels in together.items() if about and len(levels) > 1}
            if len(together) > 1 or ("" in together and len(abouts) > 1):
                groups["all"] = factor.levels[1:]
            for (name, levels), under in product(groups.items(), _others(run, factor)):
                yield from _located(cls, run, factor, name, levels, under)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """An accuracy, and an axis whose levels say what they are about."""
        if not manifest.outcome.accuracy:
            return f"{manifest.outcome.__name__} says not what is right: set accuracy"
        there = any(_about(manifest))
        return "" if there else "no axis is varied whose levels have an attribute: vary.ROLE.persona=[LEVEL,LEVEL]"


def _about(manifest: Manifest) -> Iterator[Factor]:
    for factor in manifest.factors if not manifest.fractional else ():
        if factor.kind == "axis":
            axis = manifest.catalogue.axis(factor.what)
            if any(level.attribute for level in axis.levels.values()):
                yield factor


def _others(run: RunValues, factor: Factor) -> Iterator[Mapping[str, str]]:
    """Every way in which the other factors are set at the axis's reference."""
    for settings in run.settings.values():
        if settings[factor.name] == factor.reference:
            yield {name: level for name, level in settings.items() if name != factor.name}


def _located(
    kind: type[Levels], run: RunValues, factor: Factor, name: str, levels: tuple[str, ...], under: Mapping[str, str]
) -> Iterator[Located]:
    parts = []
    planned = 0
    for place, level in enumerate(levels):
        for arm, reference in matched(run.settings, (factor.name,), (level,), (factor.reference,)):
            if under.items() <= run.settings[arm].items():
                both = run.layout.table(run.outcome.accuracy, [arm, reference])
                there = ~np.isnan(both).any(axis=1)
                parts.append((both[there], np.full(int(there.sum()), place), run.layout.case[there]))
                planned += int(run.layout.planned([arm, reference]).sum())
    if not parts:  # factors that are varied one at a time are not crossed
        return
    both, level_of, case = (np.concatenate(part) for part in zip(*parts, strict=True))
    set_so = " ".join(f"{what}={value}" for what, value in under.items())
    about = name if len(levels) > 1 and name != "all" else ""
    sample = kind(both[:, 0], both[:, 1], level_of, case, levels, about, set_so)
    yield Located(
        sample,
        run.outcome.accuracy,
        factor.name,
        arm=f"{name} {set_so}".strip(),
        reference=f"{factor.reference} {set_so}".strip(),
        reasons={"not observed as both": planned - len(case)} if planned > len(case) else {},
    )


@dataclass(frozen=True)
class Mitigated(Rowed):
    """Of each case the difference between a level of an axis and its reference, without and with a mitigation (n,)."""

    without: Floats
    under: Floats
    case: Codes

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The decisive outcomes over every axis and every mitigation that are crossed, for every level of both that is
        not the reference; means over repeats and over how the other factors are set."""
        measures = [each for each in run.manifest.factors if each.kind == "mitigation"]
        for axis, measure in product(run.axes, measures if not run.manifest.incomplete else ()):
            reference, *levels = run.manifest.levels(axis)
            for level, treated, outcome in product(levels, measure.levels[1:], run.decisive):
                without, under = (
                    _bias(run, outcome, (axis, measure.name), (level, at), (reference, at))
                    for at in (measure.reference, treated)
                )
                if without is not None and under is not None:
                    yield _both(cls, outcome, axis, level, f"{measure.name}={treated}", without, under)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """An axis and a mitigation, crossed."""
        if not manifest.axes:
            return "no axis is varied: vary.ROLE.AXIS=[LEVEL,LEVEL]"
        measures = [each for each in manifest.factors if each.kind == "mitigation"]
        if not measures:
            return f"no mitigation is varied: vary.ROLE.mitigation=[{UNMITIGATED.name},NAME]"
        crossed = any(
            arm.settings.get(axis) != manifest.levels(axis)[0] and arm.settings.get(each.name) != each.reference
            for arm in manifest.arms
            for axis in manifest.axes
            for each in measures
        )
        return "" if crossed and not manifest.incomplete else "axis and mitigation are not crossed: design.cross=full"


def _bias(
    run: RunValues, outcome: str, factors: tuple[str, str], level: tuple[str, str], reference: tuple[str, str]
) -> Floats | None:
    """By case the mean of arm minus reference, (cases,), NaN where no pair has both; None where no arms match."""
    differences = [
        run.layout.table(outcome, [arm])[:, 0] - run.layout.table(outcome, [other])[:, 0]
        for arm, other in matched(run.settings, factors, level, reference)
    ]
    if not differences:
        return None
    every = np.stack(differences, axis=1).reshape(len(run.layout.cases), -1)
    there = ~np.isnan(every)
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(there, every, 0).sum(axis=1) / there.sum(axis=1)
    return found


def _both(
    kind: type[Mitigated],
    outcome: str,
    axis: str,
    level: str,
    measure: str,
    without: Floats,
    under: Floats,
) -> Located:
    there = ~np.isnan(without) & ~np.isnan(under)
    sample = kind(without[there], under[there], np.flatnonzero(there))
    out = len(there) - int(there.sum())
    reasons = {"case not observed in all four": out} if out else {}
    return Located(sample, outcome, axis, arm=f"{level} {measure}", reference=level, reasons=reasons)
