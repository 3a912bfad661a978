"""Differences from a reference where no case plays every arm: within cases only, combined by least squares."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, stats

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.estimate.columns import Cells, Floats
from simrun.estimate.paired import LEVEL


class Level(Record):
    """One arm against the reference."""

    difference: float
    """The arm minus the reference, within cases."""
    low: float | None = None
    high: float | None = None
    error: float | None = None
    """Standard error by leaving out one case after the other; None where the arm stands in one case only."""
    cases: int
    """That played the arm and some other."""
    direct: int
    """Of these, that played the reference too."""


class Intrablock(Record):
    """Every arm against the reference."""

    levels: Mapping[str, Level]
    """All but the reference, in the order of their names; those that no chain of cases ties to it are left out."""
    covariance: tuple[tuple[float, ...], ...] = ()
    """Of the differences, in their order; () where some arm stands in one case only."""
    residual: float | None = None
    """Variance of one value about what arm and case explain, if it is the same everywhere; None without freedom."""
    freedom: int = 0
    """Of the residual: values less cases less arms but one."""


def intrablock(
    values: ArrayLike, arms: ArrayLike, cases: ArrayLike, reference: object, span: float | None = None
) -> Intrablock:
    """Differences of all arms from the reference out of comparisons within cases alone: (n,) each, an entry an episode.

    value = case + arm + residual, both fixed: the intrablock estimate of incomplete blocks (Yates 1936, Annals of
    Eugenics 7(2), 121), which adds to the cases that played an arm and the reference those that tie the two by a third.
    Repeats of a case in an arm are averaged first, so each case counts once an arm. Where every case plays every arm it
    is the mean paired difference. Any real number; 0 is no difference.

    Errors leave out one case after the other, so they need no equal variances; beside them stands, where `span` (the
    greatest value less the least) is given, the spread of one unseen case that differs by the whole span, among n + 1.
    The interval is a t interval on the cases of the arm less 1: approximate where few cases differ. ValueError for
    missing values, or a reference that is not there.
    """
    value, arm, case = arrays.numbers("values", values), arrays.labels("arms", arms), arrays.labels("cases", cases)
    arrays.aligned(values=value, arms=arm, cases=case)
    first = arrays.known("reference", reference, arm)
    table = _table(value, arm, case)
    tied = _tied(table[1], list(table[0]).index(first))
    names, means = [str(name) for name in table[0][tied]], table[1][:, tied]
    means = means[(~np.isnan(means)).sum(axis=1) > 1]
    others = [at for at, name in enumerate(names) if name != first]
    if not others:
        return Intrablock(levels={})
    return _solved(means, [names[at] for at in others], others, names.index(first), span)


def _table(value: Floats, arm: arrays.Names, case: arrays.Names) -> tuple[arrays.Names, Floats]:
    """The arms' names, and the mean of each case in each arm: (cases, arms), NaN where it did not play it."""
    names, column = np.unique(arm, return_inverse=True)
    blocks, line = np.unique(case, return_inverse=True)
    shape = (len(blocks), len(names))
    cell = line * shape[1] + column
    counts, sums = (np.bincount(cell, by, minlength=shape[0] * shape[1]) for by in (None, value))
    with np.errstate(invalid="ignore"):
        return names, (sums / counts).reshape(shape)


def _tied(means: Floats, reference: int) -> Cells:
    """The arms that cases tie to the reference, one by the other."""
    there = ~np.isnan(means)
    reached = np.arange(there.shape[1]) == reference
    while True:
        more = there[there[:, reached].any(axis=1)].any(axis=0) | reached
        if (more == reached).all():
            return np.flatnonzero(reached)
        reached = more


def _solved(means: Floats, names: list[str], others: list[int], reference: int, span: float | None) -> Intrablock:
    there = ~np.isnan(means)
    size = there.sum(axis=1)
    weights = there.astype(float)
    centred = np.where(there, means - np.nanmean(means, axis=1)[:, None], 0.0)
    # of one case: what it tells of the arms is diag(there) - there there' / size
    shares = weights / size[:, None]
    own = weights[:, :, None] * np.eye(len(weights[0])) - weights[:, :, None] * shares[:, None, :]
    left = own[:, others][:, :, others]
    information, right = left.sum(axis=0), centred[:, others].sum(axis=0)
    found = np.linalg.solve(information, right)
    whole = np.zeros(len(weights[0]))
    whole[others] = found
    freedom = int(there.sum()) - len(means) - len(others)
    fitted = np.where(there, whole - (shares @ whole)[:, None], 0.0)
    squares = float(np.square(centred - fitted).sum())
    counts, direct = there.sum(axis=0)[others], (there[:, others] & there[:, [reference]]).sum(axis=0)
    covariance = _left_one_out(information, right, left, centred[:, others]) if (counts > 1).all() else None
    if covariance is not None and span is not None:
        covariance = covariance + np.diag(np.square(span / (counts + 1)))
    told = {
        name: _level(
            float(found[at]), None if covariance is None else float(covariance[at, at]), int(n), int(both), span
        )
        for at, (name, n, both) in enumerate(zip(names, counts, direct, strict=True))
    }
    return Intrablock(
        levels=told,
        covariance=() if covariance is None else tuple(map(tuple, covariance.tolist())),
        residual=squares / freedom if freedom > 0 else None,
        freedom=max(freedom, 0),
    )


def _left_one_out(information: Floats, right: Floats, left: Floats, own: Floats) -> Floats | None:
    """(n - 1) / n times the squares of what the estimates are without one case, about their mean; None where without
    some case an arm is tied to no other."""
    without = []
    for less, value in zip(left, own, strict=True):
        try:
            factor = linalg.cho_factor(information - less)
        except linalg.LinAlgError:
            return None
        if np.diag(factor[0]).min() < 1e-6:
            return None
        without.append(linalg.cho_solve(factor, right - value))
    apart = np.array(without) - np.mean(without, axis=0)
    found: Floats = (len(without) - 1) / len(without) * apart.T @ apart
    return found


def _level(difference: float, variance: float | None, cases: int, direct: int, span: float | None) -> Level:
    if variance is None:
        return Level(difference=difference, cases=cases, direct=direct)
    error = float(np.sqrt(variance))
    reach, most = float(stats.t.ppf((1 + LEVEL) / 2, cases - 1)) * error, np.inf if span is None else span
    low, high = max(difference - reach, -most), min(difference + reach, most)
    return Level(difference=difference, low=low, high=high, error=error, cases=cases, direct=direct)
