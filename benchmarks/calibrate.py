"""Proves the instrument: audits with planted parameters and no model, and what the intervals and tests say of them.

    python benchmarks/calibrate.py [--json] [--small] [--write] [--only PART] [--audits N] [--seed N] [--processes N]

Every cell of a grid is an audit played many times over: cases that differ in difficulty, repeats, two arms that
share their random draws in half of the pairs, a planted effect, missing values. What is measured are the public
functions of simrun.estimate and simrun.score.metrics; the naive alternatives see the same data. Audits of a scenario
are parts of their own. `--write` renews docs/calibration.md and its plot, or the section of the part.
"""

import argparse
import importlib
import itertools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import dialogues
import numpy as np
import pandas as pd
import reviews
from audits import CENTRE, RANGE, SPREAD, SUCCESS, Array, Cell, grid, lose, play, rated, whole
from numpy.typing import NDArray
from scipy import stats
from shares import holds

from simrun.estimate.families import benjamini_hochberg, holm
from simrun.estimate.paired import Estimate, detectable, largest_effect, worst_case
from simrun.estimate.resampling import bootstrap_mean, sign_flip
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.pairs import Pairs

DRAWS, FLIPS = 400, 999
"""Of a bootstrap, in every second audit: its percentiles are averaged over many; of a
sign-flip test, which is valid with any number."""
RECHECK = 10
"""A cell outside 93 to 97 % is played this many times as often again, and only that decides."""
PARTS: dict[str, Any] = {"dialogues": dialogues, "reviews": reviews}
"""Audits of a scenario: a module each, with its cells, what is measured of one, and the goals of all."""
PLAYED = 200
"""Audits of a scenario in a cell."""
OUTCOMES, PRIMARY, CORRELATION = 15, 2, 0.3
LEAST, MOST = 0.93, 0.97


def paired_difference(arm: Array, reference: Array, case: NDArray[Any], span: float) -> Estimate:
    """The metric under test, of an outcome of this range."""
    return PairedDifference().measure(Pairs(arm, reference, case, 0.0, float(span)))


def judge(cell: Cell, arm: Array, reference: Array, number: int = 0) -> dict[str, float]:
    """One audit against the truth; NaN for what is not asked of it."""
    first, second, case = whole(cell, arm, reference)
    found = paired_difference(first, second, case, cell.span)
    rows = paired_difference(first, second, np.arange(len(first)), cell.span)
    margin = largest_effect(found)
    assert found.low is not None and found.high is not None and margin is not None  # noqa: PT018
    sums = np.bincount(case, weights=first - second)
    return {
        "coverage": holds(found.low, found.high, cell.truth),
        "bootstrap": np.nan if number % 2 else holds(*bootstrap_mean(first - second, case, DRAWS), cell.truth),
        "row": holds(rows.low, rows.high, cell.truth),
        "found": not holds(found.low, found.high, 0),
        "width": (found.high - found.low) / cell.span,
        "degenerate": found.error == 0,
        "differing": int((sums != 0).sum()),
        "margin_too_small": margin < abs(cell.truth) - 1e-9,
        "false_alarm": (sign_flip(first - second, case, FLIPS) or 0.0) < 0.05 if cell.effect == 0 else np.nan,
    }


def bound(cell: Cell, arm: Array, reference: Array, complete: float) -> dict[str, float]:
    """Whether the bounds on missing values hold: what the whole audit would have found, and what is true."""
    case = np.repeat(np.arange(cell.cases), cell.repeats)
    found = worst_case(arm, reference, case, *RANGE[cell.outcome])
    assert found is not None
    return {
        "bounds_whole_audit": holds(found.low, found.high, complete),
        "bounds_truth": holds(found.low, found.high, cell.truth),
    }


def unpaired(cell: Cell, arm: Array, reference: Array) -> NDArray[np.bool_]:
    """By audit, whether Welch's interval of two independent samples holds the
    truth, which is to say p > .05 against it."""
    one, other = ((np.nanmean(x, 1), np.nanstd(x, 1, ddof=1), (~np.isnan(x)).sum(1)) for x in (arm, reference))
    return np.asarray(stats.ttest_ind_from_stats(one[0] - cell.truth, *one[1:], *other, equal_var=False).pvalue > 0.05)


