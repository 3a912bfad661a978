"""One outcome, one arm (or several) against another: the effect, and all that a reader needs to doubt it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.families import benjamini_hochberg, holm
from simrun.estimate.paired import detectable, largest_effect, worst_case
from simrun.estimate.resampling import bootstrap_means, sign_flips
from simrun.log.manifest import Manifest
from simrun.scenarios.outcome import Outcome
from simrun.score.layout import ERROR, OWED, Codes, Floats, Layout
from simrun.score.metrics.flip_rate import flip_rate
from simrun.score.metrics.paired_difference import paired_difference


class ContrastResult(Record):
    """One outcome, one arm against another that differs in one factor, within pairs of case and repeat.

    Where no two arms differ in one factor alone (a fractional design), the mean over the arms at a level against the mean over
    those at the reference level; `arm` and `reference` are then `factor=level`, and `note` says so.
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
    """The flip rate of the reference arm played again under other luck; None without that control."""
    p: float | None
    """Two-sided, by flipping the signs of whole cases."""
    family: str
    """primary (declared; Holm), secondary (Benjamini-Hochberg), or control (not adjusted: it is the noise floor)."""
    p_adjusted: float | None
    no_effect_beyond: float | None
    """The smallest margin within which the effect is shown to lie, at 5 % (two one-sided tests); at most the outcome's range."""
    detectable: float | None
    """Smallest true difference that would be found in 80 % of repetitions; at most the outcome's range."""
    bootstrap_low: float | None
    bootstrap_high: float | None
    """Percentiles of a case-clustered bootstrap: a check on low and high."""
    worst_low: float | None
    worst_high: float | None
    """Where the difference lies if the values that models failed to give had all been the worst for it, or the best; with sampling error."""
    missing_difference: float | None
    """Share of values missing in the arm minus in the reference, of pairs that all arms finished."""
    missing_p: float | None
    excluded: int
    """Planned pairs that are not in `pairs`."""
    reasons: Mapping[str, int]
    """Why, with counts."""


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
class Pairs:
    """Values of one outcome in the pairs that all arms of a contrast finished; NaN where a value is missing."""

    arm: Floats
    """(pairs, arms)"""
    reference: Floats
    """(pairs, references)"""
    case: Codes

    def whole(self) -> "Pairs":
        """The pairs that have all values."""
        there = ~(np.isnan(self.arm).any(axis=1) | np.isnan(self.reference).any(axis=1))
        return Pairs(self.arm[there], self.reference[there], self.case[there])

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


def pairs(layout: Layout, outcome: str, contrast: Contrast) -> Pairs:
    """The pairs that a contrast compares in one outcome."""
    done = layout.done((*contrast.arms, *contrast.references))
    return Pairs(
        layout.table(outcome, contrast.arms)[done], layout.table(outcome, contrast.references)[done], layout.case[done]
    )


def contrasts(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[ContrastResult, ...]:
    """Every outcome of every contrast, p values adjusted within their family."""
    lost = {contrast: _lost(manifest, layout, contrast) for contrast in compared(manifest)}
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
    found = paired_difference(*there.sides(), there.case, span)
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
        "flip_rate": None if contrast.note else flip_rate(*there.sides()),
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
    return flip_rate(*pairs(layout, outcome, Contrast(same, reference, (same,), (reference,))).whole().sides())


def _lost(manifest: Manifest, layout: Layout, contrast: Contrast) -> dict[str, int]:
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


@dataclass(frozen=True, slots=True)
class Sums:
    """One outcome of one contrast by case, (cases,) each: what is drawn anew, or changes its sign."""

    difference: Floats
    pairs: Floats
    missing: Floats
    finished: Floats
    uneven: bool
    """In some pair, values are missing on one side and not on the other."""


def _sums(layout: Layout, finished: Pairs) -> Sums:
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
