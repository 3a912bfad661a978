"""One outcome, one arm against the reference: the effect, and all that a reader needs to doubt it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.episode import Arm
from simrun.manifest import Manifest
from simrun.metrics.flip_rate import flip_rate
from simrun.metrics.paired_difference import paired_difference
from simrun.scenarios.base import Outcome, Range
from simrun.stats import benjamini_hochberg, bootstrap_mean, detectable, holm, largest_effect, sign_flip, worst_case


class ContrastResult(Record):
    """One outcome, one arm against another that differs in one factor, within pairs of case and repeat."""

    outcome: str
    better: str
    arm: str
    reference: str
    difference: float | None
    low: float | None
    high: float | None
    pairs: int
    cases: int
    differing: int
    """Cases in which the arms differ on average: with few of them the interval is rough, and leans to the wide side."""
    flip_rate: float | None
    same_arm_flip_rate: float | None
    """The flip rate of the reference arm played again under other luck; None without that control."""
    p: float | None
    """Two-sided, by flipping the signs of whole cases."""
    family: str
    """primary (declared; Holm), secondary (Benjamini-Hochberg), or control (not adjusted: it is the noise floor)."""
    p_adjusted: float | None
    no_effect_beyond: float | None
    """The smallest margin within which the effect is shown to lie, at 5 % (two one-sided tests)."""
    detectable: float | None
    """Smallest true difference that would be found in 80 % of repetitions."""
    bootstrap_low: float | None
    bootstrap_high: float | None
    """Percentiles of a case-clustered bootstrap: a check on low and high."""
    worst_low: float | None
    worst_high: float | None
    """Where the difference lies if the values that models failed to give had all been the worst for it, or the best; with sampling error."""
    missing_difference: float | None
    """Share of values missing in the arm minus in the reference, of pairs that both arms finished."""
    missing_p: float | None
    excluded: int
    """Planned pairs that are not in `pairs`."""
    reasons: Mapping[str, int]
    """Why, with counts."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Values of one outcome in two arms, by pairs that both arms finished; NaN where a value is missing."""

    arm: NDArray[np.float64]
    reference: NDArray[np.float64]
    case: NDArray[np.object_]

    def whole(self) -> "Pairs":
        """The pairs that have both values."""
        there = ~(np.isnan(self.arm) | np.isnan(self.reference))
        return Pairs(self.arm[there], self.reference[there], self.case[there])


class Paired:
    """The outcomes of a run, laid out by pairs."""

    def __init__(self, manifest: Manifest, episodes: pd.DataFrame, outcomes: pd.DataFrame, kind: type[Outcome]):
        self._manifest, self._episodes, self._kind = manifest, episodes, kind
        done = episodes[episodes.state == "done"]
        self._done = done.assign(done=True).pivot(index=["case", "repeat"], columns="arm", values="done")
        self._values = {
            str(field): own.pivot(index=["case", "repeat"], columns="arm", values="value").reindex(self._done.index)
            for field, own in outcomes[outcomes.outcome.isin(list(kind.measured()))].groupby("outcome")
        }

    def pairs(self, field: str, arm: str, reference: str) -> Pairs:
        """The finished pairs of two arms."""
        if field not in self._values or not {arm, reference} <= set(self._done.columns):
            empty = np.array([], dtype=float)
            return Pairs(empty, empty, empty.astype(object))
        both = self._done[[arm, reference]].notna().all(axis=1)
        table = self._values[field][both]
        return Pairs(table[arm].to_numpy(float), table[reference].to_numpy(float), table.index.get_level_values("case").to_numpy(object))

    def contrast(self, field: str, arm: str, reference: str) -> ContrastResult:
        """One outcome of one arm against another, not yet adjusted for the others."""
        finished = self.pairs(field, arm, reference)
        pairs, bounds = finished.whole(), self._kind.span(field)
        found = paired_difference(pairs.arm, pairs.reference, pairs.case, bounds.high - bounds.low if bounds else None)
        twice = any(other.control == "same" for other in self._manifest.arms)
        same = self.pairs(field, "same", self._manifest.arms[0].name).whole() if twice else None
        reasons = self._left_out(found.n, len(finished.arm), arm, reference)
        return ContrastResult(
            outcome=field,
            better=self._kind.measured()[field].direction,
            arm=arm,
            reference=reference,
            difference=found.value,
            low=found.low,
            high=found.high,
            pairs=found.n,
            cases=found.clusters,
            differing=_differing(pairs),
            flip_rate=flip_rate(pairs.arm, pairs.reference),
            same_arm_flip_rate=None if same is None else flip_rate(same.arm, same.reference),
            p=sign_flip(pairs.arm - pairs.reference, pairs.case),
            family="secondary",
            p_adjusted=None,
            no_effect_beyond=largest_effect(found),
            detectable=detectable(found),
            excluded=sum(reasons.values()),
            reasons=reasons,
            **_checks(finished, pairs, bounds),
        )

    def _left_out(self, compared: int, finished: int, arm: str, reference: str) -> dict[str, int]:
        """Why planned pairs were not compared; the first reason that applies to a pair counts."""
        unfit = {each.case for each in self._manifest.exclusions if each.arm in (arm, reference)}
        own = self._episodes[self._episodes.arm.isin([arm, reference]) & ~self._episodes.case.isin(unfit)]
        worst = own.assign(rank=own.state.map({"done": 0, "error": 1, "owed": 2})).groupby(["case", "repeat"])["rank"].max()
        counts = {
            "case does not fit the arm": len(unfit) * self._manifest.config.repeats,
            "infrastructure error": int((worst == 1).sum()),
            "not played yet": int((worst == 2).sum()),
            "value missing in an arm": finished - compared,
        }
        return {reason: count for reason, count in counts.items() if count}


