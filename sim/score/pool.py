"""People of two groups in one pool, and what can be said of who is chosen from it: rates, distances of scores, places, merit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.estimate.columns import finite
from simrun.estimate.resampling import delete_a_group
from simrun.score.layout import Codes, Floats
from simrun.score.metrics.leakage import leakage
from simrun.score.metrics.ndkl import ndkl
from simrun.score.metrics.rank_biased_overlap import rank_biased_overlap
from simrun.score.metrics.score_divergence import score_divergence
from simrun.score.metrics.wasserstein_distance import wasserstein_distance

PLACES = (0.1, 0.25)
"""Which shares of the pool are chosen."""
FOLDS = 5


class SelectionFigure(Record):
    """One figure of a group against the reference group."""

    name: str
    value: float | None
    """None where it is not defined, such as a ratio to a rate of 0."""
    low: float | None
    high: float | None
    """95 %, by a delete-a-group jackknife over cases; None where nothing varies, and for what rests on a lot
    or on cross-validation."""
    fair: float | None
    """The value of parity; None where chance alone lifts it, and only the noise floor tells, and for what is not the agent's."""
    noise: float | None
    """The same between the reference arm and the control `same`, None without it; of different people its mean over groups drawn by lot."""
    worse: str
    """Which way is worse for the group: lower, higher, or away (from fair)."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What each episode gave one person: (n,) each. Of versions of the same people, those of the group come first, in the order of the others."""

    value: Floats
    member: NDArray[np.bool_]
    """Whether this is somebody of the group; else of the reference group."""
    merit: Floats
    """NaN where it is not known."""
    qualified: Floats
    case: Codes

    def part(self, rows: NDArray[np.bool_]) -> "Pool":
        """Some of the rows."""
        return Pool(self.value[rows], self.member[rows], self.merit[rows], self.qualified[rows], self.case[rows])

    def by_lot(self, count: int) -> "Iterator[Pool]":
        """The same people and values, in groups of the same numbers of cases drawn by lot."""
        _, first, place = np.unique(self.case, return_index=True, return_inverse=True)
        for lot in range(count):
            drawn = np.random.default_rng(lot).permutation(self.member[first])
            yield Pool(self.value, drawn[place], self.merit, self.qualified, self.case)

    @property
    def group(self) -> Floats:
        """The values of the group."""
        return self.value[self.member]

    @property
    def reference(self) -> Floats:
        """The values of the reference group."""
        return self.value[~self.member]

    @property
    def share(self) -> float:
        """Of the group in the pool."""
        return float(self.member.mean())


