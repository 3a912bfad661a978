"""The mixed model: whether its interval holds for other cases, wordings and names."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import wordings
from drawn import Array, rng_of, shares_of
from numpy.typing import NDArray
from shares import holds

from simrun.estimate.mixed import mixed_effects

TITLE = "The mixed model"
ABOUT = """*wording*, *name*: values are normal, cases, wordings (or names) and their slopes by arm are drawn out of
endless ones; the truth, 0, is the mean over all there could be; `spread` is the deviation between wordings of the
difference, between names of a value, in units of the residual's. Fewer than ten wordings or fifty names make no such
claim in a report and are measured here all the same. *yes*, *score*: a pair of repeats a case of yes or no at
`spread` (then a rate), or of scores, an `effect` of .1 of the range, half of the luck common; ten wordings without an
influence. *None*: share of audits that cannot be fitted."""
BY = ("kind", "levels", "cases", "spread")
COVERS = ("coverage",)
ALARMS: tuple[str, ...] = ()
SHOWN = ("none", "width")
WORDINGS = 10
REPEATS = 2
EFFECT = 0.1


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    kind: str
    levels: int
    cases: int
    repeats: int
    spread: float


def grid(small: bool) -> list[Cell]:
    """All cells."""
    units = [Cell(each.unit, each.levels, each.cases, each.repeats, each.spread) for each in wordings.cells()]
    sizes, rates = ((30,), (0.2,)) if small else ((12, 30, 60, 120), (0.05, 0.2, 0.5))
    yes = [Cell("yes", WORDINGS, size, REPEATS, rate) for size in sizes for rate in rates]
    return (units[1:2] if small else units) + yes + [Cell("score", WORDINGS, size, REPEATS, 2.0) for size in sizes]


def weight(cell: Cell) -> float:
    """Of the audits that other cells have: a fit takes a tenth of a second."""
    return 0.4


def measure(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares of audits; those that are fitted count."""
    rng = rng_of(cell, seed)
    told = shares_of(_audit(cell, rng) for _ in range(audits))
    return asdict(cell) | {"audits": round(audits * (1 - told["none"]))} | told


def _audit(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    unit = cell.kind if cell.kind in wordings.FREE else "wording"
    if cell.kind in wordings.FREE:
        planted = wordings.Cell(unit, cell.levels, cell.cases, cell.repeats, cell.spread)
        values, truth = planted.played(rng), 0.0
        found = mixed_effects(*values[:2], 0, values[2], **{f"{unit}s": values[3]}, least=wordings.FREE)
    else:
        values, truth = _values(cell, rng), -EFFECT * (9 if cell.kind == "score" else 1)
        if cell.kind == "yes":
            truth *= cell.spread / 0.5  # a share of the rate, so that it can be lost at every rate
        found = mixed_effects(*values[:2], 0, values[2], wordings=values[3])
    none = found.low is None or found.high is None
    return {
        "coverage": np.nan if none else holds(found.low, found.high, truth),
        "none": none,
        "width": np.nan if none else (found.high or 0.0) - (found.low or 0.0),
    }


def _values(
    cell: Cell, rng: np.random.Generator
) -> tuple[Array, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Values, arms, cases and wordings, an entry an episode."""
    pairs = cell.cases * cell.repeats
    case, arm = np.repeat(np.arange(cell.cases), 2 * cell.repeats), np.tile([0, 1], pairs)
    unit = np.repeat(rng.integers(0, cell.levels, pairs), 2)
    luck = np.where(np.repeat(rng.random(pairs) < 0.5, 2), np.repeat(rng.random(pairs), 2), rng.random(2 * pairs))
    if cell.kind == "yes":
        both = 1 / 0.3 - 1
        rate = rng.beta(cell.spread * both, (1 - cell.spread) * both, cell.cases)[case]
        return (luck < rate * (1 - arm * EFFECT / 0.5)).astype(float), arm, case, unit
    own = rng.normal(0, 1, cell.cases)[case] + rng.normal(0, 1.5, 2 * pairs)
    return np.floor(5.5 + own - 9 * EFFECT * arm + luck), arm, case, unit
