"""The figures of a run as exports give them: means of arms, effects with intervals."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.contrasts import ContrastResult
from simrun.score.scored import Scored


class Mean(NamedTuple):
    """One outcome in one arm."""

    outcome: str
    arm: str
    estimate: Estimate
    """Each case counts once; over episodes that have the value: what is missing is in no figure."""


def means(run: Scored) -> Iterator[Mean]:
    """Every outcome in every arm in which some episode has it."""
    for outcome in run.outcome.measured():
        span = run.outcome.span(outcome)
        bounds = (span.low, span.high) if span else (None, None)
        for arm in run.layout.arms:
            seen = run.layout.observed(outcome, [arm])
            if len(seen.value):
                yield Mean(outcome, arm, clustered_mean(seen.value, seen.case, *bounds))


def effects(run: Scored) -> Iterator[ContrastResult]:
    """Every outcome of every comparison that has pairs."""
    return (each for each in run.contrasts if each.difference is not None)


def figures(each: ContrastResult) -> Mapping[str, float]:
    """The numbers of an effect: what is not known is not there, and stands for no 0."""
    told = {
        "difference": each.difference,
        "ci_low": each.low,
        "ci_high": each.high,
        "p": each.p,
        "p_adjusted": each.p_adjusted,
        "pairs": each.pairs,
        "cases": each.cases,
        "flip_rate": each.flip_rate,
        "placebo_flip_rate": each.placebo_flip_rate,
    }
    return {key: value for key, value in told.items() if value is not None}
