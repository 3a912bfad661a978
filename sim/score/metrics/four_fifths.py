"""Four-fifths rule."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.estimate.columns import Floats
from simrun.estimate.paired import unseen

THRESHOLD = 0.8


class FourFifths(Record):
    """Whether the rule is broken, and whether that is more than chance."""

    ratio: float | None
    """Lowest selection rate divided by the highest; None where nobody was selected."""
    low: float | None = None
    high: float | None = None
    """Ends of the 95 % interval, None without two clusters or where a draw often loses a group."""
    flag: bool | None = None
    """The ratio is below .8."""
    supported: bool = False
    """The upper end is below .8 too: only then is it a finding."""


def four_fifths(
    decisions: ArrayLike, groups: ArrayLike, clusters: ArrayLike | None = None, draws: int = 2000, seed: int = 0
) -> FourFifths:
    """Whether the least selected group has less than four fifths of the rate of the most selected one.

    min_a sr_a / max_a sr_a < .8. `decisions` (n,) is 0 or 1; `groups` and `clusters` (n,), each row its own cluster when
    not given. Ratio 0 to 1; 1 is parity, lower is worse. The interval is a percentile bootstrap of whole clusters for the
    two extreme groups; as those were picked out of G(G-1)/2 pairs, its level is 1 - .05 / pairs (Bonferroni). A rate of
    exactly 0 or 1 never varies between draws: for the upper end it is moved by the share that could go unseen
    (stats.unseen). ValueError below two groups.
    Source: Feldman et al. 2015, doi:10.1145/2783258.2783311 (the rule); Efron 1979, doi:10.1214/aos/1176344552.
    """
    taken, group = arrays.decisions("decisions", decisions), arrays.labels("groups", groups, least=2)
    cluster = arrays.labels("clusters", np.arange(len(taken)) if clusters is None else clusters)
    arrays.aligned(decisions=taken, groups=group, clusters=cluster)
    count, chosen = _tables(taken, group, cluster)
    rates = chosen.sum(0) / count.sum(0)
    if not rates.any():
        return FourFifths(ratio=None)
    order = np.argsort(rates, kind="stable")
    pair, ratio = order[[0, -1]], float(rates.min() / rates.max())
    if len(count) < 2:
        return FourFifths(ratio=ratio, flag=ratio < THRESHOLD)
    # clusters of equal counts are interchangeable: drawing how many of each kind is drawing clusters, in less memory
    kinds, times = np.unique(np.hstack([chosen[:, pair], count[:, pair]]), axis=0, return_counts=True)
    sums = np.random.default_rng(seed).multinomial(len(count), times / len(count), size=draws) @ kinds
    with np.errstate(invalid="ignore"):
        drawn = sums[:, :2] / sums[:, 2:]
    low, high = _interval(drawn, rates[pair], (count[:, pair] > 0).sum(0), 0.025 / (len(rates) * (len(rates) - 1) / 2))
    return FourFifths(
        ratio=ratio, low=low, high=high, flag=ratio < THRESHOLD, supported=high is not None and high < THRESHOLD
    )


def _tables(taken: Floats, group: NDArray[np.str_], cluster: NDArray[np.str_]) -> tuple[Floats, Floats]:
    """Rows and selected rows, by cluster and group."""
    names, column = np.unique(group, return_inverse=True)
    units, row = np.unique(cluster, return_inverse=True)
    count, chosen = np.zeros((2, len(units), len(names)))
    np.add.at(count, (row, column), 1.0)
    np.add.at(chosen, (row, column), taken)
    return count, chosen


def _interval(
    drawn: Floats, rates: Floats, clusters: NDArray[np.intp], tail: float
) -> tuple[float | None, float | None]:
    """Ends for drawn rates (draws, 2) of the lowest and the highest group; a draw that lost a group counts as the widest."""
    lowest = drawn[:, 0] if rates[0] > 0 else np.full(len(drawn), unseen(int(clusters[0])))
    highest = drawn[:, 1] if rates[1] < 1 else np.full(len(drawn), 1 - unseen(int(clusters[1])))
    with np.errstate(divide="ignore", invalid="ignore"):
        bottom = np.nan_to_num(drawn[:, 0] / drawn[:, 1], nan=0.0, posinf=np.inf)
        top = np.nan_to_num(lowest / highest, nan=np.inf, posinf=np.inf)
    ends = np.quantile(bottom, tail, method="lower"), np.quantile(top, 1 - tail, method="higher")
    return arrays.finite(float(ends[0])), arrays.finite(float(ends[1]))