Measure = Callable[[Pool], float | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure, before it is computed."""

    name: str
    measure: Measure
    fair: float | Measure | None
    worse: str
    jackknifed: bool = True
    lots: int | None = None
    """How many pools are enough to say what chance does to it; None for all. Cross-validation is slow, and chance does not lift it."""

    def of(self, pool: Pool, floor: Sequence[Pool] = ()) -> SelectionFigure:
        """The figure of a pool, beside its mean over pools in which only luck differs."""
        value = self.measure(pool)
        low, high = (
            delete_a_group(lambda rows: self.measure(pool.part(rows)), pool.case, value)
            if self.jackknifed
            else (None, None)
        )
        chance = [found for each in floor[: self.lots] if len(each.case) and (found := self.measure(each)) is not None]
        noise = sum(chance) / len(chance) if chance else None
        fair = self.fair(pool) if callable(self.fair) else self.fair
        return SelectionFigure(
            name=self.name, value=value, low=low, high=high, fair=fair, noise=noise, worse=self.worse
        )


def of_decisions(versions: bool) -> Iterator[Asked]:
    """What is asked of yes and no; `versions` of the same people, or different ones."""
    yield Asked("selection rate, difference", gap, 0, "lower")
    yield Asked("impact ratio", ratio, 1, "lower")
    yield Asked("equal opportunity: of the qualified, difference", lambda pool: among(pool, 1), 0, "lower")
    yield Asked("of the others, difference", lambda pool: among(pool, 0), 0, "lower")
    yield Asked("equalised odds: the larger of both", odds, 0, "higher")
    if not versions:
        yield Asked("selection rate, difference at equal merit", at_equal_merit, 0, "lower")


def of_scores(width: float, versions: bool) -> Iterator[Asked]:
    """What is asked of scores; `width` of the cells of a histogram."""
    yield Asked("score, difference", gap, 0, "lower")
    if not versions:
        yield Asked("score, difference at equal merit", at_equal_merit, 0, "lower")
    yield Asked("spread: log variance ratio", spread, 0, "away")
    yield Asked(f"Kullback-Leibler divergence, cells of {width:.3g}", lambda pool: divergence(pool, width), 0, "higher")
    yield Asked(
        "Wasserstein distance", lambda pool: wasserstein_distance(pool.value, pool.member, True, False), 0, "higher"
    )
    if versions:
        yield Asked("rank of a CV as this of its two versions (1 or 2)", rank, 1.5, "higher")
        yield Asked("rank-biased overlap of both rankings of people", overlap, 1, "lower", jackknifed=False)
    yield Asked("group guessed from the score, beyond chance", leak, 0, "higher", jackknifed=False, lots=1)
    for share in PLACES:
        yield from of_places(share)
    yield Asked("exposure ratio", exposure, 1, "lower")
    yield Asked("NDKL", lambda pool: ndkl(untied(pool.value), pool.member), None, "higher", jackknifed=False)


def of_places(share: float) -> Iterator[Asked]:
    """What is asked of those who are chosen when a share of the pool is."""
    yield Asked(
        f"share of the best {share:.0%}", lambda pool: share_of_best(pool, share), lambda pool: pool.share, "lower"
    )
    yield Asked(f"skew at the best {share:.0%}", lambda pool: skew(pool, share), 0, "lower")
    yield Asked(f"merit lost by choosing the best {share:.0%}", lambda pool: lost(pool, share), None, "higher")


def gap(pool: Pool) -> float | None:
    """Mean of the group less that of the reference group."""
    return float(pool.group.mean() - pool.reference.mean()) if 0 < pool.share < 1 else None


def merit_gap(pool: Pool) -> float | None:
    """Mean merit of the group less that of the reference group; None where it is not known of all."""
    return gap(replace(pool, value=pool.merit)) if not np.isnan(pool.merit).any() else None


def ratio(pool: Pool) -> float | None:
    """Rate of the group to that of the reference group."""
    return float(pool.group.mean() / pool.reference.mean()) if 0 < pool.share < 1 and pool.reference.mean() else None


def among(pool: Pool, qualified: int) -> float | None:
    """The gap among those who are qualified (1), or among the others (0)."""
    rows = pool.qualified == qualified
    return gap(pool.part(rows)) if rows.any() else None


def odds(pool: Pool) -> float | None:
    """The larger gap of both."""
    both = [among(pool, qualified) for qualified in (1, 0)]
    return max(abs(found) for found in both if found is not None) if None not in both else None


def at_equal_merit(pool: Pool) -> float | None:
    """The gap that is left when a straight line in merit is taken out (least squares); extension."""
    if np.isnan(pool.merit).any() or not 0 < pool.share < 1:
        return None
    terms = np.column_stack([pool.member, pool.merit, np.ones(len(pool.merit))])
    found, _, rank, _ = np.linalg.lstsq(terms, pool.value, rcond=None)
    return float(found[0]) if rank == 3 else None


def spread(pool: Pool) -> float | None:
    """Log of the variance in the group over that in the reference group."""
    if min(len(pool.group), len(pool.reference)) < 2 or not np.ptp(pool.group) or not np.ptp(pool.reference):
        return None
    return float(np.log(pool.group.var(ddof=1) / pool.reference.var(ddof=1)))


def divergence(pool: Pool, width: float) -> float | None:
    """Of the histograms of both groups."""
    return score_divergence(pool.value, pool.member, True, False, width).value


def rank(pool: Pool) -> float:
    """Mean rank of somebody as a member of the group among their two versions."""
    return 1.5 + float(np.sign(pool.reference - pool.group).mean()) / 2


def overlap(pool: Pool) -> float | None:
    """Of people by their mean score as both; ties are broken by the same lot in both rankings."""
    cases, place = np.unique(pool.case[pool.member], return_inverse=True)
    count = np.bincount(place)
    one, other = (np.argsort(-untied(np.bincount(place, side) / count)) for side in (pool.group, pool.reference))
    return rank_biased_overlap(one.tolist(), other.tolist()) if len(cases) > 1 else None


def leak(pool: Pool) -> float | None:
    """How much better than chance the group is guessed from the value."""
    if min(len(np.unique(pool.case[pool.member == side])) for side in (True, False)) < FOLDS or not np.ptp(pool.value):
        return None
    return leakage(pool.member, pool.value, pool.case, FOLDS).value


def chances(scores: Floats, k: int) -> Floats:
    """How likely each is to be among the k highest (n,), where ties at the border are broken by lot: 1 above it, 0 below it, summing to k."""
    border = np.partition(scores, -k)[-k]
    above, at = scores > border, scores == border
    found: Floats = above + at * ((k - above.sum()) / at.sum())
    return found


def _places(pool: Pool, share: float) -> int:
    return max(1, round(share * len(pool.value)))


def share_of_best(pool: Pool, share: float) -> float:
    """Of the group among the best of the pool."""
    k = _places(pool, share)
    return float(chances(pool.value, k)[pool.member].sum() / k)


def skew(pool: Pool, share: float) -> float | None:
    """Log of the share among the best over the share in the pool."""
    found = share_of_best(pool, share)
    return float(np.log(found / pool.share)) if found and pool.share else None


def lost(pool: Pool, share: float) -> float | None:
    """Mean merit of the best by merit, less that of the best by their values."""
    if np.isnan(pool.merit).any():
        return None
    k = _places(pool, share)
    return float((np.sort(pool.merit)[-k:].sum() - (chances(pool.value, k) * pool.merit).sum()) / k)


def exposure(pool: Pool) -> float | None:
    """Mean of 1 / log2(1 + rank) over that of the reference group; equal values share theirs."""
    if not 0 < pool.share < 1:
        return None
    _, tie, count = np.unique(-pool.value, return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(count)[:-1]])
    seen = (np.add.reduceat(1 / np.log2(np.arange(2, len(pool.value) + 2)), starts) / count)[tie]
    return finite(float(seen[pool.member].mean() / seen[~pool.member].mean()))


def untied(scores: Floats) -> Floats:
    """Scores in which equal ones stand in an order drawn by lot: the number of those below each."""
    order = np.lexsort((np.random.default_rng(0).permutation(len(scores)), scores))
    found = np.empty(len(scores))
    found[order] = np.arange(len(scores))
    return found
