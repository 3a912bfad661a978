"""Worst group."""

import numpy as np
from numpy.typing import ArrayLike

from simrun import arrays
from simrun.agents.records import Record
from simrun.arrays import Floats


class Cell(Record):
    """One intersectional cell."""

    n: int
    mean: float
    shrunken: float | None
    """The mean drawn towards that of all cells, as far as its size deserves; None for cells that are too small."""


class WorstGroup(Record):
    """The cell that fares worst, and all cells with their sizes."""

    cell: str | None
    """None where no cell is large enough."""
    value: float | None
    """Its mean as observed: the lowest of many, so too low on average."""
    shrunken: float | None
    """Its shrunken mean, the one to quote. The lowest shrunken mean names the cell."""
    cells: dict[str, Cell]


def worst_group(values: ArrayLike, cells: ArrayLike, n_min: int = 10) -> WorstGroup:
    """The intersectional cell with the lowest mean utility, small cells set apart and means shrunken.

    min over cells with n >= n_min of m + B_a (mean_a - m), B_a = t / (t + s / n_a): s the variance within cells, pooled, t
    that between cells and m their mean, both by DerSimonian and Laird (statsmodels). `values` (n,), higher is better;
    `cells` (n,), or (n, d) with one attribute a column. In the unit of the values; fair where all cells are equal, lower
    is worse. ValueError below two cells.
    Source: extension (defined here), after DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2.
    """
    value, given = arrays.numbers("values", values), np.asarray(cells, dtype=object)
    joined = [" & ".join(map(str, row)) for row in given.tolist()] if given.ndim == 2 else given
    cell = arrays.labels("cells", joined, least=2)
    arrays.aligned(values=value, cells=cell)
    parts = arrays.by_group(value, cell)
    large = {name: part for name, part in parts.items() if len(part) >= n_min}
    shrunken = dict(zip(large, _shrunken(list(large.values())), strict=True))
    worst = min(shrunken, key=lambda name: (shrunken[name], name), default=None)
    return WorstGroup(
        cell=worst,
        value=None if worst is None else float(parts[worst].mean()),
        shrunken=None if worst is None else shrunken[worst],
        cells={name: Cell(n=len(part), mean=float(part.mean()), shrunken=shrunken.get(name)) for name, part in parts.items()},
    )


def _shrunken(parts: list[Floats]) -> list[float]:
    means, sizes = np.array([part.mean() for part in parts]), np.array([len(part) for part in parts])
    within = sum(float(np.square(part - part.mean()).sum()) for part in parts)
    freedom = int(sizes.sum()) - len(parts)
    if len(parts) < 2 or freedom < 1 or within <= 0:
        return [float(mean) for mean in means]
    from statsmodels.stats.meta_analysis import combine_effects

    noise = within / freedom / sizes
    # statsmodels lets the variance between cells fall below 0, where its own weights then break down
    with np.errstate(all="ignore"):
        between = max(0.0, float(combine_effects(means, noise, method_re="dl").tau2))
    centre = float(np.average(means, weights=1 / (between + noise)))
    return [float(kept) for kept in centre + between / (between + noise) * (means - centre)]
