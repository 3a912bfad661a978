"""Whether the mixed model's interval holds for other wordings and names than those played: coverage where their effect
by arm is planted.

    OMP_NUM_THREADS=1 python benchmarks/wordings.py [--json] [--audits N] [--seed N]

Each audit draws its wordings (or names) out of endless ones, and each case one of them; the truth is the mean over all
there could be. Beside it stands the interval over cases alone, which holds for those that were drawn only. A cell fails
when the 99.9 % upper end of its coverage is below .93.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product

import numpy as np
from scipy import stats

from simrun.estimate.mixed import mixed_effects
from simrun.estimate.paired import clustered_mean

ENOUGH = 0.93
FREE = {"wording": 2, "name": 2}


@dataclass(frozen=True)
class Cell:
    """What is planted, in units of the residual's deviation (1)."""

    unit: str
    """wording: both arms of a pair share it; name: each arm has its own."""
    levels: int
    """How many of them are played (names: in each arm)."""
    cases: int
    repeats: int
    spread: float
    """Standard deviation between wordings of the difference; between names of a value."""

    def played(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """Values, arms, cases, units of one audit; the true difference is 0."""
        pairs = self.cases * self.repeats
        case, arm = np.repeat(np.arange(self.cases), 2 * self.repeats), np.tile([0, 1], pairs)
        if self.unit == "wording":
            unit = np.repeat(rng.integers(0, self.levels, pairs), 2)
            own = (rng.normal(size=self.levels) * self.spread)[unit] * (arm - 0.5) + rng.normal(size=self.levels)[unit]
        else:
            unit = rng.integers(0, self.levels, 2 * pairs) + self.levels * arm
            own = (rng.normal(size=2 * self.levels) * self.spread)[unit]
        slope = 0.3 * rng.normal(size=self.cases)[case] * (arm - 0.5)
        return own + rng.normal(size=self.cases)[case] + slope + rng.normal(size=2 * pairs), arm, case, unit


def cells() -> Iterator[Cell]:
    """Ten wordings first, on which the claim rests; three, with which none is made; names."""
    for levels, spread, (cases, repeats) in product((10, 20, 3), (0.2, 0.5), ((60, 4), (30, 1))):
        yield Cell("wording", levels, cases, repeats, spread)
    yield Cell("name", 50, 60, 2, 0.5)


def measured(cell: Cell, audits: int, seed: int) -> dict[str, float]:
    """Shares of the intervals that hold the truth, and their mean widths."""
    rng = np.random.default_rng([seed, *cell.unit.encode(), cell.levels, cell.cases, cell.repeats])
    found = []
    for _ in range(audits):
        value, arm, case, unit = cell.played(rng)
        model = mixed_effects(value, arm, 0, case, **{f"{cell.unit}s": unit}, least=FREE)
        alone = clustered_mean(value[arm == 1] - value[arm == 0], case[arm == 0])
        ends = [(each.low, each.high) for each in (model, alone)]
        found.append([*(low <= 0 <= high for low, high in ends), *(high - low for low, high in ends)])
    mean = np.mean(found, axis=0)
    most = float(stats.beta.ppf(0.999, mean[0] * audits + 1, audits - mean[0] * audits)) if mean[0] < 1 else 1.0
    told = dict(zip(("coverage", "cases_alone", "width", "width_alone"), map(float, mean), strict=True))
    return {**told, "most": most, "fails": float(most < ENOUGH)}


def main() -> None:
    """Print a line a cell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--audits", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for cell in cells():
        told = asdict(cell) | measured(cell, asked.audits, asked.seed)
        shown = (f"{name}={value:.3g}" if name != "unit" else value for name, value in told.items())
        print(json.dumps(told) if asked.json else "  ".join(shown), flush=True)


if __name__ == "__main__":
    main()
