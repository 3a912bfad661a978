"""Families of questions without any effect: how often anything at all is called a difference."""

import itertools
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tables
from drawn import rng_of, shares_of
from relabelling import alarms, table
from shares import alarm

from simrun.score.exchanged import corrected

TITLE = "Families"
ABOUT = """*outcomes*: `arms` arms against one reference, 15 outcomes each (eight of yes and no that succeed at
`rate`, seven scores) that correlate at .3 and of which two are primary; half of the luck is common; nothing is
planted. Through `contrasts()`: max-T over the primary outcomes of an arm, Holm over arms; Benjamini-Hochberg over the
rest. *selection*: tables of selection figures of `arms` axes (Wasserstein, equalised odds, exposure and all others),
p by exchanging labels within cases, min-p, Holm over tables. A number is the share of studies in which anything is
called one."""
BY = ("kind", "arms", "cases")
COVERS: tuple[str, ...] = ()
ALARMS = ("primary", "secondary", "table")
SHOWN = ("verdict",)
BINARY, SCORES = 8, 7
PRIMARY = ("yes0", "score0")
CORRELATION = 0.3


@dataclass(frozen=True)
class Cell:
    """What is asked."""

    kind: str
    cases: int
    arms: int
    rate: float


def grid(small: bool) -> list[Cell]:
    """All cells."""
    sizes, rates = ((12, 60), (0.2,)) if small else ((12, 30, 60, 120, 200), (0.05, 0.5))
    outcomes = [Cell("outcomes", *each) for each in itertools.product(sizes, (1, 4), rates)]
    selection = [Cell("selection", size, axes, 0.5) for size in sizes if size <= 60 for axes in (1, 5)]
    return outcomes + (selection[:2] if small else selection)


def measure(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares of studies."""
    rng, one = rng_of(cell, seed), _outcomes if cell.kind == "outcomes" else _selection
    return asdict(cell) | {"audits": audits} | shares_of(one(cell, rng) for _ in range(audits))


def _outcomes(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    shape, arms = (BINARY + SCORES, cell.cases, 1), cell.arms + 1

    def drawn(columns: int) -> Any:
        common = rng.normal(size=(1, cell.cases, columns))
        return CORRELATION**0.5 * common + (1 - CORRELATION) ** 0.5 * rng.normal(size=(*shape[:2], columns))

    shared, own = drawn(1), drawn(arms)
    latent = 0.3**0.5 * drawn(1) + 0.7**0.5 * np.where(rng.random((*shape[:2], arms)) < 0.5, shared, own)
    bar = np.quantile(rng.normal(size=100_000), 1 - cell.rate)
    values = np.where(
        np.arange(BINARY + SCORES)[:, None, None] < BINARY, latent > bar, np.clip(np.rint(5.5 + 2 * latent), 1, 10)
    )
    told = tables.compared(values.astype(float), tables.kind_of(BINARY, SCORES), PRIMARY)
    by = {name: [each for each in told if each.family == name] for name in ("primary", "secondary")}
    said = any(each.verdict.kind == "difference" for each in by["primary"])
    return {"primary": alarm(by["primary"]), "secondary": alarm(by["secondary"]), "verdict": said}


def _selection(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    merit = rng.random(cell.cases)
    *_, adjusted = alarms(corrected([table(rng, merit, 0.0) for _ in range(cell.arms)]))
    return {"table": adjusted}


def weight(cell: Cell) -> float:
    """Of the audits that other cells have: 60 questions of 200 cases take a second."""
    return 0.2 if cell.kind == "selection" or cell.arms * cell.cases > 100 else 1.0
