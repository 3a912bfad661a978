"""Figures that are no mean difference: odds ratios, four fifths, restricted means, and selection by group."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from drawn import Array, ended, rng_of, shares_of
from shares import holds

from simrun.score.counted import Counts, EventPairs, Events
from simrun.score.metric import Figure
from simrun.score.metrics.four_fifths import FourFifths
from simrun.score.metrics.group_difference import GroupDifference
from simrun.score.metrics.impact_ratio import ImpactRatio
from simrun.score.metrics.odds_ratio import OddsRatio
from simrun.score.metrics.restricted_mean_difference import RestrictedMeanDifference
from simrun.score.pool import Decisions
from simrun.score.samples import Located
from simrun.score.values import Groups

TITLE = "Ratios, restricted means, selection by group"
ABOUT = """*odds*: words of a kind among the 60 to 140 of a text, whose share is `rate` in the mean and differs
between cases (beta, 20 words' worth of certainty); `effect` is added to the log odds of the arm's mean. *four
fifths* of two and of four groups: everybody is in each group, the first succeeds at `rate`, the last at less by
`effect` (as a share of it); half of the luck is common, and all of it in *one luck*, where pairs differ one way
only. *difference*, *impact*: the selection rates of two such groups as a selection table has them. *restricted
mean*: an event with chance `rate` a turn, ten turns, a fifth of the episodes leave early; the arm's chance is less
by `effect` (as a share). *None*: share of audits in which the report prints no interval, which counts neither for
nor against; *one way*: share of intervals that leave out parity where there is none to be found (`effect` 0)."""
BY = ("figure", "cases", "rate")
COVERS = ("coverage",)
ALARMS = ()
SHOWN = ("none", "one_way", "width")
TURNS = 10
CERTAIN = 20
LEAVING = 0.2
SLOW = "restricted mean"
COMMON = ", one luck"
"""Of a figure of pairs whose luck is all common, so that they differ one way only."""


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    figure: str
    cases: int
    rate: float
    effect: float


def grid(small: bool) -> list[Cell]:
    """All cells."""
    sizes, rates, effects = (12, 30, 60, 120, 200), (0.01, 0.05, 0.2, 0.5), (0.0, 0.1, 0.3, 0.5)
    if small:
        sizes, rates, effects = (30, 120), (0.05, 0.5), (0.0, 0.3)  # type: ignore[assignment]
    every = (Cell(*each) for each in itertools.product(FIGURES, sizes, rates, effects))
    every = (cell for cell in every if cell.effect or not cell.figure.endswith(COMMON))  # where nothing can differ
    # each of its audits takes a bootstrap of curves: tens of milliseconds
    return [
        cell
        for cell in every
        if not cell.figure.startswith(SLOW) or (cell.rate in (0.05, 0.2) and cell.effect in (0.0, 0.3))
    ]


def measure(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares of audits; of those with an interval, which `audits` counts."""
    rng = rng_of(cell, seed)
    told = shares_of(_audit(cell, rng) for _ in range(audits))
    return asdict(cell) | {"audits": round(audits * (1 - told["none"]))} | told


def _audit(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    found, truth = FIGURES[cell.figure](cell, rng)
    low, high = ended(found.low, found.high)
    none = np.isnan(low) or np.isnan(high)
    fair = found.fair or 0.0
    outside = np.nan if none or cell.effect else not holds(low, high, fair)
    return {
        "coverage": np.nan if none else holds(low, high, truth),
        "none": none,
        "one_way": outside,
        "width": high - low,
    }


Drawn = tuple[Figure, float]


def _odds(cell: Cell, rng: np.random.Generator) -> Drawn:
    odds = cell.rate / (1 - cell.rate) * np.exp(cell.effect)
    case, rates = np.arange(cell.cases), (odds / (1 + odds), cell.rate)
    total = rng.integers(60, 141, (2, cell.cases)).astype(float)
    own = [rng.beta(CERTAIN * rate, CERTAIN * (1 - rate), cell.cases) for rate in rates]
    arm, reference = (rng.binomial(many.astype(int), chance) for many, chance in zip(total, own, strict=True))
    sample = Counts(arm.astype(float), total[0], reference.astype(float), total[1], case)
    return OddsRatio().figure(Located(sample)), float(np.exp(cell.effect))


def _common(cell: Cell) -> float:
    return 1.0 if cell.figure.endswith(COMMON) else 0.5


def _chosen(cell: Cell, rng: np.random.Generator, groups: int) -> Array:
    """(cases, groups) of yes and no, half of whose luck is common."""
    chances = cell.rate * (1 - cell.effect * np.linspace(0, 1, groups))
    luck, own = rng.random((cell.cases, 1)), rng.random((cell.cases, groups))
    drawn: Array = (np.where(rng.random((cell.cases, groups)) < _common(cell), luck, own) < chances).astype(float)
    return drawn


def _fifths(cell: Cell, rng: np.random.Generator, groups: int = 2) -> Drawn:
    value = _chosen(cell, rng, groups)
    names = tuple(f"group{nth}" for nth in range(groups))
    place, case = np.tile(np.arange(groups), cell.cases), np.repeat(np.arange(cell.cases), groups)
    sample = Groups(value.reshape(-1), place, case, names, 0.0, 1.0, "higher")
    return FourFifths().figure(Located(sample)), 1 - cell.effect


def _pool(cell: Cell, rng: np.random.Generator) -> Decisions:
    reference, group = _chosen(cell, rng, 2).T
    unknown, case = np.full(2 * cell.cases, np.nan), np.tile(np.arange(cell.cases), 2)
    member = np.repeat([True, False], cell.cases)
    return Decisions(np.concatenate([group, reference]), member, unknown, unknown, case, low=0.0, high=1.0)


def _difference(cell: Cell, rng: np.random.Generator) -> Drawn:
    return GroupDifference().figure(Located(_pool(cell, rng))), -cell.rate * cell.effect


def _impact(cell: Cell, rng: np.random.Generator) -> Drawn:
    return ImpactRatio().figure(Located(_pool(cell, rng))), 1 - cell.effect


def _timed(cell: Cell, rng: np.random.Generator) -> Drawn:
    """Geometric turns; the common luck of a pair is its case's share of it."""
    rates = (cell.rate * (1 - cell.effect), cell.rate)
    luck, own = rng.random(cell.cases), rng.random((2, cell.cases))
    drawn = np.where(rng.random((2, cell.cases)) < _common(cell), luck, own)
    case, sides = np.arange(cell.cases), []
    for rate, each in zip(rates, drawn, strict=True):
        event = np.ceil(np.log1p(-each) / np.log1p(-rate))
        seen = np.where(rng.random(cell.cases) < LEAVING, rng.integers(1, TURNS + 1, cell.cases), TURNS)
        came = event <= seen
        sides.append(Events(np.where(came, event, np.nan), np.where(came, event, seen), case, TURNS + 1))
    # the mean of min(turn, 11) is the sum of the shares without the event after 0 to 10 turns
    truth = [float(((1 - rate) ** np.arange(TURNS + 1)).sum()) for rate in rates]
    return RestrictedMeanDifference().figure(Located(EventPairs(*sides))), truth[0] - truth[1]


FIGURES: Mapping[str, Callable[[Cell, np.random.Generator], Drawn]] = {
    "odds": _odds,
    "four fifths, 2 groups": _fifths,
    "four fifths, 4 groups": lambda cell, rng: _fifths(cell, rng, 4),
    "difference": _difference,
    "impact": _impact,
    SLOW: _timed,
    f"four fifths{COMMON}": _fifths,
    f"difference{COMMON}": _difference,
    f"impact{COMMON}": _impact,
    f"{SLOW}{COMMON}": _timed,
}
