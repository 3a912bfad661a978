"""Looking early for a difference: an exact sign-flip test whose level is spent look by look."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate.columns import Floats
from simrun.estimate.signs import FINE, Whole

TIE = 1e-12
"""How far a sum of probabilities may be off."""


class SignLook(NamedTuple):
    """What a sign-flip test with spending comes to at one look."""

    cases: int
    """Planned cases so far."""
    allowed: float
    """Level that may be spent by now, earlier looks included."""
    critical: float | None
    """Least |sum of differences| that stops here, in the outcome's units; None where nothing attainable would."""
    observed: float
    """The sum of the rounded differences."""
    p: float
    """Two-sided, in stagewise order: the level spent at earlier looks and the chance, under fair signs, of coming here
    with a sum at least as large. A p value where the test ends here: it stops, or this is the last look."""
    stops: bool


def spending(share: float, level: float = 0.05) -> float:
    """Level that may be spent when a share (0 to 1) of the planned cases was seen: level ln(1 + (e - 1) share).

    Source: Lan and DeMets 1983, doi:10.1093/biomet/70.3.659 (their function like Pocock's bound).
    """
    return level * float(np.log1p((np.e - 1) * share))


def sign_looks(
    differences: ArrayLike, looks: Sequence[int], planned: int, bound: float, level: float = 0.05
) -> tuple[SignLook, ...]:
    """A group-sequential exact sign-flip test of cases in the order in which they were planned, up to where it stops.

    `differences` (n,) are those of the first n of `planned` cases, in [-bound, bound], NaN for a case that has none;
    `looks` are the numbers of cases after which one looks, fixed beforehand, at most n. Each difference is rounded to
    bound/1000, half away from zero. Under the null that the arms of a case are interchangeable, magnitudes are fixed
    and signs are fair, so the law of the sum over the patterns that have not stopped is exact; a look stops at the
    least attainable |sum| that keeps what is spent within `spending`, and level that is not spent carries over. With
    `level` divided by the number of questions not one false alarm of a family is raised with more than the whole level.
    Rounding does not depend on what else was seen, as a common denominator would: what later cases show changes no
    earlier look.
    ValueError for differences beyond the bound, or looks that do not rise.
    """
    steps, unit = grid(differences, bound)
    if list(looks) != sorted(set(looks)) or (looks and not 0 < looks[0] <= looks[-1] <= min(len(steps), planned)):
        raise ValueError(f"looks={tuple(looks)} must rise, from 1 to at most {min(len(steps), planned)} cases")
    found: list[SignLook] = []
    law, spent, before = np.ones(1), 0.0, 0
    for cases in looks:
        for step in np.abs(steps[before:cases]):
            law = flipped(law, int(step))
        allowed, total = spending(cases / planned, level), int(steps[:cases].sum())
        critical = _critical(law, allowed - spent)
        stops = critical is not None and abs(total) >= critical
        p, least = min(spent + _beyond(law, abs(total)), 1.0), None if critical is None else critical * unit
        found.append(SignLook(cases, allowed, least, total * unit, p, stops))
        if stops:
            break
        if critical is not None:
            spent += _beyond(law, critical)
            law = np.where(np.abs(_sums(law)) < critical, law, 0.0)
        before = cases
    return tuple(found)


def grid(differences: ArrayLike, bound: float) -> tuple[Whole, float]:
    """Differences as whole numbers of a unit: rounded to bound/1000, half away from zero, so that -d is rounded to
    minus what d is; the unit is as large as it can be then. NaN is 0: a case without a difference moves nothing.

    ValueError for differences beyond the bound.
    """
    values: Floats = np.nan_to_num(np.asarray(differences, dtype=float))
    if len(values) and np.abs(values).max() > bound * (1 + 1e-9):
        raise ValueError(f"a case differs by {np.abs(values).max():g}, and at most {bound:g} was declared")
    rounded = (np.sign(values) * np.floor(np.abs(values) / bound * FINE + 0.5 + 1e-9)).astype(np.int64)
    common = int(np.gcd.reduce(rounded)) if rounded.any() else 1
    return rounded // common, common * bound / FINE


def flipped(law: Floats, step: int) -> Floats:
    """The law of a signed sum (2m + 1,), from -m to m, after one more step with a fair sign: (2(m + step) + 1,)."""
    if step == 0:
        return law
    half, after = law / 2, np.zeros(len(law) + 2 * step)
    after[: len(law)] = half
    after[2 * step :] += half
    return after


def _sums(law: Floats) -> Whole:
    return np.arange(len(law), dtype=np.int64) - len(law) // 2


def _beyond(law: Floats, value: int) -> float:
    """Chance of an |sum| of at least so much."""
    return float(law[np.abs(_sums(law)) >= value].sum())


def _critical(law: Floats, left: float) -> int | None:
    """The least attainable positive |sum| whose chance fits what is left of the level."""
    middle = len(law) // 2
    both = law[middle:] + law[middle::-1]
    tail = np.cumsum(both[::-1])[::-1]
    fits = np.flatnonzero((both > 0) & (tail <= left + TIE))
    fits = fits[fits > 0]
    return int(fits[0]) if len(fits) else None
