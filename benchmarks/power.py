"""Whether a difference of the printed `detectable` gets the printed verdict in four of five studies."""

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tables
from drawn import Array, rng_of
from scipy import optimize

TITLE = "Power"
ABOUT = """Studies of one primary outcome in `arms` arms against a reference, of which the first differs: yes and no
once or in three repeats, or a score. Each study prints a `detectable`. *Power*: how often a true difference of just
what was printed gets the verdict *difference* (after correction, with the interval), in the mean over studies: 75
to 85 % is the goal. It is read off a curve: the share of verdicts at nine true differences, made to rise and joined
by straight lines; of few studies it is rough. *p5*, *p95*: nine of ten single studies lie between. *From no
effect*: the studies that print it have none; else one of about what they print. *None*: share of studies that print
`-`: nothing can be found, or it cannot be said."""
BY = ("outcome", "arms", "cases", "planted")
COVERS: tuple[str, ...] = ()
ALARMS: tuple[str, ...] = ()
SHOWN = ("detectable", "power", "p5", "p95", "none")
LOW, HIGH = 0.75, 0.85
STEPS = 9
NOISE = 0.1
"""Share of pairs that flip either way."""
RATE = 0.25
"""Of success in the reference."""


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    outcome: str
    """yes (one pair), yes3 (three repeats) or score."""
    cases: int
    arms: int
    planted: bool
    """Whether the studies that print `detectable` have an effect of about that."""

    @property
    def repeats(self) -> int:
        """Pairs a case."""
        return 3 if self.outcome == "yes3" else 1

    @property
    def span(self) -> float:
        """Greatest difference."""
        return 9.0 if self.outcome == "score" else 1.0


def grid(small: bool) -> list[Cell]:
    """All cells."""
    sizes = (60,) if small else (30, 60, 200)
    kinds = ("yes", "score") if small else ("yes", "yes3", "score")
    every = itertools.product((1, 8), kinds, sizes, (False, True))
    return [
        Cell(kind, size, arms, planted)
        for arms, kind, size, planted in every
        if not small or (arms, planted) == (1, True)
    ]


def measure(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """The power of what is printed, over studies."""
    rng = rng_of(cell, seed)
    printed = [_study(cell, 0.0, rng)[1] for _ in range(audits)]
    if cell.planted:
        for _ in range(2):  # a planted effect changes the spread, hence what is detectable: a fixed point is wanted
            effect = float(np.mean([each for each in printed if each] or [cell.span / 2]))
            printed = [_study(cell, effect, rng)[1] for _ in range(audits)]
    there = np.array([each for each in printed if each is not None])
    told: dict[str, Any] = asdict(cell) | {"audits": audits, "none": 1 - len(there) / audits}
    if not len(there):
        return told
    steps = np.quantile(there, np.linspace(0, 1, STEPS))
    steps = np.unique(np.round(steps, 9))
    found = [np.mean([_study(cell, float(step), rng)[0] for _ in range(audits)]) for step in steps]
    power = np.interp(there, steps, optimize.isotonic_regression(found).x)
    return told | {
        "detectable": round(float(there.mean()) / cell.span, 5),
        "power": round(float(power.mean()), 5),
        "p5": round(float(np.quantile(power, 0.05)), 5),
        "p95": round(float(np.quantile(power, 0.95)), 5),
    }


def goals(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Mean over all cells, and how many single ones are off."""
    powers = [row["power"] for row in rows if "power" in row and row["planted"]]
    mean = float(np.mean(powers)) if powers else 0.8
    off = sum(not LOW <= each <= HIGH for each in powers)
    return {
        "power_at_detectable_mean": {"goal": f"{LOW} to {HIGH}", "found": round(mean, 4), "met": LOW <= mean <= HIGH},
        "power_at_detectable_cells_outside": {"goal": 0, "found": off, "met": not off},
    }


def _study(cell: Cell, effect: float, rng: np.random.Generator) -> tuple[bool, float | None]:
    """Whether the verdict on the first arm is a difference, and what it prints as detectable."""
    drawn = _scores if cell.outcome == "score" else _yes
    values = drawn(cell, effect, rng)[None]
    kind = tables.kind_of(0, 1) if cell.outcome == "score" else tables.kind_of(1, 0)
    first = tables.compared(values, kind, tuple(kind.measured()), cell.repeats)[0]
    return first.verdict.kind == "difference", first.detectable


def _scores(cell: Cell, effect: float, rng: np.random.Generator) -> Array:
    """(pairs, arms + 1): whole numbers around 5, whose means are exact."""
    moved = np.array([0.0, effect] + [0.0] * (cell.arms - 1))
    size = moved + np.hstack([np.zeros((cell.cases, 1)), rng.normal(0, 1.2, (cell.cases, cell.arms))])
    whole: Array = np.clip(5 + np.floor(size + rng.random(size.shape)), 1, 10)
    return whole


def _yes(cell: Cell, effect: float, rng: np.random.Generator) -> Array:
    """(pairs, arms + 1): each arm goes up where the reference fails, and down where it does not."""
    pairs = cell.cases * cell.repeats
    moved = np.array([effect] + [0.0] * (cell.arms - 1))
    lean = np.repeat(rng.uniform(0.2, 1.8, cell.cases), cell.repeats)[:, None] if cell.repeats > 1 else 1.0
    reference = rng.random((pairs, 1)) < RATE
    up = np.minimum((moved + NOISE / 2) * lean / (1 - RATE), 1)
    turned = rng.random((pairs, cell.arms)) < np.where(reference, NOISE / 2 / RATE, up)
    values: Array = np.hstack([reference, reference ^ turned]).astype(float)
    return values


def weight(cell: Cell) -> float:
    """Of the audits that other cells have: each stands for a dozen, the steps of the curve."""
    return 0.2 if cell.arms == 1 else 0.1