def measure_cell(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares and means over the audits of a cell."""
    rng = cell.rng(seed)
    complete = play(cell, audits, rng)
    arm, reference = lose(cell, *complete, rng)
    pairs = list(zip(arm, reference, strict=True))
    told = pd.DataFrame([judge(cell, *pair, number) for number, pair in enumerate(pairs)]).assign(
        unpaired=unpaired(cell, arm, reference)
    )
    if cell.missing != "none":
        means = (complete[0] - complete[1]).mean(axis=1)
        told = told.join(pd.DataFrame([bound(cell, *pair, mean) for pair, mean in zip(pairs, means, strict=True)]))
    shares = told.astype(float).mean().dropna()
    return asdict(cell) | {name: round(float(share), 5) for name, share in shares.items()}


def recheck(cell: Cell, audits: int, seed: int) -> float:
    """The coverage alone, with other seeds than the first time."""
    rng = cell.rng(seed + 1)
    arm, reference = lose(cell, *play(cell, audits, rng), rng)
    estimates = (paired_difference(*whole(cell, *pair), cell.span) for pair in zip(arm, reference, strict=True))
    return float(np.mean([holds(found.low, found.high, cell.truth) for found in estimates]))


def family(cases: int, audits: int, seed: int) -> dict[str, Any]:
    """Audits of 15 correlated outcomes, half binary and half scores, without any effect: shares with a false alarm."""
    rng, icc, shape = np.random.default_rng([seed, 15, cases]), 0.3, (audits, cases, OUTCOMES)

    def drawn() -> Array:
        common = rng.normal(size=(*shape[:2], 1))
        return CORRELATION**0.5 * common + (1 - CORRELATION) ** 0.5 * rng.normal(size=shape)

    level = icc**0.5 * drawn()
    arms = [level + (1 - icc) ** 0.5 * drawn() for _ in range(2)]
    binary = np.arange(OUTCOMES) % 2 == 0
    arm, reference = (np.where(binary, z < stats.norm.ppf(SUCCESS), rated(CENTRE + SPREAD * z)) for z in arms)
    alarms = np.array([_alarms(each) for each in arm - reference])
    return {
        "cases": cases,
        "audits": audits,
        "primary": float(alarms[:, 0].mean()),
        "secondary": float(alarms[:, 1].mean()),
    }


def _alarms(differences: Array) -> tuple[bool, bool]:
    """(cases, outcomes) -> whether any test of the primary family alarms, and of the secondary."""
    p = [sign_flip(each, np.arange(len(each))) or 0.0 for each in differences.T]
    return min(holm(p[:PRIMARY])) < 0.05, min(benjamini_hochberg(p[PRIMARY:])) < 0.05


def power(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Plant the effect that `detectable` names on average where that effect is
    planted, and count the audits that find it."""
    rng, effect = cell.rng(seed), 0.1
    for _ in range(5):  # a planted effect changes the spread, hence what is detectable: a fixed point is wanted
        pilot = _estimates(replace(cell, effect=effect), 200, rng)
        effect = float(np.mean([detectable(found) or 0.0 for found in pilot])) / cell.span
    planted = replace(cell, effect=effect)
    found = [not holds(each.low, each.high, 0) for each in _estimates(planted, audits, rng)]
    return asdict(planted) | {"found": float(np.mean(found)), "audits": audits}


def _estimates(cell: Cell, audits: int, rng: np.random.Generator) -> list[Any]:
    return [paired_difference(*whole(cell, *pair), cell.span) for pair in zip(*play(cell, audits, rng), strict=True)]


def audit(effect: float, seed: int) -> dict[str, Any]:
    """One real run: simulated consultations by scripted agents, through the
    runner, the log, the tables and the report."""
    simrun = importlib.import_module("simrun")  # late: the other measurements need no runner
    with TemporaryDirectory() as out:
        asked = ["scenario=clinic", "backend=scripted", "backend.group=Black", f"backend.effect={effect}"]
        run = simrun.run(
            *asked,
            "vary.patient.ethnicity=[White,Black]",
            "design.controls=[]",
            cases=20,
            repeats=1,
            seed=seed,
            out=out,
        )
        solved = next(each for each in run.scored.contrasts if each.outcome == "solved")
    return {
        "effect": effect,
        "seed": seed,
        "difference": solved.difference,
        "covered": holds(solved.low, solved.high, -effect),
        "alarm": not holds(solved.low, solved.high, 0) or solved.p_adjusted < 0.05,
    }


@contextmanager
def spread(processes: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """A `map` over this many processes that keeps the order; the tasks are tuples of arguments."""
    if processes == 1:
        yield itertools.starmap
        return
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read by the children: one thread each
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield lambda work, tasks: pool.imap(partial(_starred, work), tasks)


def _starred(work: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    return work(*task)


def band(audits: int) -> tuple[float, float]:
    """Where 99 % of coverages fall by chance when the true one is 95 %."""
    return float(stats.binom.ppf(0.005, audits, 0.95)) / audits, float(stats.binom.ppf(0.995, audits, 0.95)) / audits


def ceiling(audits: int, tries: int = 1) -> float:
    """What a true share of 5 % exceeds by chance with probability 1 %, in any of so many tries."""
    return float(stats.binom.ppf(1 - 0.01 / tries, audits, 0.05)) / audits


def informed(row: dict[str, Any]) -> bool:
    """Whether what is missing in a cell says nothing of its value, so that the interval owes its coverage."""
    return bool(row["missing"] != "informative")


def measure(
    small: bool, audits: int, seed: int, processes: int, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """The whole benchmark."""
    began = time.monotonic()
    with spread(processes) as over:
        told = measure_grid(grid(small), audits, seed, over, tell)
        sizes = (20, 50) if small else (20, 50, 200)
        settings = [
            Cell(outcome=kind, repeats=repeats, cases=size) for kind in RANGE for repeats in (1, 3) for size in sizes
        ]
        told["power"] = list(over(power, [(cell, 4 * audits, seed) for cell in settings]))
        told["families"] = list(over(family, [(size, (2 if small else 5) * audits, seed) for size in (20, 50)]))
        tell(f"power and families: {time.monotonic() - began:.0f} s")
        runs = [(effect, seed + number) for effect in (0.0, 0.1) for number in range(4 if small else 100)]
        told["end_to_end"] = list(over(audit, runs))
        tell(f"end to end: {time.monotonic() - began:.0f} s")
        told |= {name: measure_part(name, small, seed, over) for name in PARTS}
    return reached(told | {"seconds": round(time.monotonic() - began, 1)}, goals(told))


def measure_part(name: str, small: bool, seed: int, over: Callable[..., Iterator[Any]]) -> list[dict[str, Any]]:
    """All cells of a scenario."""
    cells = [(cell, 40 if small else PLAYED, seed) for cell in PARTS[name].grid(small)]
    return list(over(PARTS[name].measure, cells))


def measure_only(name: str, small: bool, seed: int, processes: int) -> dict[str, Any]:
    """One scenario alone."""
    with spread(processes) as over:
        rows = measure_part(name, small, seed, over)
    return reached({name: rows}, PARTS[name].goals(rows))


def reached(figures: dict[str, Any], goals: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is told in the end."""
    met = all(goal["met"] for goal in goals.values())
    return {"benchmark": "calibrate", "figures": figures, "goals": goals, "met": met}


def measure_grid(
    cells: Sequence[Cell], audits: int, seed: int, over: Callable[..., Iterator[Any]], tell: Callable[[str], None]
) -> dict[str, Any]:
    """All cells, and once more, oftener, those that lie outside 93 to 97 %."""
    rows: list[dict[str, Any]] = []
    for row in over(measure_cell, [(cell, audits, seed) for cell in cells]):
        rows.append(row)
        if len(rows) % 36 == 0:
            tell(f"{len(rows)} of {len(cells)} cells")
    outside = [row for row in rows if informed(row) and not LEAST <= row["coverage"] <= MOST]
    again = over(
        recheck, [(Cell(*(row[field.name] for field in fields(Cell))), RECHECK * audits, seed) for row in outside]
    )
    rechecked = [row | {"recheck": round(found, 5)} for row, found in zip(outside, again, strict=True)]
    return {
        "audits": audits,
        "audits_again": RECHECK * audits,
        "band": band(audits),
        "cells": rows,
        "outside": rechecked,
    }


def goals(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What every figure should be, and whether it is."""
    owed = [row for row in told["cells"] if informed(row)]
    biased = [row for row in told["cells"] if not informed(row)]
    runs, alarms = told["end_to_end"], [row["false_alarm"] for row in owed if "false_alarm" in row]
    real = float(np.mean([run["covered"] for run in runs if run["effect"]]))
    tests, margins = ceiling(told["audits"], len(alarms)), ceiling(told["audits"], len(owed))

    def none(faults: Iterable[bool]) -> dict[str, Any]:
        return {"goal": 0, "found": (found := sum(map(bool, faults))), "met": not found}

    def most(found: float, limit: float) -> dict[str, Any]:
        return {"goal": f"at most {limit:.4f}", "found": round(found, 4), "met": found <= limit}

    def least(found: float, limit: float) -> dict[str, Any]:
        return {"goal": f"at least {limit:.4f}", "found": round(found, 4), "met": found >= limit}

    families = {
        f"family_{name}_{each['cases']}_cases": most(each[name], ceiling(each["audits"]))
        for each in told["families"]
        for name in ("primary", "secondary")
    }
    return {
        "cells_covering_less_than_93_percent": none(row["recheck"] < LEAST for row in told["outside"]),
        "cells_covering_more_than_97_percent": none(row["recheck"] > MOST for row in told["outside"]),
        "sign_flip_false_alarms_worst_cell": most(max(alarms), tests),
        "margin_too_small_worst_cell": most(max(row["margin_too_small"] for row in owed), margins),
        **families,
        "power_outside_74_to_86_percent": none(not 0.74 <= each["found"] <= 0.86 for each in told["power"]),
        "bounds_hold_the_whole_audit": least(min(row["bounds_whole_audit"] for row in biased), 1),
        "bounds_hold_the_truth_worst_cell": least(min(row["bounds_truth"] for row in biased), band(told["audits"])[0]),
        "end_to_end_coverage": least(real, band(sum(run["effect"] > 0 for run in runs))[0]),
        "end_to_end_false_alarms": none(run["alarm"] for run in runs if not run["effect"]),
        **{goal: found for name, part in PARTS.items() for goal, found in part.goals(told[name]).items()},
    }


def main() -> None:
    """Measure, print, and exit with 1 where a goal is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--small",
        action="store_true",
        help="96 cells of 100 audits: two minutes, and it can only find gross faults",
    )
    parser.add_argument(
        "--write", action="store_true", help="renew docs/calibration.md and docs/calibration.svg; needs matplotlib"
    )
    parser.add_argument("--only", choices=PARTS, help="the audits of one scenario, and of the page its section")
    parser.add_argument("--audits", type=int, help="audits a cell (400)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    audits = given.audits or (100 if given.small else 400)
    if given.only:
        told = measure_only(given.only, given.small, given.seed, given.processes)
    else:
        told = measure(
            given.small, audits, given.seed, given.processes, lambda text: print(text, file=sys.stderr, flush=True)
        )
    if given.write:
        page = importlib.import_module("calibration_page")
        page.renew(told) if given.only else page.write(told)
    if given.json:
        print(json.dumps(told))
    else:
        for name, goal in told["goals"].items():
            print(f"{name:40} {goal['found']:<8} goal {goal['goal']}: {'met' if goal['met'] else 'NOT MET'}")
    sys.exit(not told["met"])


if __name__ == "__main__":
    main()
