"""One outcome, one arm (or several) against another: the effect, and all that a reader needs to doubt it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.config.options import Design
from simrun.estimate.families import behind, benjamini_hochberg, holm_groups
from simrun.estimate.paired import Estimate, margin, worst_case
from simrun.estimate.power import ALPHA, least_flips
from simrun.estimate.signs import max_t, sign_flip
from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast, cells
from simrun.plan.factors import OF_ENGINE
from simrun.scenarios.outcome import Outcome
from simrun.score.compared import Sides, pairs, unfinished
from simrun.score.detectable import detectable, needed
from simrun.score.layout import DONE, Codes, Floats, Layout
from simrun.score.looks import Followed
from simrun.score.metrics.excess_flip_rate import ExcessFlipRate
from simrun.score.metrics.flip_rate import FlipRate
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.pairs import Pairs, floor_of
from simrun.score.verdict import Verdict, verdict

Family = Literal["primary", "cell", "secondary", "control", "aside"]
"""primary: declared outcomes of the main comparisons, max-T over the outcomes of one, Holm over comparisons; cell: the
same of single arms in a crossed design, asked only behind the main effect of their factor; secondary: all other
outcomes, Benjamini-Hochberg; control: not adjusted; aside: not tested, since it never varies or says what another
outcome says."""


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
    approximate: bool = False
    """Whether the interval is one of values without bounds, which no method covers whatever their law."""
    pairs: int
    cases: int
    """Each counts once in the difference, however many pairs it has."""
    differing: int
    """Cases in which the arms differ on average."""
    flip_rate: float | None
    """Share of pairs in which the two arms came out differently; None between means over several arms."""
    placebo_flip_rate: float | None = None
    """The same between the reference and the placebo under the same seeds: the floor. None without that control."""
    excess_flips: float | None = None
    excess_low: float | None = None
    excess_high: float | None = None
    """How much more often the arm flips than the placebo, on pairs that have both, with its 95 % interval."""
    p: float | None
    """Two-sided, exact, by flipping the signs of whole cases: it tests that the arms are interchangeable, not that a
    mean is 0."""
    family: Family
    p_adjusted: float | None
    aside: str = ""
    """Why it is not tested, "" where it is: it never varies, or says what another outcome says."""
    verdict: Verdict = Verdict(kind="")
    shown_within: float | None
    """The smallest margin within which the effect is shown to lie, at 5 % (two one-sided tests); at most the outcome's
    range."""
    margin: float | None = None
    """The declared one, in the outcome's own units; None where none was."""
    level: float = ALPHA
    """What p has to be for a verdict of a difference, at the first step of the correction."""
    least_flips: int = 1
    """The fewest cases that must differ, all one way, before p can be as small."""
    detectable: float | None
    """Smallest true difference that would get the verdict of a difference in 80 % of repetitions; None where none
    would, or the arms were told the same. Of primary outcomes."""
    cases_needed: int | None = None
    """Of an inconclusive one: cases with which a true difference of the declared margin (without one, of what was seen)
    would be found in 80 % of repetitions; None where more cases alone will not do."""
    identical: bool = False
    """Both arms were told the same, word for word, under the same seeds."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """One outcome of one contrast, as all its figures need it."""

    contrast: Contrast
    outcome: str
    finished: Sides
    there: Pairs
    """The pairs that have all values."""
    means: Floats
    """(cases,): of the differences of each case."""
    case: Codes
    """(cases,): which cases these are."""
    family: Family
    aside: str
    identical: bool

    @property
    def largest(self) -> float | None:
        """The greatest difference that a case could have."""
        return self.there.reach


def contrasts(
    manifest: Manifest, layout: Layout, kind: type[Outcome], told: NDArray[np.uint64] | None = None
) -> tuple[ContrastResult, ...]:
    """Every outcome of every contrast, p values adjusted within their family.

    `told` (pairs, arms) stands for all that was asked in an episode, prompts and seeds; equal numbers, equal prompts.
    """
    samples = list(_samples(manifest, layout, kind, told))
    p = [sign_flip(each.means, each.case, each.largest) for each in samples]
    adjusted, levels = _adjusted(samples, p, len(layout.cases))
    lost = {contrast: unfinished(manifest, layout, contrast) for contrast in manifest.contrasts}
    return tuple(
        _result(each, kind, manifest.config.design, lost[each.contrast], own, corrected, level)
        for each, own, corrected, level in zip(samples, p, adjusted, levels, strict=True)
    )


def _samples(
    manifest: Manifest, layout: Layout, kind: type[Outcome], told: NDArray[np.uint64] | None
) -> Iterator[_Sample]:
    aside, gated = _aside(layout, kind, manifest.primary), any(each.why == "main effect" for each in manifest.contrasts)
    for contrast in manifest.contrasts:
        same = told is not None and _identical(manifest, layout, contrast, told)
        placebo, done = floor_of(manifest, contrast), layout.done((*contrast.arms, *contrast.references))
        for outcome in (name for name in kind.measured() if aside.get(name) != UNKNOWN):
            finished, span = pairs(layout, outcome, contrast), kind.span(outcome)
            whole, again = finished.whole(), None
            if placebo:
                again = layout.table(outcome, [placebo])[done, 0][finished.there()]
            there = Pairs(
                *whole.sides(),
                whole.case,
                span.low if span else None,
                span.high if span else None,
                again=again,
                averaged=bool(contrast.note),
                declared=manifest.config.design.case_effect_of(outcome),
            )
            family = _family(contrast, outcome, manifest, gated, aside)
            yield _Sample(
                contrast=contrast,
                outcome=outcome,
                finished=finished,
                there=there,
                means=there.means,
                case=np.unique(whole.case),
                family=family,
                aside=aside.get(outcome, "") if family == "aside" else "",
                identical=same,
            )


def _family(contrast: Contrast, outcome: str, manifest: Manifest, gated: bool, aside: Mapping[str, str]) -> Family:
    if contrast.control:
        return "control"
    if outcome in manifest.primary:
        return "cell" if gated and contrast.why == "treatment" else "primary"
    return "aside" if outcome in aside else "secondary"


def _aside(layout: Layout, kind: type[Outcome], primary: Sequence[str]) -> dict[str, str]:
    """Outcomes that are not tested: outcome -> why."""
    seen: dict[bytes, str] = {}
    found = {}
    for outcome in sorted(kind.measured(), key=lambda name: name not in primary):
        values = layout.table(outcome, layout.arms).reshape(-1)
        there = values[~np.isnan(values)]
        if not len(there) or there.max() - there.min() <= 1e-12:
            found[outcome] = "never varies" if len(there) or not (layout.state == DONE).any() else UNKNOWN
            continue
        scaled = np.round((values - there.min()) / (there.max() - there.min()), 9)
        decided = scaled[~np.isnan(scaled) & (scaled != 0.5)]
        if len(decided) and decided[0] > 0.5:  # of a scale and its reverse one stands for both
            scaled = np.round(1 - scaled, 9)
        key = (scaled + 0.0).tobytes()
        if key in seen:
            found[outcome] = f"says what {seen[key]} says"
        else:
            seen[key] = outcome
    return {outcome: same for outcome, same in found.items() if outcome not in primary}


UNKNOWN = "has no value in any arm"
"""Of an outcome that is not compared: what a run was not asked for."""


def _identical(manifest: Manifest, layout: Layout, contrast: Contrast, told: NDArray[np.uint64]) -> bool:
    kinds = {factor.name: factor.kind for factor in manifest.factors}
    if contrast.why == "planted" or kinds.get(contrast.factor) in OF_ENGINE or not contrast.single:
        return False
    done = layout.done((*contrast.arms, *contrast.references))
    one, other = (told[done, layout.columns(side)[0]] for side in (contrast.arms, contrast.references))
    return bool(done.any()) and bool((one == other).all())


def _adjusted(
    samples: Sequence[_Sample], p: Sequence[float | None], cases: int
) -> tuple[list[float | None], list[float]]:
    """Adjusted p values, and the level that each unadjusted one has to reach at the first step."""
    adjusted: list[float | None] = [None] * len(samples)
    levels = [ALPHA] * len(samples)
    asked: dict[Family, dict[Contrast, list[int]]] = {"primary": {}, "cell": {}, "secondary": {}}
    for index, each in enumerate(samples):
        if p[index] is not None and not each.identical and each.family in asked:
            asked[each.family].setdefault(each.contrast, []).append(index)
    main = asked["primary"]
    behind_them = {gate: cells(gate, list(asked["cell"])) for gate in main}
    gates = len(main) if any(behind_them.values()) else 0
    within = [_max_t([samples[index] for index in own], cases) for own in main.values()]
    # a gate hands its part of the level on to the cells behind it, and so cannot leave it to other gates
    over = [[min(1.0, gates * each) for each in own] for own in within] if gates else holm_groups(within)
    for (gate, own), found in zip(main.items(), over, strict=True):
        for index, value in zip(own, found, strict=True):
            adjusted[index], levels[index] = value, ALPHA / (len(main) * len(own))
            cell = [
                other
                for each in behind_them[gate]
                for other in asked["cell"][each]
                if samples[other].outcome == samples[index].outcome
            ]
            for other, late in zip(cell, behind(value, gates * len(own), [p[o] or 0.0 for o in cell]), strict=True):
                adjusted[other], levels[other] = late, levels[index] / len(cell)
    secondary = [index for own in asked["secondary"].values() for index in own]
    for index, value in zip(secondary, benjamini_hochberg([p[index] or 0.0 for index in secondary]), strict=True):
        adjusted[index] = value
    return adjusted, levels


def _max_t(samples: Sequence[_Sample], cases: int) -> list[float]:
    columns = np.zeros((len(samples), cases))
    for column, each in zip(columns, samples, strict=True):
        column[each.case] = each.means
    return max_t(list(columns), [each.largest for each in samples])


def _result(
    each: _Sample,
    kind: type[Outcome],
    design: Design,
    lost: Mapping[str, int],
    p: float | None,
    adjusted: float | None,
    level: float,
) -> ContrastResult:
    there, reach = each.there, each.largest
    found = PairedDifference().measure(there)
    shown = margin(each.means, None if reach is None else -reach, reach)
    declared = design.margin_of(each.outcome)
    open_p = p if each.family == "control" else adjusted
    decided = verdict(open_p, found.low, found.high, shown, declared, each.identical)
    primary = each.family in ("primary", "cell") and not each.identical
    return ContrastResult(
        outcome=each.outcome,
        better=kind.measured()[each.outcome].direction,
        arm=each.contrast.arm,
        reference=each.contrast.reference,
        note=each.contrast.note,
        difference=found.value,
        low=found.low,
        high=found.high,
        approximate=found.approximate,
        pairs=found.n,
        cases=found.clusters,
        differing=int((np.abs(each.means) > 1e-9).sum()),
        **_flips(there),
        p=p,
        family=each.family,
        p_adjusted=adjusted,
        aside=each.aside,
        verdict=decided,
        shown_within=shown,
        margin=declared,
        level=level,
        least_flips=least_flips(level),
        detectable=detectable(there, found, p, level) if primary else None,
        cases_needed=needed(there, found, p, level, declared) if primary and decided.kind == "inconclusive" else None,
        identical=each.identical,
        **_missing(each, kind, found, lost),
    )


def _flips(there: Pairs) -> dict[str, float | None]:
    """How often the two sides came out differently, beside the placebo."""
    if there.averaged:
        return {"flip_rate": None}
    told: dict[str, float | None] = {"flip_rate": FlipRate().measure(there).value}
    if there.again is not None and (known := ~np.isnan(there.again)).any():
        floor = Pairs(there.again[known], there.reference[known], there.case[known], there.low, there.high)
        excess = ExcessFlipRate().measure(there)
        told["placebo_flip_rate"] = FlipRate().measure(floor).value
        told |= {"excess_flips": excess.value, "excess_low": excess.low, "excess_high": excess.high}
    return told


def _missing(each: _Sample, kind: type[Outcome], found: Estimate, lost: Mapping[str, int]) -> dict[str, Any]:
    """What is not in the comparison, and how far it could move it."""
    finished, span = each.finished, kind.span(each.outcome)
    missing, gone = finished.missing(), len(finished.case) - found.n
    reasons = {**lost, **({"value missing in an arm": gone} if gone else {})}
    worst = worst_case(finished.arm, finished.reference, finished.case, span.low, span.high) if span and gone else None
    return {
        "worst_low": worst.low if worst else None,
        "worst_high": worst.high if worst else None,
        "missing_difference": float(missing.mean()) if len(missing) else None,
        "missing_p": sign_flip(missing, finished.case, 1.0) if missing.any() else None,
        "excluded": sum(reasons.values()),
        "reasons": reasons,
    }
