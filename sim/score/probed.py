"""Samples of things of which something is known: a flaw that was put into them, what people gave them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from simrun.log.manifest import Manifest
from simrun.score.layout import Codes, Floats
from simrun.score.samples import Located, Rowed, RunValues


@dataclass(frozen=True)
class Flawed(Rowed):
    """One outcome of the same thing as it was, with a flaw put into it, and in other words: an entry a case and repeat
    (n,)."""

    sound: Floats
    flawed: Floats
    reworded: Floats
    """NaN where it was not played."""
    case: Codes
    low: float | None = None
    high: float | None = None

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The decisive outcomes, wherever the other factors are set alike."""
        probes = run.outcome.probes
        if not probes or cls.lacking(run.manifest):
            return
        for arms in versions(run, (probes.sound, probes.flawed, probes.reworded)):
            for outcome in run.decisive:
                columns = [_column(run, outcome, arm) for arm in arms]
                there = ~np.isnan(columns[0] + columns[1]) & (np.isfinite(columns[2]) | (not arms[2]))
                span, out = run.outcome.span(outcome), int((~there).sum())
                sound, flawed, reworded = (column[there] for column in columns)
                ends = (span.low, span.high) if span else (None, None)
                sample = cls(sound, flawed, reworded, run.layout.case[there], *ends)
                reasons = {"not observed in every version": out} if out else {}
                yield Located(sample, outcome, _factor(run), arms[1], arms[0], reasons=reasons)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A version with a flaw, beside the one without."""
        probes = manifest.outcome.probes
        if not probes:
            return f"{manifest.outcome.__name__} knows of no flaw that could be put into anything: set probes"
        wanted = [probes.sound, probes.reworded, probes.flawed]
        levels = next((each.levels for each in manifest.factors if each.name == f"scenario.{probes.option}"), ())
        if {probes.sound, probes.flawed} <= {*levels} and not manifest.fractional:
            return ""
        return f"nothing is played with a flaw beside without: vary.scenario.{probes.option}=[{','.join(wanted)}]"


def versions(run: RunValues, wanted: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Arms that differ in the version only, one for each that is wanted, "" where it was not played; those without the
    second are left out."""
    factor = _factor(run)
    for settings in run.settings.values():
        if settings.get(factor) == wanted[0]:
            others = {name: level for name, level in settings.items() if name != factor}
            arms = tuple(_arm(run, {**others, factor: level}) for level in wanted)
            if arms[1]:
                yield arms


def _factor(run: RunValues) -> str:
    return f"scenario.{run.outcome.probes.option}" if run.outcome.probes else ""


def _arm(run: RunValues, wanted: Mapping[str, str]) -> str:
    return next((arm for arm, settings in run.settings.items() if dict(settings) == dict(wanted)), "")


def _column(run: RunValues, outcome: str, arm: str) -> Floats:
    return run.layout.table(outcome, [arm])[:, 0] if arm else np.full(len(run.layout.case), np.nan)


@dataclass(frozen=True)
class BesidePeople(Rowed):
    """What the run and what people gave the same things, in one arm (n,)."""

    score: Floats
    rating: Floats
    features: Floats
    """What is known of each thing (n, features), such as how long it is."""
    case: Codes
    grades: tuple[float, float] | None = None
    """The least and the greatest score of the run's scale; None where it has no fixed one."""

    @property
    def comparable(self) -> bool:
        """Whether what people gave lies on the run's scale, as far as that shows."""
        if self.grades is None or not len(self.rating):
            return False
        return bool(self.grades[0] <= self.rating.min() and self.rating.max() <= self.grades[1])

    @classmethod
    def found(cls, run: RunValues) -> Iterator[Located]:
        """The score in every arm that is no control, where people rated anything."""
        kind, steps = run.outcome, run.manifest.scenario.grades()
        if cls.lacking(run.manifest) or kind.people_field not in run.layout.outcomes:
            return
        for arm in run.settings:
            score, rating = (_column(run, name, arm) for name in (kind.score_field, kind.people_field))
            features = [_column(run, name, arm) for name in kind.feature_fields if name in run.layout.outcomes]
            table = np.stack(features, axis=1) if features else np.empty((len(score), 0))
            there = ~np.isnan(score) & ~np.isnan(rating) & ~np.isnan(table).any(axis=1)
            if there.any():
                ends = (steps[0], steps[-1]) if steps else None
                out = int(run.layout.done([arm]).sum() - there.sum())
                sample = cls(score[there], rating[there], table[there], run.layout.case[there], ends)
                reasons = {"not rated by both": out} if out else {}
                yield Located(sample, kind.score_field, arm=arm, reasons=reasons)

    @classmethod
    def lacking(cls, manifest: Manifest) -> str:
        """A field of what people gave."""
        there = manifest.outcome.people_field and manifest.outcome.score_field
        return "" if there else f"{manifest.outcome.__name__} says not what people gave: set people_field"
