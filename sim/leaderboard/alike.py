"""Whether what was logged is what the same model says when it is asked again: laws are compared, never bytes.

Each trial has three answers: the logged one, and two that the board was given. The two say how far one model is from
itself, at its temperature and behind its engine; was the logged one by the same model, it could be one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from simrun.agents.records import Record
from simrun.estimate import threes
from simrun.estimate.columns import Cells, Floats
from simrun.estimate.relabelling import DRAWS as EXCHANGES

T = TypeVar("T", bound=np.generic)
Flags = NDArray[np.bool_]

ALPHA, CHANCE = 0.01, 0.8
"""How often an honest run is said to differ, and the chance with which a share is said to be found."""
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
"""Shares of altered answers that are tried."""
ENOUGH = 0.3
"""Where a share so large would have been found, and nothing was, it is said to agree."""
TRIED, DRAWS = 200, 399
"""Runs that are simulated for a chance, and exchanges in each."""


@dataclass(frozen=True)
class Answers:
    """What came of trials in three plays, the logged one first. Units are a case in a repeat."""

    case: Cells
    """(units,) which case it is, from 0."""
    arms: tuple[str, ...]
    values: Mapping[str, Floats]
    """Outcome -> (units, arms, 3); NaN where an episode has no such value, or was not asked."""
    first: Cells
    """(units, arms, 3): equal numbers for equal first decisions."""
    length: Floats
    """(units, arms, 3): characters of all that was said."""
    asked: Flags
    """(units, arms): whether the trial was asked again."""

    @property
    def cases(self) -> int:
        """How many."""
        return int(self.case.max()) + 1 if len(self.case) else 0


class Figure(Record):
    """One thing that was compared."""

    name: str
    value: float
    """Of the logged answers against the board's own two, mean over cases: how much less often they agree; or by how
    much they are larger."""
    p: float
    adjusted: float
    """p over all that was compared."""


def compared(given: Answers, draws: int = EXCHANGES, seed: int = 0) -> tuple[Figure, ...]:
    """All figures, most surprising first. ValueError without cases."""
    if not given.cases:
        raise ValueError("there are no answers to compare")
    names, weights, sided = zip(*_figures(given), strict=True)
    figures = np.stack(weights)
    p, adjusted = threes.first(figures, sided, threes.labels(given.cases, draws, seed))
    values = figures[:, :, 0].mean(axis=1)
    found = (
        Figure(name=name, value=float(value), p=float(one), adjusted=float(all_))
        for name, value, one, all_ in zip(names, values, p, adjusted, strict=True)
    )
    return tuple(sorted(found, key=lambda each: (each.adjusted, each.p)))


def _figures(given: Answers) -> Iterator[tuple[str, Floats, bool]]:
    """Name, value of each play in each case (cases, 3), and whether it is far only when large."""
    yield "outcomes agree less", threes.odd(_agreement(given, list(given.values.values()))), True
    yield "first decisions agree less", threes.odd(_agreement(given, [given.first])), True
    for name, values in given.values.items():
        for at, arm in enumerate(given.arms):
            yield f"{name} in {arm}", threes.apart(_by_case(given, values[:, at])), False
        for at, arm in enumerate(given.arms[1:], 1):
            yield (
                f"{name}, {arm} less {given.arms[0]}",
                threes.apart(_by_case(given, values[:, at] - values[:, 0])),
                False,
            )
    lengths = np.where(given.asked[:, :, None], np.log1p(given.length), np.nan)
    yield "length (log)", threes.apart(_by_case(given, _mean(lengths, 1))), False


def _agreement(given: Answers, columns: Sequence[NDArray[Any]]) -> Floats:
    """How often two plays say the same in all of some columns: (cases, 3)."""
    pairs = []
    for one, other in threes.PAIRS:
        same = np.ones(given.asked.shape, dtype=bool)
        for column in columns:
            left, right = column[:, :, one].astype(float), column[:, :, other].astype(float)
            same &= (left == right) | (np.isnan(left) & np.isnan(right))
        pairs.append(_mean(np.where(given.asked, same, np.nan), 1))
    return _by_case(given, np.stack(pairs, axis=1))


def _by_case(given: Answers, values: Floats) -> Floats:
    """Means over the units of each case, (units, 3) to (cases, 3); 0 where a case has none, of no play more than of
    another: a unit counts only where all three have a value."""
    whole = np.isfinite(values).all(axis=1)
    sums, counts = np.zeros((given.cases, values.shape[1])), np.zeros(given.cases)
    np.add.at(sums, given.case[whole], values[whole])
    np.add.at(counts, given.case[whole], 1)
    found: Floats = sums / np.maximum(counts, 1)[:, None]
    return found


def _mean(values: Floats, axis: int) -> Floats:
    """Mean of what is there; NaN where nothing is."""
    there = np.isfinite(values)
    counts = there.sum(axis=axis)
    found: Floats = np.where(counts > 0, np.where(there, values, 0).sum(axis=axis) / np.maximum(counts, 1), np.nan)
    return found


def altered(given: Answers, share: float, rng: np.random.Generator) -> Answers:
    """As it would be had a share of the logged answers been altered with care: the plays of each case change places at
    random, as they could, and an altered answer is a whole one that was given to another trial: of yes and no, one that
    says what the other two mostly do not; where nobody ever said that, one that nobody gave."""
    order = rng.permuted(np.tile(np.arange(threes.PLAYS), (given.cases, 1)), axis=1)[given.case]
    placed = replace(
        given,
        values={name: _placed(own, order) for name, own in given.values.items()},
        first=_placed(given.first, order),
        length=_placed(given.length, order),
    )
    pools = _pools(given)
    for unit, arm in np.argwhere((rng.random(given.asked.shape) < share) & given.asked):
        _alter(placed, (unit, arm), given, pools, rng)
    return placed


def _placed(values: NDArray[T], order: Cells) -> NDArray[T]:
    return np.take_along_axis(values, order[:, None, :], axis=2).copy()


def _pools(given: Answers) -> dict[float, Cells]:
    """What the first outcome came to -> where, as flat places in (units, arms, 3): of yes and no, else all at NaN."""
    said = next(iter(given.values.values()))
    there = given.asked[:, :, None] & np.isfinite(said)
    if not np.isin(said[there], (0, 1)).all():
        return {np.nan: np.flatnonzero(there)}
    return {value: np.flatnonzero(there & (said == value)) for value in (0.0, 1.0)}


def _alter(
    placed: Answers, at: tuple[int, int], given: Answers, pools: Mapping[float, Cells], rng: np.random.Generator
) -> None:
    """One answer, in its place."""
    pool, lead = next(iter(pools.values())), next(iter(placed.values.values()))
    if len(pools) > 1:
        mean = lead[*at, 1:].mean()
        wanted = 1 - np.round(mean) if abs(mean - 0.5) > 0.25 else float(rng.integers(2))  # also where one has none
        pool, lead[*at, 0] = pools[wanted], wanted
    if not len(pool):
        placed.first[*at, 0] = -1
        return
    source = np.unravel_index(rng.choice(pool), lead.shape)
    placed.first[*at, 0], placed.length[*at, 0] = given.first[source], given.length[source]
    for name, values in given.values.items():
        placed.values[name][*at, 0] = values[source]


def chance(given: Answers, share: float, tried: int = TRIED, seed: int = 0) -> float:
    """How often a share of altered answers would be found, 0 to 1: by the same comparison, of as many answers."""
    rng = np.random.default_rng(seed)
    return float(np.mean([found(altered(given, share, rng)) for _ in range(tried)]))


def found(given: Answers) -> bool:
    """Whether the logged answers are said to differ, by as many exchanges as a simulation has time for."""
    return compared(given, DRAWS)[0].adjusted <= ALPHA


def beforehand(share: float, cases: int, arms: int, floor: float, tried: int = TRIED, seed: int = 0) -> float:
    """The same before anybody was asked, of answers of yes and no by a model that agrees with itself so often."""
    rng = np.random.default_rng(seed)
    hits = [found(altered(simulated(cases, arms, floor, rng), share, rng)) for _ in range(tried)]
    return float(np.mean(hits))


def least(given: Answers, tried: int = TRIED) -> float | None:
    """The least of SHARES that would be found with CHANCE; None where none would."""
    return next((share for share in SHARES if chance(given, share, tried) >= CHANCE), None)


def simulated(cases: int, arms: int, floor: float, rng: np.random.Generator) -> Answers:
    """Answers of yes and no by one model that agrees with itself so often (`floor`, .5 to 1), asked in every arm of so
    many cases: in each case it leans to one of the two, and the arms share its luck, so that they tell little more than
    one: real arms differ, and tell more."""
    leaning = rng.integers(2, size=(cases, 1))
    sure = (1 + np.sqrt(max(0.0, 2 * floor - 1))) / 2
    own = np.where(rng.random((cases, threes.PLAYS)) < sure, leaning, 1 - leaning)
    said = np.repeat(own[:, None, :], arms, axis=1)
    return Answers(
        case=np.arange(cases),
        arms=tuple(f"arm {number}" for number in range(arms)),
        values={"yes": said.astype(float)},
        first=said,
        length=np.ones(said.shape),
        asked=np.ones((cases, arms), dtype=bool),
    )
