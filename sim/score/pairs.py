"""Samples of pairs: one outcome in an arm and in its reference, of the same case and repeat."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simrun.estimate.bounded import case_means
from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast
from simrun.score.compared import pairs, unfinished
from simrun.score.layout import Codes, Floats
from simrun.score.samples import Located, Rowed, RunValues


@dataclass(frozen=True)
class Pairs(Rowed):
    """One outcome in an arm and in its reference, an entry a pair that has both (n,): of every comparison of a run."""

    arm: Floats
    reference: Floats
    case: Codes
    low: float | None = None
    high: float | None = None
    """The least and the greatest value that the outcome can take; None for one without bounds."""
    again: Floats | None = None
    """The reference once more where nothing that matters differs, under the same seeds: the placebo, NaN where it is
    missing; None without it. The control `same` is none: its luck is its own, and that of two arms is shared."""
    better: str = "neither"
    """Which way the outcome is better: higher, lower or neither."""
    right: bool = False
    """The outcome is the scenario's accuracy."""
    chosen: bool = False
    """The outcome says who is chosen."""
    averaged: bool = False
    """The two sides are means over several arms."""
    declared: float | None = None
    """The greatest difference that a case could have, where that was declared to be less than the range."""

    @property
    def span(self) -> float | None:
        """The greatest value minus the least; None for an outcome without bounds."""
        return None if self.low is None or self.high is None else self.high - self.low

    @property
    def means(self) -> Floats:
        """The mean difference of each case that has pairs, (cases,), in the order of their codes."""
        return case_means(self.arm - self.reference, self.case) if len(self.case) else np.empty(0)

    @property
    def reach(self) -> float | None:
        """The greatest difference that a case can have: as declared, unless one has more, else the range."""
        if self.declared is None or (len(self.case) and float(np.abs(self.means).max()) > self.declared + 1e-9):
            return self.span
        return self.declared if self.span is None else min(self.declared, self.span)

    @property
    def binary(self) -> bool:
        """Whether the outcome is yes or no."""
        values = np.concatenate([self.arm, self.reference])
        return (self.low, self.high) == (0, 1) and bool(np.isin(values, (0, 1)).all())

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """Every measured outcome of every comparison; the floor of each is the placebo under the same seeds."""
        for contrast in run.manifest.contrasts:
            reasons, again = unfinished(run.manifest, run.layout, contrast), floor_of(run.manifest, contrast)
            for outcome in run.outcome.measured():
                yield located(cls, run, outcome, contrast, reasons, [again] if again else [])

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """Two arms to compare."""
        return (
            ""
            if len(manifest.arms) > 1
            else "nothing is compared: vary.ROLE.WHAT=[LEVEL,LEVEL] or design.controls=[same]"
        )


def floor_of(manifest: Manifest, contrast: Contrast) -> str | None:
    """The arm whose flips against the same reference, under the same seeds, are the floor of a comparison: the placebo;
    None where it was not played, and of controls and of what has another reference."""
    if contrast.control or contrast.references != (manifest.arms[0].name,):
        return None
    return next((arm.name for arm in manifest.arms if arm.control == "placebo"), None)


def located(
    kind: type[Pairs],
    run: RunValues,
    outcome: str,
    contrast: Contrast,
    reasons: Mapping[str, int] = {},
    again: Sequence[str] = (),
) -> Located:
    """The pairs of one outcome and comparison; `again` names an arm in which nothing
    that matters differs from the reference."""
    every = pairs(run.layout, outcome, contrast)
    whole = every.whole()
    done = run.layout.done((*contrast.arms, *contrast.references))
    repeated = [run.layout.table(outcome, [arm])[done, 0][every.there()] for arm in again]
    sample = paired(
        kind, run, outcome, *whole.sides(), whole.case, repeated[0] if repeated else None, bool(contrast.note)
    )
    gone = len(every.case) - len(whole.case)
    return Located(
        sample,
        outcome,
        arm=contrast.arm,
        reference=contrast.reference,
        floor=tuple(_floor(sample) if repeated else ()),
        reasons={**reasons, **({"value missing in an arm": gone} if gone else {})},
    )


def paired(
    kind: type[Pairs],
    run: RunValues,
    outcome: str,
    arm: Floats,
    reference: Floats,
    case: Codes,
    again: Floats | None = None,
    averaged: bool = False,
) -> Pairs:
    """A sample of one outcome, with what the outcome says of itself."""
    known = outcome in run.outcome.model_fields
    span = run.outcome.span(outcome) if known else None
    better = run.outcome.measured().get(outcome)
    return kind(
        arm,
        reference,
        case,
        low=span.low if span else None if known else 0.0,
        high=span.high if span else None if known else 1.0,
        again=again,
        better=better.direction if better else "neither",
        right=outcome == run.outcome.accuracy,
        chosen=outcome == run.outcome.decision_field,
        averaged=averaged,
        declared=run.manifest.config.design.case_effect_of(outcome),
    )


def _floor(sample: Pairs) -> Iterator[Pairs]:
    """The same pairs with the reference played again in place of the arm."""
    if sample.again is not None:
        there = ~np.isnan(sample.again)
        yield replace(sample.part(there), arm=sample.again[there], again=None)
