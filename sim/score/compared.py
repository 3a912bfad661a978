"""The values of one outcome on both sides of a contrast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast
from simrun.score.layout import ERROR, OWED, Codes, Floats, Layout


@dataclass(frozen=True, slots=True)
class Sides:
    """Values of one outcome in the pairs that all arms of a contrast finished; NaN where a value is missing."""

    arm: Floats
    """(pairs, arms)"""
    reference: Floats
    """(pairs, references)"""
    case: Codes

    def there(self) -> NDArray[np.bool_]:
        """Which pairs have all values."""
        return np.asarray(~np.isnan(np.hstack([self.arm, self.reference])).any(axis=1))

    def whole(self) -> "Sides":
        """The pairs that have all values."""
        there = self.there()
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


def pairs(layout: Layout, outcome: str, contrast: Contrast) -> Sides:
    """The pairs that a contrast compares in one outcome."""
    done = layout.done((*contrast.arms, *contrast.references))
    return Sides(
        layout.table(outcome, contrast.arms)[done], layout.table(outcome, contrast.references)[done], layout.case[done]
    )


def unfinished(manifest: Manifest, layout: Layout, contrast: Contrast) -> dict[str, int]:
    """Why planned pairs were not finished; the first reason that applies to a pair counts.

    In a design of blocks a case that does not fit an arm was dealt another.
    """
    arms = (*contrast.arms, *contrast.references)
    unfit = {each.case for each in manifest.exclusions if each.arm in arms} if not manifest.in_blocks else set()
    worst = layout.state[:, layout.columns(arms)].max(axis=1)[layout.planned(arms)]
    counts = {
        "case does not fit the arm": len(unfit) * layout.repeats,
        "infrastructure error": int((worst == ERROR).sum()),
        "not played yet": int((worst == OWED).sum()),
    }
    return {reason: count for reason, count in counts.items() if count}
