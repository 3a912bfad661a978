"""Divergence of scores."""

import math

import numpy as np

from simrun.estimate.columns import Floats, ratio
from simrun.score.metric import Metric
from simrun.score.pool import Scores, total
from simrun.score.samples import Rows


class ScoreDivergence(Metric):
    """Kullback-Leibler divergence from a group's histogram of scores to the reference group's.

    sum over cells of p ln(p / q), p and q the shares of the group and of the reference group in cells [j
    width, (j + 1) width), in nats (scipy); no smoothing: cells that either leaves empty are dropped. Not
    symmetric, a little below 0 where much was dropped (`dropped`). wasserstein_distance is safer with few
    scores. ValueError for a width not above 0.
    """

    title = "Kullback-Leibler divergence, cells of {width:.3g}"
    needs = Scores
    low, high, fair, worse = 0, math.inf, 0, "higher"
    undefined = "no cell of the histogram holds scores of both groups"
    source = "Peña et al. 2020, arXiv:2004.07173; Kullback and Leibler 1951, doi:10.1214/aoms/1177729694"
    order = 30
    exchanged = True

    width: float | None = None
    """Of a cell; the sample's own when not given: 1 for whole scores, else a fiftieth of their range."""

    def measure(self, pool: Scores) -> Floats:
        """The divergence."""
        from scipy.special import rel_entr

        p, q = self._shares(pool)
        both = (p > 0) & (q > 0)
        found: Floats = np.where(both.any(axis=-1), np.where(both, rel_entr(p, q), 0).sum(axis=-1), np.nan)
        return found

    def dropped(self, pool: Scores) -> float:
        """Share of the group's scores in cells that the reference group leaves
        empty; near 1 the divergence says nothing."""
        p, q = self._shares(pool)
        return float(p[q == 0].sum())

    def told(self, pool: Scores) -> str:
        """With the width that is used."""
        return self.title.format(width=self._width(pool))

    def _width(self, pool: Scores) -> float:
        return pool.cell if self.width is None else self.width

    def _shares(self, pool: Scores) -> tuple[Floats, Floats]:
        width = self._width(pool)
        if width <= 0:
            raise ValueError(f"width must be above 0, got {width}")
        # the small addition keeps .06 / .02 in cell 3, where binary fractions put it a hair below
        cell = np.unique(np.floor(pool.value / width + 1e-9), return_inverse=True)[1]
        inside = np.eye(int(cell.max()) + 1)[cell]
        return _share(pool.member, inside), _share(~pool.member, inside)


def _share(rows: Rows, inside: Floats) -> Floats:
    """Of these rows in each cell, (..., cells)."""
    return ratio(total(rows, inside), rows.sum(axis=-1, keepdims=True))
