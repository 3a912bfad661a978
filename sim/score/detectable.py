"""What a comparison could have found, and what it would take: from its own pairs, by the verdict that is printed."""

import numpy as np

from simrun.estimate.bounded import case_means
from simrun.estimate.paired import Estimate, reach_towards_0
from simrun.estimate.power import ALPHA, flip_cases, flip_detectable, score_cases, score_detectable, turned_error
from simrun.score.pairs import Pairs

ROUNDS = 4
"""Steps to the effect whose own spread and reach find it; the last moves it by under a hundredth."""


def detectable(there: Pairs, found: Estimate, p: float | None, level: float) -> float | None:
    """The smallest true difference that gets the verdict of a difference in 80 % of repetitions, in the outcome's unit.

    `p` is the comparison's own, `level` what it has to be; None where nothing would be found, or it cannot be told.
    """
    means, largest = there.means, there.reach
    if not len(means) or found.low is None:
        return None
    if _yes_or_no(there) or not found.error:
        # where no case differs, what could still be there is a share of cases that differ by all they can
        least = flip_detectable(len(means), _noise(there, p), level)
        least = None if least is None or largest is None else least * largest
    else:
        least = _of_scores(there, found.error, abs(found.value or 0.0), p, level)
    return None if least is None or (largest is not None and least > largest) else least


def needed(there: Pairs, found: Estimate, p: float | None, level: float, declared: float | None) -> int | None:
    """Cases that would find the declared margin, else what was seen; None where that is nothing."""
    target = declared or abs(found.value or 0.0)
    if not target or not len(there.means) or found.low is None:
        return None
    if _yes_or_no(there):
        noise = _noise(there, p)
        return flip_cases(target, noise, level) if target + noise <= 1 else None
    error = _error(there, found.error, target, p) if found.error else None
    return score_cases(target, len(there.means), _reach(there, target), error, level) if error else None


def _of_scores(there: Pairs, error: float, effect: float, p: float | None, level: float) -> float | None:
    least, own = effect, error
    for _ in range(ROUNDS):
        found = score_detectable(len(there.means), _reach(there, least, own / error), own, level)
        wider = None if found is None else _error(there, error, found, p)
        if found is None or wider is None:
            return None
        least, own = found, wider
    return least


def _error(there: Pairs, error: float, effect: float, p: float | None) -> float | None:
    """The standard error of the mean if the effect were there: as it is, except of a yes or no without one."""
    if not there.binary or there.averaged or (p is not None and p <= ALPHA):
        return error
    agreeing = case_means(there.arm == there.reference, there.case)
    return turned_error(there.means, agreeing, np.unique(there.case, return_counts=True)[1], effect)


def _reach(there: Pairs, effect: float, wider: float = 1.0) -> float:
    """From a mean of `effect` to the end of its interval towards 0, if the cases lay about it as they do, or wider."""
    return reach_towards_0(there.means * wider, there.reach, effect)


def _noise(there: Pairs, p: float | None) -> float:
    """Share of cases that differ either way by chance alone, 0 to 1: all that differ where no effect is found."""
    up, down, count = int((there.means > 0).sum()), int((there.means < 0).sum()), len(there.means)
    return (up + down if p is None or p > ALPHA else 2 * min(up, down)) / count


def _yes_or_no(there: Pairs) -> bool:
    """Whether a case's difference is one of two yes or no: one pair a case."""
    return there.binary and len(there.means) == len(there.case) and not there.averaged
