"""Worst group."""

import math
from collections.abc import Mapping

from simrun.agents.records import Record
from simrun.score.metric import Metric
from simrun.score.metrics.shrunken_means import Cell, ShrunkenMeans
from simrun.score.samples import distinct
from simrun.score.values import Groups


class Worst(Record):
    """The group that fares worst, and all groups with their sizes."""

    note: str
    """Its name; "" where no group is large enough."""
    value: float | None
    """Its shrunken mean, the one to quote."""
    observed: float | None
    """Its mean as observed: the lowest of many, so too low on average."""
    cells: Mapping[str, Cell]
    """Those that are too small are not shrunken."""


class WorstGroup(Metric):
    """The mean of the group that fares worst, small groups set apart and means shrunken.

    min over groups with n >= n_min of their shrunken_means (max where the outcome is better when lower). In the unit of
    the outcome; fair where all groups are equal. Extension (defined here).
    """

    needs = Groups
    low, high, fair, worse = -math.inf, math.inf, None, "lower"
    by_outcome = True
    undefined = "no group has 10 episodes"
    source = "extension, after Efron and Morris 1975, doi:10.1080/01621459.1975.10479864"
    interval = ""

    n_min: int = 10

    def measure(self, sample: Groups) -> Worst:
        """The group."""
        cells = {name: _cell(sample.only([name])) for name in sample.means}
        large = [name for name, each in cells.items() if each.n >= self.n_min]
        if len(large) > 1:
            cells |= ShrunkenMeans().measure(sample.only(large)).cells
        sign = -1 if sample.better == "lower" else 1
        worst = min(large, key=lambda name: (sign * _mean(cells[name]), name), default="")
        return Worst(
            note=worst,
            value=_mean(cells[worst]) if worst else None,
            observed=cells[worst].mean if worst else None,
            cells=cells,
        )


def _cell(own: Groups) -> Cell:
    return Cell(n=len(own.value), cases=distinct(own.case), mean=float(own.value.mean()), shrunken=None)


def _mean(cell: Cell) -> float:
    return cell.mean if cell.shrunken is None else cell.shrunken
