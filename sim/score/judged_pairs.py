"""A sample of what a judge said in both arms of a comparison, beside what people said of some of the same texts."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from simrun.estimate.columns import Floats
from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast
from simrun.play.labelling import PEOPLE
from simrun.score.judged import Judged
from simrun.score.layout import DONE, Codes, nanmean
from simrun.score.samples import Located, Rows, RunValues
from simrun.score.verdicts import Figure, figures, horizon, values


@dataclass(frozen=True)
class JudgedPairs:
    """By case (cases,): NaN where there is none. Of a value a turn, and of repeats, the means."""

    difference: Floats
    """Verdict of the arm less that of its reference, over the pairs that have both."""
    arm_label: Floats
    """What people said of the arm's texts, as far as they labelled them."""
    arm_verdict: Floats
    """What the judge said of these very texts."""
    reference_label: Floats
    reference_verdict: Floats
    arm: Judged
    """Text by text, of the arm."""
    reference: Judged
    low: float = 0.0
    high: float = 1.0
    """Bounds of verdicts and labels."""

    @property
    def case(self) -> Codes:
        """Of the rows that have a pair."""
        return np.flatnonzero(~np.isnan(self.difference))

    @property
    def usable(self) -> bool:
        """There are pairs, and labels in both arms."""
        return bool(len(self.case)) and all(len(side.labelled.case) for side in (self.arm, self.reference))

    def part(self, rows: Rows) -> Self:
        """Some of the cases that have a pair; all that was said of the others goes too."""
        kept = np.zeros(len(self.difference), dtype=bool)
        kept[self.case[rows]] = True
        cut: dict[str, Any] = {}
        for each in fields(self):
            own = getattr(self, each.name)
            if isinstance(own, np.ndarray):
                cut[each.name] = np.where(kept, own, np.nan)
            elif isinstance(own, Judged):
                cut[each.name] = own.part(kept[own.case])
        return replace(self, **cut)

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every figure that people labelled some of, in every comparison of two arms that is no control."""
        for figure in figures(run.manifest, run.layout):
            for each in run.manifest.contrasts:
                if not each.control and (sample := cls.of(run, figure, each)):
                    yield Located(sample, figure.name, arm=each.arm, reference=each.reference)

    @classmethod
    def of(cls, run: RunValues, figure: Figure, contrast: Contrast) -> "JudgedPairs | None":
        """One figure in one comparison of two arms; None where people labelled nothing in one of them."""
        judged = run.judged.get(figure.name)
        if judged is None or contrast.note:
            return None
        arm, reference = (judged.part(judged.group == name) for name in (contrast.arm, contrast.reference))
        if not len(arm.labelled.case) or not len(reference.labelled.case):
            return None
        turns = horizon(run.layout, figure.name)
        at = run.layout.columns((contrast.arm, contrast.reference))
        verdict, label = (
            np.where((run.layout.state[:, at] == DONE)[:, :, None], values(run.layout, name, turns)[:, at], np.nan)
            for name in (figure.name, f"{PEOPLE}.{figure.key}")
        )
        shown, unlabelled = nanmean(verdict, axis=2), np.isnan(verdict + label)
        told, said = (_by_case(run, nanmean(np.where(unlabelled, np.nan, each), axis=2)) for each in (label, verdict))
        (difference,) = _by_case(run, shown[:, :1] - shown[:, 1:])
        return cls(difference, told[0], said[0], told[1], said[1], arm, reference, judged.low, judged.high)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A judge."""
        return Judged.lacking(manifest)


def _by_case(run: RunValues, shown: Floats) -> Floats:
    """The mean over repeats, (arms, cases), of (pairs, arms)."""
    return nanmean(shown.T.reshape(shown.shape[1], len(run.layout.cases), -1), axis=2)
