"""P values of figures about groups, by exchanging the groups' labels: those of one table share the exchanges."""

from collections.abc import Sequence

import numpy as np

from simrun.estimate.columns import Floats
from simrun.estimate.relabelling import DRAWS, HELD, swaps
from simrun.estimate.relabelling import corrected as over_all
from simrun.score.crossed import Crossed
from simrun.score.metric import Figure, Metric
from simrun.score.pool import Pool, labels
from simrun.score.samples import Rows

MOST = 9_999
"""Exchanges that are drawn at most."""
TABLE = 200
"""Exchanges for each table: with fewer, the smallest p that can be would not survive the correction over tables."""

Measured = tuple[Metric, Pool | Crossed, Figure]
"""A metric, what it was measured on, and what it came to."""


def corrected(tables: Sequence[Sequence[Measured]]) -> list[list[Figure]]:
    """The figures of these tables, those that can be tested with their p and with p corrected over all of them.

    A table is of two groups: what is measured on its pools shares the exchanges (min-p); the tables, and with them
    each interaction of two attributes, are a family by Holm.
    """
    draws = min(MOST, max(DRAWS, TABLE * len(tables)))
    tested = [part for at, own in enumerate(tables) for part in _parts(at, own, draws)]
    p: dict[tuple[int, int], float] = {}
    adjusted: dict[tuple[int, int], float] = {}
    for (places, _), (own, stepped) in zip(tested, over_all([told for _, told in tested]), strict=True):
        p |= zip(places, own.tolist(), strict=True)
        adjusted |= zip(places, stepped, strict=True)
    return [
        [
            figure.model_copy(update={"p": p.get((at, row), figure.p), "p_adjusted": adjusted.get((at, row))})
            for row, (_, _, figure) in enumerate(own)
        ]
        for at, own in enumerate(tables)
    ]


Part = tuple[list[tuple[int, int]], Floats]
"""Where figures stand that share exchanges, and what they come to in each."""


def _parts(table: int, own: Sequence[Measured], draws: int) -> list[Part]:
    told = [row for row, (_, _, figure) in enumerate(own) if figure.value is not None]
    pooled = [row for row in told if own[row][0].exchanged]
    crossed = [row for row in told if isinstance(own[row][1], Crossed)]
    shared = [(pooled, _exchanged([own[row] for row in pooled], draws))] if pooled else []
    alone = [([row], _turned(own[row][1], draws)) for row in crossed]
    return [([(table, row) for row in rows], statistics) for rows, statistics in (*shared, *alone)]


def _exchanged(own: Sequence[Measured], draws: int) -> Floats:
    """How far each figure is from fair with each exchange of labels, (exchanges, figures)."""
    pools = [pool for _, pool, _ in own if isinstance(pool, Pool)]
    drawn = labels(pools, draws)
    return np.stack([_far(metric, pool, drawn) for (metric, _, _), pool in zip(own, pools, strict=True)], axis=1)


def _far(metric: Metric, pool: Pool, drawn: Rows) -> Floats:
    portions = np.array_split(drawn, max(1, len(drawn) * len(pool.case) // HELD))
    return np.concatenate([metric.departure(each, metric.measure(each)) for each in map(pool.relabelled, portions)])


def _turned(sample: Pool | Crossed, draws: int) -> Floats:
    """How far from 0 an interaction is with the levels of one attribute exchanged in some cases: its sign turns."""
    assert isinstance(sample, Crossed)
    cases, place = np.unique(sample.case, return_inverse=True)
    sums = np.bincount(place, sample.beyond)
    found: Floats = np.abs((1 - 2 * swaps(len(cases), draws)) @ sums)[:, None]
    return found
