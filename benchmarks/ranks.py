"""How often rank intervals hold all true places, and how often they find who is better.

    python benchmarks/ranks.py            # about two minutes

Screenings are drawn: a case is as hard for all entries, each of which is right by its own luck. `accuracy .5`, `.8`:
all entries alike; `gap 0`, `gap .3`: all have that gap, half of them in favour of the other group. `found .2`, `.4`:
one entry is more often right by so much than all others (.5), and how often it is first alone.
"""

import argparse
import os
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: small products are slower by several threads

import numpy as np

from simrun.estimate.columns import Floats
from simrun.estimate.ranks import Places, rank_intervals
from simrun.report.figures import table

Draw = Callable[[int, int, np.random.Generator], Floats]


def right(share: float, better: float, entries: int, cases: int, rng: np.random.Generator) -> Floats:
    """Who is right in which case (entries, cases); the first by so much more often."""
    odds = np.clip(share + 0.4 * (rng.random(cases) - 0.5), 0, 1) * np.ones((entries, 1))
    odds[0] = np.clip(odds[0] + better, 0, 1)
    found: Floats = (rng.random((entries, cases)) < odds).astype(float)
    return found


def gap(size: float, entries: int, cases: int, rng: np.random.Generator) -> Floats:
    """Differences within pairs: three in ten by chance, either way, and a gap of this size in favour of either."""
    noise = rng.choice((-1.0, 0.0, 1.0), p=(0.15, 0.7, 0.15), size=(entries, cases))
    side = np.where(np.arange(entries) % 2, 1.0, -1.0)[:, None]
    found: Floats = np.where(rng.random((entries, cases)) < size, side, noise)
    return found


def held(draw: Draw, aim: str, entries: int, cases: int, runs: int) -> float:
    """Share of runs in which every entry may have every place."""
    rng = np.random.default_rng([entries, cases])
    every = [Places(1, entries)] * entries
    return float(np.mean([rank_intervals(draw(entries, cases, rng), aim, 1.0) == every for _ in range(runs)]))


def found(draw: Draw, entries: int, cases: int, runs: int) -> float:
    """Share of runs in which the first entry is first alone."""
    rng = np.random.default_rng([entries, cases])
    return float(
        np.mean([rank_intervals(draw(entries, cases, rng), "higher", 1.0)[0] == Places(1, 1) for _ in range(runs)])
    )


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description="How often rank intervals hold")
    asked.add_argument("--runs", type=int, default=400)
    runs = asked.parse_args().runs
    rows = []
    for entries in (2, 5, 20):
        for cases in (16, 48, 100):
            own = [held(partial(right, share, 0.0), "higher", entries, cases, runs) for share in (0.5, 0.8)]
            own += [held(partial(gap, size), "near 0", entries, cases, runs) for size in (0.0, 0.3)]
            own += [found(partial(right, 0.5, better), entries, cases, runs) for better in (0.2, 0.4)]
            rows.append((entries, cases, *(f"{each:.3f}" for each in own)))
    heads = ("entries", "cases", "accuracy .5", "accuracy .8", "gap 0", "gap .3", "found .2", "found .4")
    print(table(heads, rows))


if __name__ == "__main__":
    main()
