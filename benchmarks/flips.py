"""Paired yes-or-no outcomes: every rate, share of common luck, effect and direction, once and with repeats.

With one pair a case all that a report says depends on how many cases went up and how many down: its coverage is summed
over all that could come, and exact. With repeats, or unequal ones, audits are drawn.
"""

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from drawn import ended, rng_of, shares_of, t_interval
from numpy.typing import NDArray
from scipy import stats
from shares import EXACT, holds

from simrun.estimate.paired import margin
from simrun.estimate.signs import sign_flip
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.pairs import Pairs
from simrun.score.verdict import verdict

TITLE = "Yes or no"
ABOUT = """The arms of a case share a share of their luck (`shared`), and an arm succeeds more often than its
reference, which succeeds at `rate`, by `effect`. *One way*: an arm that shares its luck never fails where the
reference does not; else it also does in half of `rate`, .05 at most. `repeats` 1: one pair a case, each cell summed
over all counts of cases up and down, no simulation; 10: ten pairs, and cases differ in difficulty (beta, intraclass
correlation .3); 0: a fifth of the cases has ten pairs, the others one. *Margin*: share of audits whose `shown within`
reaches the true difference (95 % is owed). *Verdict*: share with that of a difference; *false*: where none is."""
BY = ("repeats", "cases", "rate")
COVERS = ("coverage", "margin")
ALARMS = ("false",)
SHOWN = ("t_coverage", "width", "t_width", "verdict")
ICC = 0.3
MASS = 1e-9
"""What is left out of the sum over counts, for each of them."""


@dataclass(frozen=True)
class Cell:
    """What is planted."""

    cases: int = 60
    rate: float = 0.2
    """Of the reference."""
    shared: float = 0.5
    """Share of the pairs whose arms have the same luck."""
    effect: float = 0.0
    """True difference of the rates, arm minus reference."""
    one_way: bool = False
    repeats: int = 1
    """Pairs a case; 0: ten in a fifth of the cases, one in the others."""

    @property
    def truth(self) -> float:
        """The true difference."""
        return self.effect

    def turned(self) -> tuple[float, float]:
        """How many of the pairs with the same luck go up, and down."""
        down = 0.0 if self.one_way else min(self.rate, 0.1) / 2
        return self.effect + down, down

    def chances(self) -> tuple[float, float]:
        """How probable it is that a pair goes up, and down, where cases are alike."""
        up, down = self.turned()
        arm, own = self.rate + self.effect, 1 - self.shared
        return (
            self.shared * up + own * arm * (1 - self.rate),
            self.shared * down + own * self.rate * (1 - arm),
        )


def grid(small: bool) -> list[Cell]:
    """All cells, but those in which nothing can differ by construction."""
    sizes, rates, luck, effects = (12, 30, 60, 120, 200), (0.01, 0.05, 0.2, 0.5), (0.0, 0.5, 1.0), (0.0, 0.02, 0.1, 0.3)
    if small:
        sizes, rates, luck, effects = (12, 60), (0.05, 0.5), (0.5, 1.0), (0.0, 0.1)  # type: ignore[assignment]
    ways = ((each, way) for each in itertools.product(sizes, rates, luck, effects) for way in (True, False))
    every = [(*each, way) for each, way in ways if each[2] or not way]  # without common luck there is no one way
    once = [Cell(*each, repeats=1) for each in every]
    often = [Cell(*each, repeats=10) for each in (every[::6] if small else every)]
    uneven = [Cell(*each, repeats=0) for each in (every[::6] if small else every)]
    return [cell for cell in once + often + uneven if any(cell.chances())]


def measure(cell: Cell, audits: int, seed: int) -> dict[str, Any]:
    """Shares of audits, or of all that could come."""
    if cell.repeats == 1:
        return asdict(cell) | {"audits": EXACT} | _summed(cell)
    rng = rng_of(cell, seed)
    return asdict(cell) | {"audits": audits} | shares_of(_audit(cell, rng) for _ in range(audits))


def played(cell: Cell, rng: np.random.Generator) -> Pairs:
    """One audit with repeats."""
    many = np.full(cell.cases, cell.repeats) if cell.repeats else np.where(np.arange(cell.cases) % 5 == 0, 10, 1)
    case = np.repeat(np.arange(cell.cases), many)
    both = 1 / ICC - 1
    easy = rng.beta(cell.rate * both, (1 - cell.rate) * both, cell.cases)[case]
    up, down = cell.turned()
    gain, loss = (1 - easy) * up / (1 - cell.rate), easy * down / cell.rate
    reference = rng.random(len(case)) < easy
    turned = rng.random(len(case)) < np.where(reference, loss / np.maximum(easy, 1e-300), up / (1 - cell.rate))
    own = rng.random(len(case)) < easy + gain - loss
    arm = np.where(rng.random(len(case)) < cell.shared, reference ^ turned, own)
    return Pairs(arm.astype(float), reference.astype(float), case, 0.0, 1.0)


def _audit(cell: Cell, rng: np.random.Generator) -> dict[str, float]:
    return against(told(played(cell, rng)), cell.truth)


Told = tuple[float, float, float, float, float, float, bool]
"""Ends of the interval, margin, p, ends of the t interval, whether the verdict is a difference."""


def told(sample: Pairs) -> Told:
    """What a report says of one outcome of one comparison that stands alone."""
    found, reach, means = PairedDifference().measure(sample), sample.reach, sample.means
    bounds = (None, None) if reach is None else (-reach, reach)
    shown = margin(means, *bounds)
    p = sign_flip(sample.arm - sample.reference, sample.case, reach)
    said = verdict(p, found.low, found.high, shown, None)
    low, high = ended(found.low, found.high)
    return low, high, np.inf if shown is None else shown, p or 0.0, *t_interval(means), said.kind == "difference"


def against(said: Told, truth: float) -> dict[str, float]:
    """It beside the truth."""
    low, high, shown, _, t_low, t_high, differs = said
    return {
        "coverage": holds(low, high, truth),
        "margin": shown >= abs(truth) - 1e-9,
        "t_coverage": holds(t_low, t_high, truth),
        "width": high - low,
        "t_width": t_high - t_low,
        ("verdict" if truth else "false"): differs,
    }


@cache
def counted(cases: int, up: int, down: int) -> Told:
    """What is said of so many cases up and down of all."""
    if up < down:
        low, high, shown, p, t_low, t_high, differs = counted(cases, down, up)
        return -high, -low, shown, p, -t_high, -t_low, differs
    arm, reference = np.zeros(cases), np.zeros(cases)
    arm[:up], reference[up : up + down] = 1, 1
    return told(Pairs(arm, reference, np.arange(cases), 0.0, 1.0))


def outcomes(cases: int, up: float, down: float) -> Iterator[tuple[int, int, float]]:
    """All counts of cases up and down that are not too rare, and how probable each is."""
    law: NDArray[np.float64] = stats.binom.pmf(np.arange(cases + 1), cases, up + down)
    share = up / (up + down)
    for flips in np.flatnonzero(law > MASS):
        ups = stats.binom.pmf(np.arange(flips + 1), flips, share) * law[flips]
        yield from ((int(b), int(flips - b), float(ups[b])) for b in np.flatnonzero(ups > MASS))


def _summed(cell: Cell) -> dict[str, float]:
    every = list(outcomes(cell.cases, *cell.chances()))
    weights = np.array([weight for *_, weight in every])
    rows = [against(counted(cell.cases, up, down), cell.truth) for up, down, _ in every]
    return {name: round(float(np.average([row[name] for row in rows], weights=weights)), 6) for name in rows[0]}