def _differing(pairs: Pairs) -> int:
    differs = pd.Series(pairs.arm - pairs.reference).groupby(pairs.case).mean() if len(pairs.case) else pd.Series(dtype=float)
    return int((differs != 0).sum())


def _checks(finished: Pairs, pairs: Pairs, bounds: Range | None) -> dict[str, float | None]:
    """The bootstrap beside the interval, and what missing values could do."""
    cases = len(set(pairs.case))
    boot = bootstrap_mean(pairs.arm - pairs.reference, pairs.case) if cases > 1 else (None, None)
    gone = np.isnan(finished.arm).astype(float) - np.isnan(finished.reference)
    worst = (
        worst_case(finished.arm, finished.reference, finished.case, bounds.low, bounds.high)
        if bounds and len(pairs.arm) < len(finished.arm)
        else None
    )
    return {
        "bootstrap_low": boot[0],
        "bootstrap_high": boot[1],
        "worst_low": worst.low if worst else None,
        "worst_high": worst.high if worst else None,
        "missing_difference": float(gone.mean()) if len(gone) else None,
        "missing_p": sign_flip(gone, finished.case) if gone.any() else None,
    }


def compared(arms: Sequence[Arm]) -> list[tuple[str, str]]:
    """Which arms are compared, (arm, reference): those that differ in one factor, which the reference has at its first level.

    So every comparison has one declared difference: the effect of a group under each mitigation, of a mitigation in each
    group. Controls are compared with the reference arm.
    """
    first, by_settings = arms[0].settings, {tuple(arm.settings.items()): arm.name for arm in arms if not arm.control}
    found = []
    for arm in arms[1:]:
        changed = [key for key, level in arm.settings.items() if not arm.control and level != first[key]]
        resets = [tuple((dict(arm.settings) | {key: first[key]}).items()) for key in changed]
        found += [(arm.name, by_settings[reset]) for reset in resets if reset in by_settings]
        found += [(arm.name, arms[0].name)] if arm.control else []
    return found


def contrasts(manifest: Manifest, episodes: pd.DataFrame, outcomes: pd.DataFrame, kind: type[Outcome]) -> tuple[ContrastResult, ...]:
    """Every outcome of every arm against the reference, p values adjusted within their family."""
    paired = Paired(manifest, episodes, outcomes, kind)
    controls = {arm.name for arm in manifest.arms if arm.control}
    found = [paired.contrast(field, arm, reference) for arm, reference in compared(manifest.arms) for field in kind.measured()]
    family = ["control" if each.arm in controls else "primary" if each.outcome in manifest.primary else "secondary" for each in found]
    adjusted: list[float | None] = [None] * len(found)
    for name, adjust in (("primary", holm), ("secondary", benjamini_hochberg)):
        own = [index for index, each in enumerate(found) if family[index] == name and each.p is not None]
        for index, p in zip(own, adjust([found[index].p or 0.0 for index in own]), strict=True):
            adjusted[index] = p
    return tuple(each.model_copy(update={"family": family[index], "p_adjusted": adjusted[index]}) for index, each in enumerate(found))
