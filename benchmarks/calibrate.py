"""Proves the instrument: audits with planted parameters and no model, and what the intervals and tests say of them.

    python benchmarks/calibrate.py [--json] [--small] [--write] [--audits N] [--seed N] [--processes N]

Every cell of a grid is an audit played many times over: cases that differ in difficulty, repeats, two arms that share
their luck in half of the pairs, a planted effect, missing values. What is measured are the public functions of simrun.stats
and simrun.metrics; the naive alternatives see the same data. `--write` renews docs/calibration.md and its plot.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from simrun.metrics.paired_difference import paired_difference
from simrun.stats import benjamini_hochberg, bootstrap_mean, detectable, holm, largest_effect, sign_flip, worst_case

Array = NDArray[np.float64]
RANGE = {"binary": (0, 1), "score": (1, 10)}
SUCCESS = 0.6
"""Mean of a binary outcome in the reference arm."""
CENTRE, SPREAD = 6.0, 2.0
"""Of a score, before it is rounded and clipped."""
LOW_SCORE = 5
LOST, LOST_IF_LOW = 0.1, 0.25
"""Share of values lost at random in either arm; share of failures or low scores lost in the arm alone: about 10 % of its values."""
DRAWS = 400
"""Of a bootstrap: the percentiles need not be exact, as they are averaged over the audits."""
RECHECK = 10
"""A cell outside the Monte-Carlo band is played this many times as often again, and only that decides."""
OUTCOMES, PRIMARY, CORRELATION = 15, 2, 0.3
LEAST, MOST = 0.93, 0.97
METHODS = {"coverage": "simrun", "bootstrap": "percentile bootstrap", "row": "rows as independent", "unpaired": "unpaired t"}


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    outcome: str = "binary"
    """binary, or score: 1 to 10, integer."""
    missing: str = "none"
    """none, random (10 % of either arm), informative (a quarter of the arm's failures or low scores)."""
    icc: float = 0.3
    """Share of the variance that is the cases' difficulty."""
    repeats: int = 1
    cases: int = 50
    effect: float = 0.0
    """By how much the arm's true mean lies below the reference's, as a share of the span."""

    @property
    def span(self) -> int:
        """Greatest value minus least."""
        return RANGE[self.outcome][1] - RANGE[self.outcome][0]

    @property
    def truth(self) -> float:
        """The true difference of the means, arm minus reference."""
        return -self.effect * self.span

    def luck(self, seed: int) -> np.random.Generator:
        """Randomness of this cell alone, so that it can be played alone."""
        return np.random.default_rng([seed, crc32(repr(self).encode())])


def grid(small: bool) -> list[Cell]:
    """All cells."""
    sizes, effects, iccs = ((20, 50), (0.0, 0.1), (0.0, 0.8)) if small else ((20, 50, 200), (0.0, 0.02, 0.05, 0.1), (0.0, 0.3, 0.8))
    return [Cell(*each) for each in product(RANGE, ("none", "random", "informative"), iccs, (1, 3), sizes, effects)]


def play(cell: Cell, audits: int, luck: np.random.Generator) -> tuple[Array, Array]:
    """Values of the arm and of the reference, (audits, cases * repeats) each, nothing missing."""
    shape = (audits, cell.cases * cell.repeats)
    shared = luck.random(shape) < 0.5  # common random numbers throughout would flip in one direction only
    if cell.outcome == "binary":
        easy = np.repeat(_easiness(cell, audits, luck), cell.repeats, axis=1)
        first, other = luck.random(shape), luck.random(shape)
        kept = luck.random(shape) < 1 - cell.effect / SUCCESS
        return ((np.where(shared, first, other) < easy) & kept).astype(float), (first < easy).astype(float)
    level = np.repeat(luck.normal(CENTRE, SPREAD * cell.icc**0.5, (audits, cell.cases)), cell.repeats, axis=1)
    first, other = luck.normal(0, SPREAD * (1 - cell.icc) ** 0.5, (2, *shape))
    return _rated(level + np.where(shared, first, other) - shift(cell.effect)), _rated(level + first)


def _easiness(cell: Cell, audits: int, luck: np.random.Generator) -> Array:
    """Chance of success by case: beta, with the planted intraclass correlation 1 / (a + b + 1)."""
    if not cell.icc:
        return np.full((audits, cell.cases), SUCCESS)
    both = 1 / cell.icc - 1
    return luck.beta(SUCCESS * both, (1 - SUCCESS) * both, (audits, cell.cases))


def _rated(latent: Array) -> Array:
    return np.clip(np.rint(latent), *RANGE["score"])


def mean_score(centre: float) -> float:
    """Exact mean of a normal that is rounded and clipped: 1 + the sum over k of P(score > k)."""
    return 1 + float(stats.norm.sf((np.arange(1, 10) + 0.5 - centre) / SPREAD).sum())


@cache
def shift(effect: float) -> float:
    """By how much to lower the latent score so that the mean score falls by `effect` of its span: clipping swallows some of it."""
    return float(optimize.brentq(lambda by: mean_score(CENTRE) - mean_score(CENTRE - by) - 9 * effect, 0, 9))


def lose(cell: Cell, arm: Array, reference: Array, luck: np.random.Generator) -> tuple[Array, Array]:
    """The same with NaN for what is missing."""
    low = arm <= (0 if cell.outcome == "binary" else LOW_SCORE)
    chance = {"none": 0.0, "random": LOST, "informative": LOST_IF_LOW * low}[cell.missing]
    gone, other = luck.random((2, *arm.shape))
    return np.where(gone < chance, np.nan, arm), np.where(other < (LOST if cell.missing == "random" else 0), np.nan, reference)


def whole(cell: Cell, arm: Array, reference: Array) -> tuple[Array, Array, NDArray[np.int64]]:
    """The pairs of one audit that have both values, and their cases, as a report takes them."""
    there = ~(np.isnan(arm) | np.isnan(reference))
    return arm[there], reference[there], np.repeat(np.arange(cell.cases), cell.repeats)[there]


def holds(low: float | None, high: float | None, value: float) -> bool:
    """Whether an interval holds a value; rounding errors of a mean count as inside, and no interval does not."""
    return low is not None and high is not None and low - 1e-9 <= value <= high + 1e-9


def judge(cell: Cell, arm: Array, reference: Array) -> dict[str, float]:
    """One audit against the truth."""
    first, second, case = whole(cell, arm, reference)
    found = paired_difference(first, second, case, cell.span)
    rows = paired_difference(first, second, np.arange(len(first)), cell.span)
    margin = largest_effect(found)
    assert found.low is not None and found.high is not None and margin is not None  # noqa: PT018
    sums = np.bincount(case, weights=first - second)
    return {
        "coverage": holds(found.low, found.high, cell.truth),
        "bootstrap": holds(*bootstrap_mean(first - second, case, DRAWS), cell.truth),
        "row": holds(rows.low, rows.high, cell.truth),
        "found": not holds(found.low, found.high, 0),
        "width": (found.high - found.low) / cell.span,
        "degenerate": found.error == 0,
        "differing": int((sums != 0).sum()),
        "margin_too_small": margin < abs(cell.truth) - 1e-9,
        "false_alarm": (sign_flip(first - second, case) or 0.0) < 0.05 if cell.effect == 0 else np.nan,
    }


def bound(cell: Cell, arm: Array, reference: Array, complete: float) -> dict[str, float]:
    """Whether the bounds on missing values hold: what the whole audit would have found, and what is true.

    `bounds_interval` is the union of the intervals at the two extremes, which knows of sampling error as well.
    """
    least, greatest = RANGE[cell.outcome]
    found = worst_case(arm, reference, least, greatest)
    assert found is not None
    case = np.repeat(np.arange(cell.cases), cell.repeats)
    ends = [
        paired_difference(np.nan_to_num(arm, nan=one), np.nan_to_num(reference, nan=other), case, cell.span)
        for one, other in ((least, greatest), (greatest, least))
    ]
    return {
        "bounds_whole_audit": holds(found.low, found.high, complete),
        "bounds_truth": holds(found.low, found.high, cell.truth),
        "bounds_interval": holds(ends[0].low, ends[1].high, cell.truth),
    }


def unpaired(cell: Cell, arm: Array, reference: Array) -> NDArray[np.bool_]:
    """By audit, whether Welch's interval of two independent samples holds the truth, which is to say p > .05 against it."""
    one, other = ((np.nanmean(x, 1), np.nanstd(x, 1, ddof=1), (~np.isnan(x)).sum(1)) for x in (arm, reference))
    return np.asarray(stats.ttest_ind_from_stats(one[0] - cell.truth, *one[1:], *other, equal_var=False).pvalue > 0.05)


def measure_cell(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares and means over the audits of a cell."""
    luck = cell.luck(seed)
    complete = play(cell, audits, luck)
    arm, reference = lose(cell, *complete, luck)
    told = pd.DataFrame([judge(cell, *pair) for pair in zip(arm, reference, strict=True)]).assign(unpaired=unpaired(cell, arm, reference))
    if cell.missing != "none":
        means = (complete[0] - complete[1]).mean(axis=1)
        told = told.join(pd.DataFrame([bound(cell, *each) for each in zip(arm, reference, means, strict=True)]))
    shares = told.astype(float).mean().dropna()
    return asdict(cell) | {name: round(float(share), 5) for name, share in shares.items()}


def recheck(cell: Cell, audits: int, seed: int) -> float:
    """The coverage alone, with other luck than the first time."""
    luck = cell.luck(seed + 1)
    arm, reference = lose(cell, *play(cell, audits, luck), luck)
    estimates = (paired_difference(*whole(cell, *pair), cell.span) for pair in zip(arm, reference, strict=True))
    return float(np.mean([holds(found.low, found.high, cell.truth) for found in estimates]))


def family(cases: int, audits: int, seed: int) -> dict[str, Any]:
    """Audits of 15 correlated outcomes, half binary and half scores, without any effect: shares with a false alarm."""
    luck, icc, shape = np.random.default_rng([seed, 15, cases]), 0.3, (audits, cases, OUTCOMES)

    def drawn() -> Array:
        common = luck.normal(size=(*shape[:2], 1))
        return CORRELATION**0.5 * common + (1 - CORRELATION) ** 0.5 * luck.normal(size=shape)

    level = icc**0.5 * drawn()
    arms = [level + (1 - icc) ** 0.5 * drawn() for _ in range(2)]
    binary = np.arange(OUTCOMES) % 2 == 0
    arm, reference = (np.where(binary, z < stats.norm.ppf(SUCCESS), _rated(CENTRE + SPREAD * z)) for z in arms)
    alarms = np.array([_alarms(each) for each in arm - reference])
    return {"cases": cases, "audits": audits, "primary": float(alarms[:, 0].mean()), "secondary": float(alarms[:, 1].mean())}


def _alarms(differences: Array) -> tuple[bool, bool]:
    """(cases, outcomes) -> whether any test of the primary family alarms, and of the secondary."""
    p = [sign_flip(each, np.arange(len(each))) or 0.0 for each in differences.T]
    return min(holm(p[:PRIMARY])) < 0.05, min(benjamini_hochberg(p[PRIMARY:])) < 0.05


def power(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Plant the effect that `detectable` names on average where that effect is planted, and count the audits that find it."""
    luck, effect = cell.luck(seed), 0.1
    for _ in range(5):  # a planted effect changes the spread, hence what is detectable: a fixed point is wanted
        pilot = _estimates(replace(cell, effect=effect), 200, luck)
        effect = float(np.mean([detectable(found) or np.nan for found in pilot])) / cell.span
    planted = replace(cell, effect=effect)
    found = [not holds(each.low, each.high, 0) for each in _estimates(planted, audits, luck)]
    return asdict(planted) | {"found": float(np.mean(found)), "audits": audits}


def _estimates(cell: Cell, audits: int, luck: np.random.Generator) -> list[Any]:
    return [paired_difference(*whole(cell, *pair), cell.span) for pair in zip(*play(cell, audits, luck), strict=True)]


def audit(effect: float, seed: int) -> dict[str, Any]:
    """One real run: simulated consultations by scripted agents, through the runner, the log, the tables and the report."""
    simrun = importlib.import_module("simrun")  # late: the other measurements need no runner
    with TemporaryDirectory() as out:
        asked = ["scenario=clinic", "backend=scripted", "backend.group=Black", f"backend.effect={effect}"]
        run = simrun.run(*asked, "vary.patient.ethnicity=[White,Black]", "design.controls=[]", cases=20, repeats=1, seed=seed, out=out)
        solved = next(each for each in run.report().contrasts if each.outcome == "solved")
    return {
        "effect": effect,
        "seed": seed,
        "difference": solved.difference,
        "covered": holds(solved.low, solved.high, -effect),
        "alarm": not holds(solved.low, solved.high, 0) or solved.p_adjusted < 0.05,
    }


def mapped(work: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], processes: int) -> Iterator[Any]:
    """Do the work of each task, in order, in this many processes."""
    if processes == 1:
        yield from (work(*task) for task in tasks)
        return
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read by the children: one thread each
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(partial(_starred, work), tasks)


def _starred(work: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    return work(*task)


def cell_of(told: dict[str, Any]) -> Cell:
    """The cell that a row of figures is about."""
    return Cell(**{name: told[name] for name in Cell.__dataclass_fields__})


def band(audits: int) -> tuple[float, float]:
    """Where 99 % of coverages fall by luck when the true one is 95 %."""
    return float(stats.binom.ppf(0.005, audits, 0.95)) / audits, float(stats.binom.ppf(0.995, audits, 0.95)) / audits


def ceiling(audits: int, tries: int = 1, share: float = 0.05) -> float:
    """What a true share of 5 % exceeds by luck with probability 1 %, in any of so many tries."""
    return float(stats.binom.ppf(1 - 0.01 / tries, audits, share)) / audits
