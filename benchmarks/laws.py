"""Outcomes other than one yes or no a pair: scores, rare losses, shares, counts, a value a turn, several subjects."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from drawn import Array, ended, rng_of, shares_of, t_interval
from flips import against, told
from scipy import optimize, stats
from shares import holds

from simrun.estimate.paired import worst_case
from simrun.score.pairs import Pairs

TITLE = "Scores, counts, turns, subjects"
ABOUT = """*score*: whole numbers from 1 to 10, a rounded normal around 6 with a deviation of 2, a third of whose
variance is the case's. *losses*: nothing differs but for a rare case that loses 5 of 9 points. *expected*: a
probability, moved a little in every case and turned into its opposite in 2 % of them. *turns*: the share of five
turns, each a yes or no that leans to the last one. *subjects*: four people an episode, whose values share its luck, a
row each. *members*: the share of ten members of a ring, each of whom takes over a neighbour's answer in half of the
steps. *lost*: scores of which the arm lacks a quarter of those up to 5; what must hold the truth are the bounds for
missing values. *words*, *lognormal*: values without bounds, whose interval the report marks as approximate: nothing
is owed, and what is missed stands here. `effect` is a share of the range (without bounds: of the mean); of *losses*
and *expected* the share of cases that lose is larger by a fifth of it."""
BY = ("law", "cases")
COVERS = ("coverage", "margin")
ALARMS = ("false",)
SHOWN = ("approximate_coverage", "t_coverage", "width", "t_width", "verdict")
LOW, HIGH = 1, 10
CENTRE, SPREAD, ICC = 6.0, 2.0, 1 / 3
TURNS, SUBJECTS, MEMBERS = 5, 4, 10
LOST = 0.25


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    law: str
    cases: int
    effect: float


def grid(small: bool) -> list[Cell]:
    """All cells."""
    sizes, effects = ((12, 60), (0.0, 0.1)) if small else ((12, 30, 60, 120, 200), (0.0, 0.02, 0.1, 0.3))
    return [Cell(*each) for each in itertools.product(LAWS, sizes, effects)]


def measure(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares of audits."""
    rng = rng_of(cell, seed)
    return asdict(cell) | {"audits": audits} | shares_of(_audit(cell, rng) for _ in range(audits))


