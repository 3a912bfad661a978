"""Worst group."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.score.metrics.shrunken_means import Cell, joined, shrunken_means


class WorstGroup(Record):
    """The cell that fares worst, and all cells with their sizes."""

    cell: str | None
    """None where no cell is large enough."""
    value: float | None
    """Its mean as observed: the lowest of many, so too low on average."""
    shrunken: float | None
    """Its shrunken mean, the one to quote. The lowest shrunken mean names the cell."""
    cells: dict[str, Cell]
    """Those that are too small are not shrunken."""


def worst_group(values: ArrayLike, cells: ArrayLike, n_min: int = 10) -> WorstGroup:
    """The intersectional cell with the lowest mean utility, small cells set apart and means shrunken.

    min over cells with n >= n_min of their shrunken_means. `values` (n,), higher is better; `cells` (n,), or (n, d) with one attribute
    a column. In the unit of the values; fair where all cells are equal, lower is worse. ValueError below two cells.
    Source: extension (defined here), after Efron and Morris 1975, doi:10.1080/01621459.1975.10479864.
    """
    value, cell = arrays.numbers("values", values), joined(cells)
    arrays.aligned(values=value, cells=cell)
    names, code, counts = np.unique(cell, return_inverse=True, return_counts=True)
    means = np.bincount(code, value) / counts
    found = {
        str(name): Cell(n=int(n), cases=None, mean=float(mean), shrunken=None)
        for name, n, mean in zip(names, counts, means, strict=True)
    }
    large = [name for name, each in found.items() if each.n >= n_min]
    if len(large) > 1:
        kept = np.isin(cell, large)
        found |= shrunken_means(value[kept], cell[kept]).cells
    elif large:
        found[large[0]] = found[large[0]].model_copy(update={"shrunken": found[large[0]].mean})
    worst = min((name for name in large), key=lambda name: (_low(found[name]), name), default=None)
    chosen = found[worst] if worst else None
    return WorstGroup(
        cell=worst, value=chosen.mean if chosen else None, shrunken=_low(chosen) if chosen else None, cells=found
    )


def _low(cell: Cell) -> float:
    return cell.mean if cell.shrunken is None else cell.shrunken
