"""What a study of 32 arms gains by blocks at equal tokens, and whether its intervals hold.

    OMP_NUM_THREADS=1 python benchmarks/blocks.py [--json] [--audits N] [--seed N]

Every design has the same number of episodes: all 32 arms of few cases, or the reference and some others of more cases.
Four arms of 31 differ. Measured are the functions that the report calls: the error of each arm's difference, of its
pooled one, and the share of intervals that hold the truth.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product

import numpy as np

from simrun.estimate.blocks import intrablock
from simrun.estimate.pooling import moderated, pooled
from simrun.plan.blocks import dealt

ARMS, AFFECTED, EFFECT = 32, 4, -0.2


@dataclass(frozen=True)
class Cell:
    """What is played."""

    outcome: str
    """binary (.6 in the reference; half of all luck is each arm's own), score (of a deviation of .4 about its case)."""
    block: int
    """Arms a case; 32 is the full design."""
    episodes: int

    @property
    def cases(self) -> int:
        """So many that all designs have the same episodes."""
        return self.episodes // self.block

    def played(self, rng: np.random.Generator) -> tuple[list[float], list[str], list[int]]:
        """Values, arms and cases of one audit."""
        names = tuple(f"{at:02}" for at in range(ARMS))
        every = {str(case): frozenset(names) for case in range(self.cases)}
        cases = tuple(every)
        blocks = every if self.block == ARMS else dealt(cases, names, self.block, int(rng.integers(2**31)))
        rows = [(self._value(name, own, rng), name, int(case)) for case in cases for own in [rng.normal(size=2)]
                for name in sorted(blocks[case])]  # fmt: skip
        values, arms, of = zip(*rows, strict=True)
        return list(values), list(arms), list(of)

    def _value(self, arm: str, own: np.ndarray, rng: np.random.Generator) -> float:
        effect = truth(arm)
        if self.outcome == "score":
            return float(own[0] + effect + 0.4 * rng.normal())
        shared = 0.5 * (1 + np.tanh(own[1]))  # of a case, in every arm the same
        luck = rng.random() if rng.random() < 0.5 else shared
        return float(luck < np.clip(0.6 + 0.2 * np.tanh(own[0]) + effect, 0, 1))


def truth(arm: str) -> float:
    """The true difference of an arm from the reference."""
    return EFFECT if 1 <= int(arm) <= AFFECTED else 0.0


def cells() -> Iterator[Cell]:
    """Full and in blocks of 4 and 8, of 60 and of 20 full cases' episodes."""
    for outcome, episodes, block in product(("score", "binary"), (1920, 640), (ARMS, 8, 4)):
        yield Cell(outcome, block, episodes)


def measured(cell: Cell, audits: int, seed: int) -> dict[str, float]:
    """Root mean squares of the errors, mean widths, and shares of the intervals that hold; by arms with an effect and
    without where that matters."""
    rng, found = np.random.default_rng([seed, *cell.outcome.encode(), cell.block, cell.episodes]), []
    for _ in range(audits):
        told = intrablock(*cell.played(rng), reference="00", span=1.0 if cell.outcome == "binary" else None)
        arms = list(told.levels)
        drawn = pooled(
            [told.levels[arm].difference for arm in arms],
            moderated(told.covariance, [told.levels[arm].cases for arm in arms]),
        )
        for arm, one, low, high in zip(arms, drawn.values, drawn.low, drawn.high, strict=True):
            own, true = told.levels[arm], truth(arm)
            assert own.low is not None
            assert own.high is not None
            own_ends, drawn_ends = (own.low <= true <= own.high), (low <= true <= high)
            found.append(
                (true != 0, own.difference - true, one - true, own_ends, drawn_ends, own.high - own.low, high - low)
            )
    affected, error, drawn_error, held, drawn_held, width, drawn_width = np.array(found, dtype=float).T
    there = affected == 1
    return {
        "error": float(np.sqrt(np.mean(error**2))),
        "pooled_error": float(np.sqrt(np.mean(drawn_error**2))),
        "width": float(width.mean()),
        "pooled_width": float(drawn_width.mean()),
        "coverage": float(held.mean()),
        "pooled_coverage": float(drawn_held.mean()),
        "coverage_affected": float(held[there].mean()),
        "pooled_coverage_affected": float(drawn_held[there].mean()),
    }


def main() -> None:
    """Print a line a cell; efficiency is the full design's squared error over the cell's own."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--audits", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    full: dict[str, float] = {}
    for cell in cells():
        told = measured(cell, asked.audits, asked.seed)
        full = told if cell.block == ARMS else full
        told["efficiency"] = (full["error"] / told["error"]) ** 2
        shown = (f"{name}={value:.3g}" if name != "outcome" else value for name, value in (asdict(cell) | told).items())
        print(json.dumps(asdict(cell) | told) if asked.json else "  ".join(shown), flush=True)


if __name__ == "__main__":
    main()
