"""Shrunken means."""

import math
from collections.abc import Mapping

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.blocks import intrablock
from simrun.estimate.columns import Cells, Floats
from simrun.score.layout import Codes
from simrun.score.metric import Metric
from simrun.score.values import Groups


class Cell(Record):
    """One cell: as observed, and as its size deserves."""

    n: int
    cases: int
    mean: float
    shrunken: float | None
    """None where the noise cannot be told: no cell has two values."""


class Shrunken(Record):
    """All cells, and what they were drawn towards."""

    cells: Mapping[str, Cell]
    centre: float | None
    """The mean of the cells, weighted by what each is worth."""
    value: float | None
    """Standard deviation of the true means, estimated; at 0 nothing sets the cells apart but chance."""


class ShrunkenMeans(Metric):
    """How far apart the true means of all groups are, beyond chance; and each group's mean,
    drawn towards all as far as it is small.

    m + B_a (mean_a - m), B_a = t / (t + s / n_a): s the variance within groups, pooled, t that between groups
    by the method of moments, m the mean with weights 1 / (t + s / n_a); the value is sqrt(t). Values of one
    case in one group are averaged first, n_a is their number, and s leaves out how cases differ, which all
    groups have in common. Each is nearer to the truth on average, and too near to the others if its group is
    truly apart: 0 between groups is no proof of equality. Where groups share some of their cases and not all, as in
    a design of blocks, the means are first freed of which cases a group had (`simrun.estimate.blocks`).
    """

    title = "standard deviation between groups, beyond chance"
    needs = Groups
    low, high, fair, worse = 0, math.inf, 0, "higher"
    undefined = "no group has two values that tell the noise"
    source = (
        "Efron and Morris 1975, doi:10.1080/01621459.1975.10479864; t: DerSimonian and Laird 1986, "
        "doi:10.1016/0197-2456(86)90046-2"
    )
    interval = ""

    def measure(self, sample: Groups) -> Shrunken:
        """All cells."""
        there, code = np.unique(sample.group, return_inverse=True)
        names = [sample.names[at] for at in there]
        rows = np.bincount(code)
        noise, sizes = _noise(sample.value, code, sample.case)
        means = np.bincount(code, sample.value) / rows
        apart = means if noise is None else _adjusted(sample, code, means)
        shrunken, centre, between = (None, None, None) if noise is None else _shrunken(apart, noise / sizes)
        return Shrunken(
            cells={
                name: Cell(
                    n=int(rows[place]),
                    cases=int(sizes[place]),
                    mean=float(means[place]),
                    shrunken=None if shrunken is None else float(shrunken[place]),
                )
                for place, name in enumerate(names)
            },
            centre=centre,
            value=between,
        )


def _noise(value: Floats, code: Cells, case: Codes) -> tuple[float | None, Cells]:
    """Variance of one independent value within cells, None without freedom; and how many of them each cell has."""
    cases, unit = np.unique(case, return_inverse=True)
    pairs, place = np.unique(np.stack([code, unit]), axis=1, return_inverse=True)
    value, (code, unit) = np.bincount(place.reshape(-1), value) / np.bincount(place.reshape(-1)), pairs
    # cases that stand in one cell alone tell nothing of what cases have in common
    shared = len(code) > len(cases)
    if shared:
        value = value - (np.bincount(unit, value) / np.bincount(unit))[unit]
    sizes = np.bincount(code)
    squares = float(np.square(value - (np.bincount(code, value) / sizes)[code]).sum())
    freedom = len(value) - len(sizes) - (len(cases) - 1 if shared else 0)
    return (squares / freedom if freedom > 0 else None), sizes


def _adjusted(sample: Groups, code: Cells, means: Floats) -> Floats:
    """The means as if every group had the same cases: by differences within cases, about the mean of all values."""
    there = len(np.unique(np.stack([code, sample.case]), axis=1)[0])
    cases = len(np.unique(sample.case))
    if there in (cases, cases * len(means)):  # no case in two groups, or every case in every group
        return means
    found = intrablock(sample.value, code.astype(str), sample.case.astype(str), "0").levels
    if len(found) < len(means) - 1:  # some groups have no case in common with others
        return means
    apart = np.array([0.0, *(found[str(place)].difference for place in range(1, len(means)))])
    adjusted: Floats = apart + float(sample.value.mean() - apart[code].mean())
    return adjusted


def _shrunken(means: Floats, noise: Floats) -> tuple[Floats, float, float]:
    if noise.max() <= 1e-12:
        return means, float(means.mean()), float(means.std(ddof=1))
    weights = 1 / noise
    excess = float(weights @ np.square(means - np.average(means, weights=weights))) - (len(means) - 1)
    between = max(0.0, excess / float(weights.sum() - np.square(weights).sum() / weights.sum()))
    centre = float(np.average(means, weights=1 / (between + noise)))
    kept: Floats = centre + between / (between + noise) * (means - centre)
    return kept, centre, float(np.sqrt(between))
