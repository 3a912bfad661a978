"""Shrunken means."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.estimate.columns import Floats, Names


class Cell(Record):
    """One cell: as observed, and as its size deserves."""

    n: int
    cases: int | None
    """None where cases were not given."""
    mean: float
    shrunken: float | None
    """None where the noise cannot be told: no cell has two values."""


class ShrunkenMeans(Record):
    """All cells, and what they were drawn towards."""

    cells: dict[str, Cell]
    centre: float | None
    """The mean of the cells, weighted by what each is worth."""
    between: float | None
    """Standard deviation of the true means, estimated; at 0 nothing sets the cells apart but chance."""


def shrunken_means(values: ArrayLike, cells: ArrayLike, cases: ArrayLike | None = None) -> ShrunkenMeans:
    """The mean of each intersectional cell, drawn towards that of all cells as far as its size is small.

    m + B_a (mean_a - m), B_a = t / (t + s / n_a): s the variance within cells, pooled, t that between cells by the method of moments, m the
    mean with weights 1 / (t + s / n_a). `values` (n,); `cells` (n,), or (n, d) with one attribute a column; `cases` (n,) where cells share
    cases: values of one case in one cell are then averaged, n_a is their number, and s leaves out how cases differ, which all cells have in
    common. In the unit of the values; fair where all are equal. Each is nearer to the truth on average, and too near to the others if its
    cell is truly apart: 0 between cells is no proof of equality. ValueError below two cells.
    Source: Efron and Morris 1975, doi:10.1080/01621459.1975.10479864; t: DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2.
    """
    value, cell = arrays.numbers("values", values), joined(cells)
    case = None if cases is None else arrays.labels("cases", cases)
    arrays.aligned(values=value, cells=cell, **({} if case is None else {"cases": case}))
    names, code = np.unique(cell, return_inverse=True)
    rows = np.bincount(code)
    noise, sizes = _noise(value, code, case)
    means = np.bincount(code, value) / rows
    shrunken, centre, between = (None, None, None) if noise is None else _shrunken(means, noise / sizes)
    return ShrunkenMeans(
        cells={
            str(name): Cell(
                n=int(rows[place]),
                cases=None if case is None else int(sizes[place]),
                mean=float(means[place]),
                shrunken=None if shrunken is None else float(shrunken[place]),
            )
            for place, name in enumerate(names)
        },
        centre=centre,
        between=between,
    )


def joined(cells: ArrayLike) -> Names:
    """Cells as labels (n,): attributes in columns are joined by ` & `. ValueError below two cells."""
    given = np.asarray(cells, dtype=object)
    return arrays.labels(
        "cells", [" & ".join(map(str, row)) for row in given.tolist()] if given.ndim == 2 else given, least=2
    )


def _noise(value: Floats, code: arrays.Cells, case: Names | None) -> tuple[float | None, arrays.Cells]:
    """Variance of one independent value within cells, None without freedom; and how many of them each cell has."""
    lost = 0
    if case is not None:
        cases, unit = np.unique(case, return_inverse=True)
        pairs, place = np.unique(np.stack([code, unit]), axis=1, return_inverse=True)
        value, (code, unit) = np.bincount(place.reshape(-1), value) / np.bincount(place.reshape(-1)), pairs
        value, lost = value - (np.bincount(unit, value) / np.bincount(unit))[unit], len(cases) - 1
    sizes = np.bincount(code)
    squares = float(np.square(value - (np.bincount(code, value) / sizes)[code]).sum())
    freedom = len(value) - len(sizes) - lost
    return (squares / freedom if freedom > 0 else None), sizes


def _shrunken(means: Floats, noise: Floats) -> tuple[Floats, float, float]:
    if noise.max() <= 1e-12:
        return means, float(means.mean()), float(means.std(ddof=1))
    weights = 1 / noise
    excess = float(weights @ np.square(means - np.average(means, weights=weights))) - (len(means) - 1)
    between = max(0.0, excess / float(weights.sum() - np.square(weights).sum() / weights.sum()))
    centre = float(np.average(means, weights=1 / (between + noise)))
    kept: Floats = centre + between / (between + noise) * (means - centre)
    return kept, centre, float(np.sqrt(between))
