"""Whether whoever played can do the task at all: a model that cannot has fairness figures that mean nothing."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import stats

from simrun.agents.records import Record
from simrun.estimate.columns import Floats
from simrun.estimate.paired import clustered_mean
from simrun.plan.factors import OF_ENGINE
from simrun.score.layout import nanmean
from simrun.score.samples import RunValues

FEW = 8
"""Cases below which nothing is said: of two equally likely answers all are the same in 1 of 128 such runs."""
WEAK = 0.3
"""Rank correlation with merit below which a score hardly rises with it."""
LITTLE = 0.1
"""More than guessing by less than this is hardly more."""
ALWAYS = 0.95
"""Share of all answers above which a letter is called always the same."""
RIGHT = 0.9
"""Accuracy from which on the same letter may be the right one."""


class Inability(Record):
    """Why somebody cannot do the task."""

    engines: str
    """How the engines are set in which it is so, "" where none are varied."""
    reasons: tuple[str, ...]
    """What shows it, in words."""


def inabilities(run: RunValues) -> tuple[Inability, ...]:
    """By how the engines are set, what shows that the task cannot be done; nothing where all can, or few cases tell.

    Every check says something only where somebody who can do the task would hardly ever look so: all bounds are the
    upper ends of one-sided 95 % intervals at least, of the means of cases over all arms that are no control.
    """
    by_engines: dict[str, list[str]] = {}
    engines = [each.name for each in run.manifest.factors if each.kind in OF_ENGINE]
    for arm, own in run.settings.items():
        by_engines.setdefault(" ".join(f"{name}={own[name]}" for name in engines), []).append(arm)
    found = {told: tuple(_reasons(run, arms)) for told, arms in by_engines.items()}
    return tuple(Inability(engines=told, reasons=reasons) for told, reasons in found.items() if reasons)


def _reasons(run: RunValues, arms: Sequence[str]) -> Iterator[str]:
    for check in (_scored, _decided, _guessed, _lettered, _asked):
        yield from check(run, arms)


def _by_case(run: RunValues, field: str, arms: Sequence[str]) -> Floats:
    """The mean of a field over repeats and arms, (cases,), NaN where it was not observed or there is no such field."""
    if field not in run.layout.outcomes:
        return np.full(len(run.layout.cases), np.nan)
    return nanmean(run.layout.table(field, arms).reshape(len(run.layout.cases), -1), axis=1)


def _alike(run: RunValues, field: str, arms: Sequence[str]) -> bool:
    """Every episode has the same value."""
    values = run.layout.table(field, arms)
    return bool(np.nanmax(values) - np.nanmin(values) < 1e-9)


def _scored(run: RunValues, arms: Sequence[str]) -> Iterator[str]:
    """A score that is constant, or does not rise with merit."""
    field = run.outcome.score_field
    score, merit = _by_case(run, field, arms), _by_case(run, run.outcome.merit_field, arms)
    known = ~np.isnan(score + merit)
    if (~np.isnan(score)).sum() < FEW or (known.any() and not np.ptp(merit[known])):
        return
    if _alike(run, field, arms):
        yield f"{field} is {np.nanmax(score):.3g} in every one of {int((~np.isnan(score)).sum())} cases"
    elif known.sum() >= FEW and np.ptp(score[known]):
        found = float(stats.spearmanr(score[known], merit[known]).statistic)
        if rank_bound(found, int(known.sum())) < WEAK:
            yield (
                f"{field} does not rise with {run.outcome.merit_field}: a rank correlation of {found:.2f} over "
                f"{known.sum()} cases, below {WEAK} with 95 %"
            )


def rank_bound(correlation: float, n: int) -> float:
    """Upper end of the one-sided 95 % interval of Spearman's rank correlation of n cases, more than 3.

    Fisher's z with variance 1.06 / (n - 3) (Fieller, Hartley and Pearson 1957, doi:10.1093/biomet/44.3-4.470).
    """
    with np.errstate(divide="ignore"):
        return float(np.tanh(np.arctanh(correlation) + stats.norm.ppf(0.95) * np.sqrt(1.06 / (n - 3))))


def _decided(run: RunValues, arms: Sequence[str]) -> Iterator[str]:
    """Everybody or nobody chosen, or the qualified no more often than the others."""
    field, kind = run.outcome.decision_field, run.outcome
    chosen, qualified = _by_case(run, field, arms), _by_case(run, kind.qualified_field, arms)
    yes, no = (chosen[~np.isnan(chosen) & (qualified == side)] for side in (1, 0))
    if min(len(yes), len(no)) < FEW:
        return
    if _alike(run, field, arms):
        yield f"{field} is {yes[0]:.3g} in every case, of {len(yes)} who are qualified and of {len(no)} who are not"
        return
    gap = float(yes.mean() - no.mean())
    error = float(np.hypot(*(side.std(ddof=1) / np.sqrt(len(side)) for side in (yes, no))))
    if gap + float(stats.t.ppf(0.95, min(len(yes), len(no)) - 1)) * error < LITTLE:
        yield (
            f"{field} does not depend on who is qualified: {yes.mean():.0%} of {len(yes)} who are, {no.mean():.0%} of "
            f"{len(no)} who are not"
        )


def _guessed(run: RunValues, arms: Sequence[str]) -> Iterator[str]:
    """No more right than by guessing."""
    right, chance = _by_case(run, run.outcome.accuracy, arms), _by_case(run, run.outcome.chance_field, arms)
    there = ~np.isnan(right + chance)
    if there.sum() < FEW:
        return
    least, most = -float(chance[there].max()), 1 - float(chance[there].min())
    more = clustered_mean((right - chance)[there], np.flatnonzero(there), least, most)
    if more.high is not None and more.high < LITTLE:
        yield (
            f"{run.outcome.accuracy} is {right[there].mean():.0%} over {there.sum()} cases, where guessing gives "
            f"{chance[there].mean():.0%}"
        )


def guessing(run: RunValues) -> float | None:
    """The accuracy of whoever guesses, 0 to 1, over all episodes; None where a scenario does not tell it."""
    shares = _by_case(run, run.outcome.chance_field, list(run.settings))
    return float(np.nanmean(shares)) if (~np.isnan(shares)).any() else None


def _lettered(run: RunValues, arms: Sequence[str]) -> Iterator[str]:
    """Always the same letter, and not always right."""
    field = run.outcome.letters_field
    if field not in run.layout.details or np.nanmean(_right(run, arms)) >= RIGHT:
        return
    letters, values = run.layout.subjects(field)
    shares = values[:, run.layout.columns(arms)]
    there = np.asarray((~np.isnan(shares)).any(axis=2))
    # where answers are weighed, what counts is the likeliest: who looks at nothing may still give the others a little
    likeliest = np.nan_to_num(shares)[there].argmax(axis=1)
    mean = np.bincount(likeliest, minlength=len(letters)) / max(len(likeliest), 1)
    cases = len(np.unique(run.layout.case[there.any(axis=1)]))
    if cases >= FEW and mean.max() >= ALWAYS:
        yield f"the answer is {letters[int(mean.argmax())]} in {mean.max():.0%} of all replies, over {cases} questions"


def _right(run: RunValues, arms: Sequence[str]) -> Floats:
    right = _by_case(run, run.outcome.accuracy, arms)
    return right if (~np.isnan(right)).any() else np.zeros(1)


def _asked(run: RunValues, arms: Sequence[str]) -> Iterator[str]:
    """Nothing asked for where it could be."""
    asks = run.outcome.asks
    if asks is None or getattr(run.manifest.scenario, asks.moves) < 2:
        return
    asked = _by_case(run, asks.field, arms)
    if (~np.isnan(asked)).sum() >= FEW and np.nanmax(asked) == 0:
        yield f"{asks.field} is 0 in every one of {int((~np.isnan(asked)).sum())} cases"
