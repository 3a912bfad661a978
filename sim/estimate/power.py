"""What a paired design can find: power means that the printed verdict is reached."""

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

ALPHA = 0.05
MANY = 100_000
"""Cases above which a number of cases is no answer."""


def least_flips(level: float = ALPHA) -> int:
    """The fewest cases that must differ, all in one direction, before an exact sign-flip p is at most `level`."""
    return max(1, math.ceil(1 - math.log2(level) - 1e-12))


def flip_power(cases: int, effect: float, noise: float = 0.0, level: float = ALPHA) -> float:
    """The probability that the exact sign-flip test of a yes-or-no outcome finds an effect, 0 to 1.

    One pair a case: the difference is one way in effect + noise / 2 of the cases and the other way in noise / 2, both
    shares; `level`, of the first step of a correction, is alpha / m. The number of flips is T ~ Bin(cases, effect +
    noise), those in the effect's direction b | T ~ Bin(T, (effect + noise / 2) / (effect + noise)), and the verdict is
    a difference from the least b on whose p is at most `level`. With one pair a case the interval then leaves out 0.
    """
    either = effect + noise
    if either <= 0:
        return 0.0
    flips = np.arange(cases + 1)
    found = stats.binom.sf(_critical(cases, level) - 1, flips, (effect + noise / 2) / either)
    return float(stats.binom.pmf(flips, cases, either) @ found)


@cache
def _critical(cases: int, level: float) -> NDArray[np.float64]:
    """By number of flips, the least of them in one direction at which p is at most `level`; one more where none is."""
    found = np.asarray(stats.binom.isf(level / 2, np.arange(cases + 1), 0.5), dtype=float)
    return found + 1


def flip_detectable(cases: int, noise: float = 0.0, level: float = ALPHA, power: float = 0.8) -> float | None:
    """The smallest true difference of a yes-or-no outcome that is found in a share `power` of audits; None: none is.

    In shares, 0 to 1 - noise, with one pair a case; see flip_power.
    """
    most = 1 - noise
    if flip_power(cases, most, noise, level) < power:
        return None
    return float(optimize.brentq(lambda effect: flip_power(cases, effect, noise, level) - power, 1e-9, most, xtol=1e-6))


def score_detectable(cases: int, reach: float, error: float, level: float = ALPHA, power: float = 0.8) -> float | None:
    """The smallest true difference of a score that is found in a share `power` of audits, in its unit.

    `reach`: from the mean to the nearer end of its 95 % interval; `error`: the standard error of the mean over cases.
    The verdict takes an interval that leaves out 0 and a p of at most `level`: the larger of both distances, and as
    much again as the mean scatters: max(reach, t_{1-level/2} error) + t_{power} error, t on cases - 1 degrees of
    freedom (Bloom 1995, doi:10.1177/0193841X9501900504). None where so few cases cannot give such a p.
    """
    if cases < least_flips(level):
        return None
    freedom = cases - 1
    t = float(stats.t.ppf(1 - level / 2, freedom))
    return max(reach, t * error) + float(stats.t.ppf(power, freedom)) * error


def turned_error(means: ArrayLike, agreeing: ArrayLike, repeats: ArrayLike, effect: float) -> float | None:
    """The standard error of a mean over cases of a yes-or-no outcome in repeats, had an arm an effect that it has not.

    `means` (cases,): differences as found, of arms that differ by chance; `agreeing` (cases,): share of a case's
    `repeats` (cases,) in which they agree. A share h = effect / mean(agreeing) of those is turned, in every case alike,
    and signs of what differs by chance are random: each case's variance is means^2 + h (1 - h) agreeing / repeats, and
    h^2 var(agreeing) lies between cases. In shares; None for an effect that would need more than there is.
    """
    same, seen = np.asarray(agreeing, dtype=float), np.asarray(means, dtype=float)
    turned = effect / same.mean() if same.any() else math.inf
    if turned > 1:
        return None
    inside = np.mean(seen**2 + turned * (1 - turned) * same / np.asarray(repeats, dtype=float))
    return float(np.sqrt((inside + turned**2 * same.var()) / max(1, len(seen) - 1)))


def flip_cases(effect: float, noise: float = 0.0, level: float = ALPHA, power: float = 0.8) -> int | None:
    """The fewest cases that find an effect of a yes-or-no outcome in a share `power` of audits; None above 100,000."""
    return fewest(lambda cases: flip_power(cases, effect, noise, level) >= power, least_flips(level))


def score_cases(
    target: float, cases: int, reach: float, error: float, level: float = ALPHA, power: float = 0.8
) -> int | None:
    """The same of a score, from what `cases` of them gave: its reach and error shrink with the root of their number.

    See score_detectable. None above 100,000.
    """

    def found(count: int) -> bool:
        shrunk = math.sqrt(cases / count)
        least = score_detectable(count, reach * shrunk, error * shrunk, level, power)
        return least is not None and least <= target

    return fewest(found, max(2, least_flips(level)))


def fewest(enough: Callable[[int], bool], first: int) -> int | None:
    """The first whole number from `first` on that is enough, where all above are; None above 100,000."""
    most = first
    while not enough(most):
        if most > MANY:
            return None
        first, most = most, 2 * most
    while first < most:
        middle = (first + most) // 2
        first, most = (first, middle) if enough(middle) else (middle + 1, most)
    return most
