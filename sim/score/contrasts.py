"""One outcome, one arm (or several) against another: the effect, and all that a reader needs to doubt it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.families import benjamini_hochberg, holm
from simrun.estimate.paired import detectable, largest_effect, worst_case
from simrun.estimate.resampling import bootstrap_means, sign_flips
from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast
from simrun.scenarios.outcome import Outcome
from simrun.score.compared import Sides, pairs, unfinished
from simrun.score.layout import Codes, Floats, Layout
from simrun.score.looks import Followed
from simrun.score.metrics.flip_rate import FlipRate
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.pairs import Pairs


class ContrastResult(Record):
    """One outcome, one arm against another that differs in one factor, within pairs of case and repeat.

    Where no two arms differ in one factor alone (a fractional design), the mean over the arms at a level against the
    mean over those at the reference level; `arm` and `reference` are then `factor=level`, and `note` says so.
    """

    outcome: str
    better: str
    arm: str
    reference: str
    note: str
    """What else is to be known of what is compared, "" for nothing."""
    difference: float | None
    low: float | None
    high: float | None
    pairs: int
    cases: int
    differing: int
    """Cases in which the arms differ on average: with few of them the interval is rough, and leans to the wide side."""
    flip_rate: float | None
    """Share of pairs in which the two arms came out differently; None between means over several arms."""
    same_arm_flip_rate: float | None
    """The flip rate of the reference arm played again under other seeds; None without that control."""
    p: float | None
    """Two-sided, by flipping the signs of whole cases."""
    family: str
    """primary (declared; Holm), secondary (Benjamini-Hochberg), or control (not adjusted: it is the noise floor)."""
    p_adjusted: float | None
    no_effect_beyond: float | None
    """The smallest margin within which the effect is shown to lie, at 5 % (two
    one-sided tests); at most the outcome's range."""
    detectable: float | None
    """Smallest true difference that would be found in 80 % of repetitions; at most the outcome's range."""
    bootstrap_low: float | None
    bootstrap_high: float | None
    """Percentiles of a case-clustered bootstrap: a check on low and high."""
    worst_low: float | None
    worst_high: float | None
    """Where the difference lies if the values that models failed to give had all been the worst
    for it, or the best; with sampling error."""
    missing_difference: float | None
    """Share of values missing in the arm minus in the reference, of pairs that all arms finished."""
    missing_p: float | None
    excluded: int
    """Planned pairs that are not in `pairs`."""
    reasons: Mapping[str, int]
    """Why, with counts."""
    followed: Followed | None = None
    """What looking at it while it was played came to, whose figures stand here; None where nobody looked."""


