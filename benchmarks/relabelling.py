"""Any false alarm in a table of selection figures under a pure null, and power at a planted gap.

    python benchmarks/relabelling.py            # 12, 30 and 60 cases, 500 tables each: minutes
    python benchmarks/relabelling.py --tables 40 --cases 12

Through the functions that the report calls (simrun.score.exchanged.corrected over the metrics of pools). Each case has
its own difficulty, two versions have each their own luck; the group's chances are lower by `gap` where one is planted.
`axes` tables of different axes share the people's difficulty, so that the family is of several tables.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from simrun.estimate.columns import Floats
from simrun.score.exchanged import Measured, corrected
from simrun.score.menu import asked
from simrun.score.metric import Figure
from simrun.score.pool import Decisions, Pool, Scores
from simrun.score.samples import Located

ALPHA = 0.05


def versions(kind: type[Pool], arm: Floats, reference: Floats, merit: Floats) -> Pool:
    """The same people as both, a case each."""
    n = len(arm)
    return kind(
        np.concatenate([arm, reference]),
        np.repeat([True, False], n),
        np.tile(merit, 2),
        np.tile((merit > 0.6).astype(float), 2),
        np.tile(np.arange(n), 2),
        cell=1.0,
    )


def table(rng: np.random.Generator, merit: Floats, gap: float) -> list[Measured]:
    """One group against another: decisions and scores."""
    score = np.clip(np.round(10 * merit + rng.normal(0, 1.5, (2, len(merit))) - [[6 * gap], [0]]), 0, 10)
    chance = np.clip(0.5 + (merit - 0.5) - np.array([[gap], [0]]), 0, 1)
    taken = (rng.random((2, len(merit))) < chance).astype(float)
    pools = versions(Decisions, *taken, merit), versions(Scores, *score, merit)
    return [each for pool in pools for each in measured(pool)]


def measured(pool: Pool) -> list[Measured]:
    """What the report measures of a pool and tests."""
    kinds = [kind for kind in asked(None) if kind.needs in (type(pool), Pool) and kind.exchanged]
    return [(metric, pool, metric.figure(Located(pool))) for kind in kinds for metric in kind.asked(pool)]


def alarms(tables: Sequence[Sequence[Figure]]) -> tuple[bool, bool, bool]:
    """Whether any figure says something: by its interval, by its p, by its adjusted p."""
    every = [each for own in tables for each in own]
    outside = [e for e in every if e.low is not None and e.fair is not None and not e.low <= e.fair <= (e.high or 0.0)]
    return bool(outside), any((e.p or 1) < ALPHA for e in every), any((e.p_adjusted or 1) < ALPHA for e in every)


def rates(cases: int, axes: int, gap: float, count: int) -> Floats:
    """Share of families with any alarm, by interval, p and adjusted p; the gap is in the first axis."""
    found = []
    for seed in range(count):
        rng = np.random.default_rng([cases, axes, seed])
        merit = rng.random(cases)
        found.append(alarms(corrected([table(rng, merit, gap if not at else 0.0) for at in range(axes)])))
    return np.mean(found, axis=0)


def main() -> None:
    """Print the table."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--tables", type=int, default=500)
    given.add_argument("--cases", type=int, nargs="+", default=[12, 30, 60])
    given.add_argument("--gaps", type=float, nargs="+", default=[0.0, 0.2, 0.3])
    given.add_argument("--axes", type=int, nargs="+", default=[1, 5])
    asked_for = given.parse_args()
    print("cases axes gap | any figure by interval, by p, by adjusted p")
    for cases in asked_for.cases:
        for axes in asked_for.axes:
            for gap in asked_for.gaps:
                told = " ".join(f"{rate:.3f}" for rate in rates(cases, axes, gap, asked_for.tables))
                print(f"{cases:5} {axes:4} {gap:3} | {told}", flush=True)


if __name__ == "__main__":
    main()
