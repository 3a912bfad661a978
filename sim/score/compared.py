"""Which arms of a run are compared, and the values of one outcome on both sides."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simrun.log.manifest import Manifest
from simrun.score.layout import ERROR, OWED, Codes, Floats, Layout


@dataclass(frozen=True, slots=True)
class Contrast:
    """What is compared with what: within each pair, the mean over `arms` minus the mean over `references`."""

    arm: str
    """What the one side is called."""
    reference: str
    arms: tuple[str, ...]
    references: tuple[str, ...]
    control: bool = False

    @property
    def note(self) -> str:
        """What a reader must know of the two sides."""
        return "averaged over the other factors" if len(self.arms) + len(self.references) > 2 else ""


@dataclass(frozen=True, slots=True)
class Sides:
    """Values of one outcome in the pairs that all arms of a contrast finished; NaN where a value is missing."""

    arm: Floats
    """(pairs, arms)"""
    reference: Floats
    """(pairs, references)"""
    case: Codes

    def whole(self) -> "Sides":
        """The pairs that have all values."""
        there = ~(np.isnan(self.arm).any(axis=1) | np.isnan(self.reference).any(axis=1))
        return Sides(self.arm[there], self.reference[there], self.case[there])

    def sides(self) -> tuple[Floats, Floats]:
        """The two values of each pair: the means over the arms and over the references."""
        return self.arm.mean(axis=1), self.reference.mean(axis=1)

    def difference(self) -> Floats:
        """The first minus the second."""
        arm, reference = self.sides()
        return arm - reference

    def missing(self) -> Floats:
        """Share of the arms that miss their value minus share of the references, by pair."""
        difference: Floats = np.isnan(self.arm).mean(axis=1) - np.isnan(self.reference).mean(axis=1)
        return difference


def compared(manifest: Manifest) -> tuple[Contrast, ...]:
    """What is compared: every comparison has one declared difference.

    In a fractional design, the arms at each level of a factor with those at its reference level. Else arms that differ in one factor,
    which the reference has at its first level: the effect of a group under each mitigation, of a mitigation in each group. Controls
    are compared with the reference arm, the planted one with its own reference.
    """
    fractional = manifest.config.design.cross == "fractional"
    return (*(_by_factor(manifest) if fractional else _by_arm(manifest)), *_controls(manifest))


def _by_factor(manifest: Manifest) -> Iterator[Contrast]:
    arms = [arm for arm in manifest.arms if not arm.control]
    for key, (first, *others) in manifest.config.factors.items():
        by_level = {level: tuple(arm.name for arm in arms if arm.settings[key] == level) for level in (first, *others)}
        for level in others:
            yield Contrast(f"{key}={level}", f"{key}={first}", by_level[level], by_level[first])


def _by_arm(manifest: Manifest) -> Iterator[Contrast]:
    arms = [arm for arm in manifest.arms if not arm.control]
    first, by_settings = arms[0].settings, {tuple(arm.settings.items()): arm.name for arm in arms}
    for arm in arms[1:]:
        for key in (key for key, level in arm.settings.items() if level != first[key]):
            reference = by_settings.get(tuple((dict(arm.settings) | {key: first[key]}).items()))
            if reference:
                yield Contrast(arm.name, reference, (arm.name,), (reference,))


def _controls(manifest: Manifest) -> Iterator[Contrast]:
    controls = [(arm.control, arm.name) for arm in manifest.arms if arm.control]
    unplanted = next((name for control, name in controls if control == "positive reference"), None)
    for control, name in controls:
        reference = unplanted if control == "positive" else manifest.arms[0].name
        if reference and control != "positive reference":
            yield Contrast(name, reference, (name,), (reference,), control=True)


def pairs(layout: Layout, outcome: str, contrast: Contrast) -> Sides:
    """The pairs that a contrast compares in one outcome."""
    done = layout.done((*contrast.arms, *contrast.references))
    return Sides(
        layout.table(outcome, contrast.arms)[done], layout.table(outcome, contrast.references)[done], layout.case[done]
    )


def unfinished(manifest: Manifest, layout: Layout, contrast: Contrast) -> dict[str, int]:
    """Why planned pairs were not finished; the first reason that applies to a pair counts."""
    arms = (*contrast.arms, *contrast.references)
    unfit = {each.case for each in manifest.exclusions if each.arm in arms}
    fits = np.repeat([case not in unfit for case in layout.cases], layout.repeats)
    worst = layout.state[:, layout.columns(arms)].max(axis=1)[fits]
    counts = {
        "case does not fit the arm": len(unfit) * layout.repeats,
        "infrastructure error": int((worst == ERROR).sum()),
        "not played yet": int((worst == OWED).sum()),
    }
    return {reason: count for reason, count in counts.items() if count}
