"""The effect in each wording of the prompts: whether a finding hangs on how the question was put."""

from collections.abc import Iterator

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.columns import Names
from simrun.estimate.mixed import LEAST
from simrun.estimate.paired import Estimate
from simrun.plan.contrasts import Contrast
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.pairs import Pairs
from simrun.score.scored import Scored


class Specified(Record):
    """One outcome of one contrast in one wording."""

    wording: str
    effect: Estimate
    """The arm minus its reference, within the pairs that were played in this wording."""


class SpecificationResult(Record):
    """One outcome of one contrast over its wordings."""

    outcome: str
    arm: str
    reference: str
    whole: Estimate
    """Over all wordings."""
    curve: tuple[Specified, ...]
    """The least effect first; wordings without a pair are left out."""

    @property
    def values(self) -> list[float]:
        """The effects, the least first."""
        return [each.effect.value for each in self.curve if each.effect.value is not None]

    @property
    def same_sign(self) -> float | None:
        """Share of the wordings whose effect has the sign of the whole one, 0 to 1; 1 is a finding that hangs on no
        wording, and by chance alone it is about a half. None where the whole one is 0."""
        whole = self.whole.value
        return float(np.mean(np.sign(self.values) == np.sign(whole))) if whole else None

    @property
    def enough(self) -> bool:
        """Whether there are so many that they can speak for others."""
        return len(self.curve) >= LEAST["wording"]


def specification(run: Scored) -> tuple[SpecificationResult, ...]:
    """Every declared outcome in every comparison of two arms; nothing where all prompts have one wording.

    The curve is that of Simonsohn, Simmons and Nelson 2020, doi:10.1038/s41562-020-0912-z, over wordings.
    """
    if run.wordings is None:
        return ()
    found = (
        _specified(run, outcome, contrast)
        for contrast in run.comparisons
        for outcome in run.manifest.primary
        if outcome in run.outcome.measured()
    )
    return tuple(each for each in found if len(each.curve) > 1)


def _specified(run: Scored, outcome: str, contrast: Contrast) -> SpecificationResult:
    sides, bounds = (contrast.arm, contrast.reference), run.outcome.span(outcome)
    both = run.layout.table(outcome, sides)
    there = ~np.isnan(both).any(axis=1)
    assert run.wordings is not None
    words = run.wordings[there][:, run.layout.columns(sides)]
    one = words[:, 0] == words[:, 1]  # a wording that is varied itself is another question
    low, high = (bounds.low, bounds.high) if bounds else (None, None)
    sample = Pairs(both[there][one, 0], both[there][one, 1], run.layout.case[there][one], low, high)
    return SpecificationResult(
        outcome=outcome,
        arm=contrast.arm,
        reference=contrast.reference,
        whole=PairedDifference().measure(sample),
        curve=tuple(sorted(_curve(sample, words[one, 0].astype(str)), key=_place)),
    )


def _curve(sample: Pairs, words: Names) -> Iterator[Specified]:
    for word in np.unique(words):
        yield Specified(wording=str(word), effect=PairedDifference().measure(sample.part(words == word)))


def _place(each: Specified) -> tuple[float, str]:
    return each.effect.value or 0.0, each.wording
