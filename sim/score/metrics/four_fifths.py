"""Four-fifths rule."""

from collections.abc import Callable, Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray

from simrun.estimate.bounded import share_below
from simrun.estimate.columns import Floats, finite
from simrun.estimate.paired import unseen
from simrun.score.metric import Metric, Numbers
from simrun.score.values import Groups

THRESHOLD = 0.8


class FourFifths(Metric):
    """Rate of the favourable decision in the least selected group divided by that in the most
    selected one; below .8 the rule is broken.

    min_a sr_a / max_a sr_a (p %, demographic parity ratio). A finding only where the upper end is below .8 too. The
    interval is of the two extreme groups; as those were picked out of G(G-1)/2 pairs, its level is 1 - .05 / pairs
    (Bonferroni). Where each case has both groups it holds all t of 0 to 1 for which the Dirichlet bound of the mean of
    lowest - t highest over cases holds 0, which stands where few cases differ and all one way; else it is a percentile
    bootstrap of whole cases, and a rate of exactly 0 or 1, which never varies between draws, is moved for the upper end
    by the share that could go unseen (simrun.estimate.paired.unseen). Asked of yes and no.
    """

    title = "lowest rate over the highest (four fifths)"
    needs = Groups
    low, high, fair, worse = 0, 1, 1, "lower"
    undefined = "nobody was chosen"
    source = "Feldman et al. 2015, doi:10.1145/2783258.2783311; Efron 1979, doi:10.1214/aos/1176344552 (bootstrap)"
    interval = "own"

    draws: int = 2000
    seed: int = 0

    @classmethod
    def asked(cls, sample: Groups) -> Iterator[Self]:
        """Of yes and no."""
        if sample.binary:
            yield cls()

    def measure(self, sample: Groups) -> Numbers:
        """The ratio with its interval, whose ends are None for one case or where a draw often loses a group."""
        count, chosen = _tables(sample)
        rates = chosen.sum(0) / count.sum(0)
        if not rates.any() or len(rates) < 2:
            return Numbers(value=None)
        order = np.argsort(rates, kind="stable")
        pair, ratio = order[[0, -1]], float(rates.min() / rates.max())
        if len(count) < 2:
            return Numbers(value=ratio)
        tail = 0.025 / (len(rates) * (len(rates) - 1) / 2)
        if (count[:, pair] > 0).all():
            rate = chosen[:, pair] / count[:, pair]
            bottom, top = _within_cases(rate[:, 0], rate[:, 1], tail)
            return Numbers(value=ratio, low=bottom, high=top)
        # cases of equal counts are interchangeable: drawing how many of each kind is drawing cases, in less memory
        kinds, times = np.unique(np.hstack([chosen[:, pair], count[:, pair]]), axis=0, return_counts=True)
        rng = np.random.default_rng(self.seed)
        sums = rng.multinomial(len(count), times / len(count), size=self.draws) @ kinds
        with np.errstate(invalid="ignore"):
            drawn = sums[:, :2] / sums[:, 2:]
        low, high = _interval(drawn, rates[pair], (count[:, pair] > 0).sum(0), tail)
        return Numbers(value=ratio, low=low, high=high)


def _within_cases(lowest: Floats, highest: Floats, tail: float) -> tuple[float, float]:
    """The ratios of 0 to 1 that rates of both groups by case, (cases,) each, do not leave out (Fieller's way)."""

    def below(t: float) -> bool:
        return share_below(lowest - t * highest, -t, 0.0) > tail

    def above(t: float) -> bool:
        return 1 - share_below(lowest - t * highest, 1.0, 0.0) <= tail

    return _first(below), _first(above)


def _first(holds: Callable[[float], bool]) -> float:
    """The least t of 0 to 1 from which on it holds; 1 where it nowhere does."""
    least, most = 0.0, 1.0
    if holds(least):
        return least
    while most - least > 1e-6:
        middle = (least + most) / 2
        least, most = (least, middle) if holds(middle) else (middle, most)
    return most


def flagged(ratio: float | None) -> bool | None:
    """Whether the rule is broken; None where there is no ratio."""
    return None if ratio is None else ratio < THRESHOLD


def supported(high: float | None) -> bool:
    """Whether the upper end of the ratio's interval breaks it too: only then is it a finding."""
    return high is not None and high < THRESHOLD


def _tables(sample: Groups) -> tuple[Floats, Floats]:
    """Rows and selected rows, by case and group, of those that there are."""
    width, shape = len(sample.names), (int(sample.case.max()) + 1, len(sample.names))
    cell = sample.case * width + sample.group
    count, chosen = (np.bincount(cell, by, minlength=shape[0] * width).reshape(shape) for by in (None, sample.value))
    cases, groups = count.any(axis=1), count.any(axis=0)
    return count[cases][:, groups].astype(float), chosen[cases][:, groups].astype(float)


def _interval(drawn: Floats, rates: Floats, cases: NDArray[np.intp], tail: float) -> tuple[float | None, float | None]:
    """Ends for drawn rates (draws, 2) of the lowest and the highest group; a
    draw that lost a group counts as the widest."""
    lowest = drawn[:, 0] if rates[0] > 0 else np.full(len(drawn), unseen(int(cases[0])))
    highest = drawn[:, 1] if rates[1] < 1 else np.full(len(drawn), 1 - unseen(int(cases[1])))
    with np.errstate(divide="ignore", invalid="ignore"):
        bottom = np.nan_to_num(drawn[:, 0] / drawn[:, 1], nan=0.0, posinf=np.inf)
        top = np.nan_to_num(lowest / highest, nan=np.inf, posinf=np.inf)
    ends = np.quantile(bottom, tail, method="lower"), np.quantile(top, 1 - tail, method="higher")
    return finite(float(ends[0])), finite(float(ends[1]))