def _audit(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    sample, truth = LAWS[cell.law](cell, rng)
    if cell.law == "lost":
        return _lost(sample, truth)
    found = against(told(sample), truth)
    if sample.reach is None:
        found.pop("margin")
        found["approximate_coverage"] = found.pop("coverage")
    if cell.law in ASYMMETRIC:
        # the test is of arms that can be interchanged, which these can not where their means are equal
        found.pop("false", None)
    return found


def _lost(sample: Pairs, truth: float) -> dict[str, float]:
    found = worst_case(sample.arm, sample.reference, sample.case, LOW, HIGH)
    low, high = (None, None) if found is None else (found.low, found.high)
    there = ~np.isnan(sample.arm)
    rival = t_interval((sample.arm - sample.reference)[there])
    left, right = ended(low, high)
    widths = {"width": right - left, "t_width": rival[1] - rival[0]}
    return {"coverage": holds(low, high, truth), "t_coverage": holds(*rival, truth), **widths}


Drawn = tuple[Pairs, float]


def _alone(arm: Array, reference: Array, low: float | None, high: float | None) -> Pairs:
    return Pairs(arm, reference, np.arange(len(arm)), low, high)


@cache
def _lowered(effect: float) -> float:
    """By how much the normal is to be lowered so that the rounded, clipped mean falls by a share of the range."""

    def mean(centre: float) -> float:
        return LOW + float(stats.norm.sf((np.arange(LOW, HIGH) + 0.5 - centre) / SPREAD).sum())

    return float(optimize.brentq(lambda by: mean(CENTRE) - mean(CENTRE - by) - (HIGH - LOW) * effect, 0, 9))


def _scores(cell: Cell, rng: np.random.Generator) -> Drawn:
    case = rng.normal(0, SPREAD * ICC**0.5, cell.cases)
    own = rng.normal(0, SPREAD * (1 - ICC) ** 0.5, (2, cell.cases))
    moved = np.array([[CENTRE - _lowered(cell.effect)], [CENTRE]])
    arm, reference = np.clip(np.rint(case + own + moved), LOW, HIGH)
    return _alone(arm, reference, LOW, HIGH), -(HIGH - LOW) * cell.effect


def _losing(cell: Cell, rng: np.random.Generator) -> Drawn:
    share = 0.02 + cell.effect / 5
    reference = np.full(cell.cases, 7.0)
    return _alone(reference - 5 * (rng.random(cell.cases) < share), reference, LOW, HIGH), -5 * share


def _expected(cell: Cell, rng: np.random.Generator) -> Drawn:
    share = 0.02 + cell.effect / 5
    reference = rng.uniform(0.9, 1, cell.cases)
    moved = reference + rng.uniform(-0.02, 0.0, cell.cases)
    arm = np.where(rng.random(cell.cases) < share, 1 - reference, moved)
    # the mean of 1 - 2 r is 1 - 2 x .95, of the small move -.01
    return _alone(arm, reference, 0, 1), share * (1 - 2 * 0.95) - (1 - share) * 0.01


def _turns(cell: Cell, rng: np.random.Generator) -> Drawn:
    """A chain whose every turn has the case's own rate: it repeats the last value in half of the turns."""
    rate = rng.beta(2, 3, cell.cases)
    arm = rate * (1 - cell.effect / 0.4)  # the mean of beta(2, 3) is .4
    fresh, same = rng.random((2, TURNS, cell.cases)), rng.random((TURNS, cell.cases)) < 0.5

    def chain(chance: Array, luck: Array) -> Array:
        said = [luck[0] < chance]
        for turn in range(1, TURNS):
            said.append(np.where(same[turn], said[-1], luck[turn] < chance))
        mean: Array = np.mean(said, axis=0)
        return mean

    own = np.where(rng.random((TURNS, cell.cases)) < 0.5, fresh[0], fresh[1])
    return _alone(chain(arm, own), chain(rate, fresh[0]), 0, 1), -cell.effect


def _subjects(cell: Cell, rng: np.random.Generator) -> Drawn:
    case = np.repeat(np.arange(cell.cases), SUBJECTS)
    rate = rng.beta(2, 3, cell.cases)
    luck = rng.random((2, cell.cases))
    own = rng.random((2, len(case)))
    drawn = np.where(rng.random((2, len(case))) < 0.5, luck[:, case], own)
    arm = drawn[0] < (rate * (1 - cell.effect / 0.4))[case]
    return Pairs(arm.astype(float), (drawn[1] < rate[case]).astype(float), case, 0, 1), -cell.effect


def _members(cell: Cell, rng: np.random.Generator) -> Drawn:
    def spread(chance: float) -> Array:
        held = rng.random((cell.cases, MEMBERS)) < chance
        for _ in range(3):
            from_left = rng.random(held.shape) < 0.5
            held = np.where(from_left, np.roll(held, 1, axis=1), held)
        mean: Array = held.mean(axis=1)
        return mean

    return _alone(spread(0.5 - cell.effect), spread(0.5), 0, 1), -cell.effect


def _some_lost(cell: Cell, rng: np.random.Generator) -> Drawn:
    sample, truth = _scores(cell, rng)
    gone = (sample.arm <= 5) & (rng.random(cell.cases) < LOST)
    return _alone(np.where(gone, np.nan, sample.arm), sample.reference, LOW, HIGH), truth


def _words(cell: Cell, rng: np.random.Generator) -> Drawn:
    """Poisson counts around a mean of 100, which differs between cases as a lognormal does."""
    level = 100 * np.exp(rng.normal(0, 0.4, cell.cases) - 0.08)
    return _alone(
        rng.poisson(level * (1 - cell.effect)).astype(float), rng.poisson(level).astype(float), None, None
    ), -100 * cell.effect


def _lognormal(cell: Cell, rng: np.random.Generator) -> Drawn:
    """Differences that are skewed: a lognormal (s = 1) about its mean."""
    drawn = np.exp(rng.normal(size=cell.cases)) - np.exp(0.5)
    return _alone(drawn - cell.effect, np.zeros(cell.cases), None, None), -cell.effect


LAWS: Mapping[str, Callable[[Cell, np.random.Generator], Drawn]] = {
    "score": _scores,
    "losses": _losing,
    "expected": _expected,
    "turns": _turns,
    "subjects": _subjects,
    "members": _members,
    "lost": _some_lost,
    "words": _words,
    "lognormal": _lognormal,
}
ASYMMETRIC = ("lognormal",)
"""Laws that are not symmetric about a mean of 0."""