def contrasts(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[ContrastResult, ...]:
    """Every outcome of every contrast, p values adjusted within their family."""
    lost = {contrast: unfinished(manifest, layout, contrast) for contrast in manifest.contrasts}
    asked = [(contrast, outcome) for contrast in lost for outcome in kind.measured()]
    drawn = _drawn([_sums(layout, pairs(layout, outcome, contrast)) for contrast, outcome in asked])
    same = {outcome: _same_arm_flips(manifest, layout, outcome) for outcome in kind.measured()}
    found = []
    for (contrast, outcome), figures in zip(asked, drawn, strict=True):
        family = "control" if contrast.control else "primary" if outcome in manifest.primary else "secondary"
        told = _result(layout, kind, outcome, contrast, lost[contrast])
        found.append(
            ContrastResult(**told, **figures, family=family, p_adjusted=None, same_arm_flip_rate=same[outcome])
        )
    return _adjusted(found)


def _result(
    layout: Layout, kind: type[Outcome], outcome: str, contrast: Contrast, lost: Mapping[str, int]
) -> dict[str, Any]:
    """One outcome of one contrast: all but what is drawn for all together."""
    finished, bounds = pairs(layout, outcome, contrast), kind.span(outcome)
    there, missing, span = finished.whole(), finished.missing(), bounds.high - bounds.low if bounds else None
    low, high = (bounds.low, bounds.high) if bounds else (None, None)
    sample = Pairs(*there.sides(), there.case, low, high)
    found = PairedDifference().measure(sample)
    gone = len(finished.case) - found.n
    reasons = {**lost, **({"value missing in an arm": gone} if gone else {})}
    worst = (
        worst_case(finished.arm, finished.reference, finished.case, bounds.low, bounds.high)
        if bounds and gone
        else None
    )
    return {
        "outcome": outcome,
        "better": kind.measured()[outcome].direction,
        "arm": contrast.arm,
        "reference": contrast.reference,
        "note": contrast.note,
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "pairs": found.n,
        "cases": found.clusters,
        "flip_rate": None if contrast.note else FlipRate().measure(sample).value,
        "no_effect_beyond": _within(span, largest_effect(found)),
        "detectable": _within(span, detectable(found)),
        "worst_low": worst.low if worst else None,
        "worst_high": worst.high if worst else None,
        "missing_difference": float(missing.mean()) if len(missing) else None,
        "excluded": sum(reasons.values()),
        "reasons": reasons,
    }


def _within(span: float | None, value: float | None) -> float | None:
    """No difference is larger than the outcome's range."""
    return value if span is None or value is None else min(value, span)


def _same_arm_flips(manifest: Manifest, layout: Layout, outcome: str) -> float | None:
    same, reference = next((arm.name for arm in manifest.arms if arm.control == "same"), None), manifest.arms[0].name
    if same is None:
        return None

    same_arm = Contrast(arm=same, reference=reference, arms=(same,), references=(reference,), why="noise floor")
    whole = pairs(layout, outcome, same_arm).whole()
    return FlipRate().measure(Pairs(*whole.sides(), whole.case)).value


@dataclass(frozen=True, slots=True)
class Sums:
    """One outcome of one contrast by case, (cases,) each: what is drawn anew, or changes its sign."""

    difference: Floats
    pairs: Floats
    missing: Floats
    finished: Floats
    uneven: bool
    """In some pair, values are missing on one side and not on the other."""


def _sums(layout: Layout, finished: Sides) -> Sums:
    there, missing = finished.whole(), finished.missing()

    def by_case(case: Codes, values: Floats | None = None) -> Floats:
        return np.bincount(case, values, minlength=len(layout.cases)).astype(float)

    return Sums(
        difference=by_case(there.case, there.difference()),
        pairs=by_case(there.case),
        missing=by_case(finished.case, missing),
        finished=by_case(finished.case),
        uneven=bool(missing.any()),
    )


def _drawn(sums: Sequence[Sums]) -> list[dict[str, Any]]:
    """The figures that rest on draws, of cases or of signs: all contrasts and outcomes share them."""
    played = np.any([each.finished > 0 for each in sums], axis=0)

    def columns(name: str) -> Floats:
        return np.stack([getattr(each, name)[played] for each in sums], axis=1) if sums else np.empty((0, 0))

    difference, count = columns("difference"), columns("pairs")
    several, uneven = np.count_nonzero(count, axis=0) > 1, np.array([each.uneven for each in sums], dtype=bool)
    ends = np.full((2, len(sums)), np.nan)
    if several.any():
        ends[:, several] = bootstrap_means(difference[:, several], count[:, several])
    signs = np.hstack([difference, columns("missing")[:, uneven]])
    p = sign_flips(signs, np.hstack([count, columns("finished")[:, uneven]]))
    of_missing = iter(p[len(sums) :])
    return [
        {
            "differing": int((np.abs(difference[:, index]) > 1e-9).sum()),
            "p": p[index],
            "bootstrap_low": float(ends[0, index]) if several[index] else None,
            "bootstrap_high": float(ends[1, index]) if several[index] else None,
            "missing_p": next(of_missing) if uneven[index] else None,
        }
        for index in range(len(sums))
    ]


def _adjusted(found: Sequence[ContrastResult]) -> tuple[ContrastResult, ...]:
    adjusted: list[float | None] = [None] * len(found)
    for name, adjust in (("primary", holm), ("secondary", benjamini_hochberg)):
        own = [index for index, each in enumerate(found) if each.family == name and each.p is not None]
        for index, p in zip(own, adjust([found[index].p or 0.0 for index in own]), strict=True):
            adjusted[index] = p
    return tuple(each.model_copy(update={"p_adjusted": p}) for each, p in zip(found, adjusted, strict=True))
