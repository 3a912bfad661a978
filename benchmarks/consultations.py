"""Audits of the clinic and of recruitment with a planted bias, in memory, and some with all that a run has."""

import importlib
import itertools
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import unlogged
from drawn import shares_of
from shares import alarm, holds

from simrun.score.contrasts import ContrastResult

TITLE = "Clinic and recruitment"
ABOUT = """Patients (our own cases) and applicants whose ethnicity is White, Black or Asian. A scripted doctor is
right in 80 % of its consultations, a scripted recruiter invites in 80 % and gives four points less where it does not;
of **Black** people less often by the planted `effect`, of Asian people as of White ones. What is true is therefore
minus the effect of `solved` and `invited`, plus it of `anchored` (the doctor then takes the case's anchor), minus
four times of `score`. `private`: share of the luck that the arms do not share (`backend.private`), so that a null is
not 0 by construction. *run*: through `simrun.run()`, its log and its tables; *memory*: the same but for the log.
*primary*, *secondary*: share of audits in which a comparison without a true difference is called one after correction
(in the secondary family where nothing is planted)."""
BY = ("scenario", "through", "cases", "effect")
COVERS = ("coverage", "beside_coverage")
ALARMS = ("primary", "secondary")
SHOWN = ("value", "truth", "found")
LEVELS = ("White", "Black", "Asian")
GROUP = "Black"
LESS = 4
"""Points that an applicant loses who is not invited."""
PRIMARY = {"clinic": "solved", "recruitment": "invited"}
BESIDE = {"clinic": ("anchored", 1.0), "recruitment": ("score", -float(LESS))}
"""An outcome that goes with the primary one, and by how many of its units an effect of 1 moves it."""
ROLE = {"clinic": "patient", "recruitment": "candidate"}


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    scenario: str
    effect: float
    cases: int
    repeats: int = 1
    private: float = 0.5
    through: str = "memory"


def grid(small: bool) -> list[Cell]:
    """All cells."""
    if small:
        return [Cell(scenario, 0.2, 12) for scenario in PRIMARY]
    every = itertools.product(PRIMARY, (0.0, 0.05, 0.2), (12, 40))
    often = (Cell(scenario, effect, 12, 3, 1.0) for scenario in PRIMARY for effect in (0.0, 0.2))
    runs = (Cell(scenario, effect, 20, through="run") for scenario in PRIMARY for effect in (0.0, 0.2))
    return [*(Cell(*each) for each in every), *often, *runs]


def weight(cell: Cell) -> float:
    """Of the audits that other cells have."""
    return 0.2 if cell.through == "run" else 0.4


def measure(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares of audits."""
    return asdict(cell) | {"audits": audits} | shares_of(_audit(cell, seed + number) for number in range(audits))


def _options(cell: Cell, seed: int) -> dict[str, Any]:
    backend = {"name": "scripted", "group": GROUP, "effect": cell.effect, "private": cell.private}
    return {
        "scenario": {"name": cell.scenario},
        "backend": backend,
        "roles": {ROLE[cell.scenario]: {"surface": "stated"}},
        "vary": {ROLE[cell.scenario]: {"ethnicity": LEVELS}},
        "cases": cell.cases,
        "repeats": cell.repeats,
        "seed": seed,
    }


def contrasts_of(cell: Cell, seed: int) -> Iterable[ContrastResult]:
    """All comparisons of one audit."""
    if cell.through == "memory":
        return unlogged.compared(unlogged.asked(_options(cell, seed))).contrasts
    simrun = importlib.import_module("simrun")  # late: the others need no runner
    words = [
        f"scenario={cell.scenario}",
        "backend=scripted",
        f"backend.group={GROUP}",
        f"backend.effect={cell.effect}",
        f"backend.private={cell.private}",
        f"roles.{ROLE[cell.scenario]}.surface=stated",
        f"vary.{ROLE[cell.scenario]}.ethnicity=[{','.join(LEVELS)}]",
        "design.controls=[]",
    ]
    with TemporaryDirectory() as out:
        run = simrun.run(*words, cases=cell.cases, repeats=cell.repeats, seed=seed, out=out)
        return tuple(run.scored.contrasts)


def _audit(cell: Cell, seed: int) -> dict[str, float]:
    told = {(each.outcome, each.arm.rpartition("=")[2]): each for each in contrasts_of(cell, seed)}
    primary, (beside, moved) = PRIMARY[cell.scenario], BESIDE[cell.scenario]
    found, other = told[primary, GROUP], told[beside, GROUP]
    null = [each for (_, level), each in told.items() if level != GROUP or not cell.effect]
    return {
        "value": found.difference or 0.0,
        "truth": -cell.effect,
        "coverage": holds(found.low, found.high, -cell.effect),
        "beside_coverage": holds(other.low, other.high, moved * cell.effect),
        "found": found.verdict.kind == "difference" if cell.effect else np.nan,
        "primary": alarm(each for each in null if each.family == "primary"),
        # a planted effect reaches other outcomes of its group, and false discoveries are a share of all
        "secondary": np.nan if cell.effect else alarm(each for each in null if each.family == "secondary"),
    }
