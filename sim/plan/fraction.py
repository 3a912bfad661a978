"""A balanced part of all combinations of levels, out of which each factor's effect can be told from the others'."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from simrun.config.errors import ConfigError


def fraction(factors: Mapping[str, Sequence[str]], reduction: int) -> list[tuple[str, ...]]:
    """Of all combinations one in `reduction`, the reference cell first; as balanced as a generalised subset design
    (Surowiec et al. 2017, doi:10.1021/acs.analchem.7b00506), whose cells they are where both have one.

    ConfigError where there is none out of which each factor's effect can be told from the others'.
    """
    sizes = [len(levels) for levels in factors.values()]
    if len(sizes) < 3:
        raise ConfigError(
            f"design.cross=fractional: {len(sizes)} factors are varied, and a part of their combinations needs 3; "
            "use design.cross=full"
        )
    cells = _subset(sizes, reduction)
    if why := _unequal(cells, factors):
        able = [other for other in range(2, 10) if not _unequal(_subset(sizes, other), factors)]
        way_out = (
            f"design.reduction={' or '.join(map(str, able))}, or design.cross=full"
            if able
            else "design.cross=full or one_at_a_time"
        )
        raise ConfigError(f"design.reduction={reduction} of {int(np.prod(sizes))} combinations {why}; use {way_out}")
    return [tuple(levels[index] for levels, index in zip(factors.values(), cell, strict=True)) for cell in cells]


def _subset(sizes: Sequence[int], reduction: int) -> npt.NDArray[np.int64]:
    """The cells of a fraction, one in each row, in ascending order; none where levels do not reach so far.

    Those whose last level is the sum of the others, modulo the reduction.
    """
    cells = np.array(list(product(*map(range, sizes))), dtype=np.int64)
    apart = cells[:, -1] - cells[:, :-1].sum(axis=1)
    # with fewer remainders than the reduction, parts are empty: this one is no such share of all cells
    return cells[apart % reduction == 0] if np.ptp(apart) + 1 >= reduction else cells[:0]


def _unequal(cells: npt.NDArray[np.int64], factors: Mapping[str, Sequence[str]]) -> str:
    """Why a fraction cannot tell its factors apart, "" where it can.

    The levels of each two factors must meet in proportion to how often each is played: only then does the difference
    between the arms at two levels of one factor hold nothing of the others.
    """
    if any(len(set(column)) < len(levels) for column, levels in zip(cells.T, factors.values(), strict=True)):
        return "leaves too few to play every level"
    if cells[0].any():
        return "leaves out the reference arm"
    for (one, first), (other, second) in combinations(enumerate(factors), 2):
        met = np.zeros((len(factors[first]), len(factors[second])))
        np.add.at(met, (cells[:, one], cells[:, other]), 1)
        if not np.array_equal(met * len(cells), np.outer(met.sum(axis=1), met.sum(axis=0))):
            return f"mixes the effect of {first} with that of {second}"
    return ""
