"""After how many cases each way of auditing finds a planted -.2, or gives an interval of .05 either way: on arrays of
a known law, by the functions that decide in the report.

A case has a logit of its own, each arm's differs from it a little, and, after a dialogue, by what was said in it, which
no two arms have in common here. A reply is drawn with luck that a pair shares as far as it is said.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from simrun.estimate.betting import betting_intervals
from simrun.estimate.bounded import share_below
from simrun.estimate.paired import interval
from simrun.estimate.power import ALPHA, fewest
from simrun.estimate.signs import sign_flip
from simrun.plan.contrasts import Contrast
from simrun.plan.looks import LOOKS, Question
from simrun.score.looks import decided

Array = NDArray[np.float64]
EFFECT, POWER, WIDTH = -0.2, 0.8, 0.05
CASE, APART = 0.3, 0.2
"""Standard deviations of logits: of cases, and of each arm's within a case."""
MOST = 640
"""Cases of a simulated study; who needs more gets None."""
FEW = 40
"""Studies over which a mean is taken, where single ones hardly differ."""


class Law(NamedTuple):
    """How probable a yes is."""

    rate: float
    """In the reference, on average; in the arm EFFECT more."""
    history: float = 0.0
    """Standard deviation of what a dialogue adds to the logit, on its own in each arm."""


class Study(NamedTuple):
    """Probabilities of a yes in many studies, (studies, cases)."""

    reference: Array
    arm: Array

    def expected(self) -> Array:
        """Differences of probabilities."""
        return self.arm - self.reference

    def sampled(self, private: float, rng: np.random.Generator) -> Array:
        """Differences of one reply each: a share `private` of the arms' replies has luck of its own."""
        shape = self.arm.shape
        shared, own = rng.random(shape), rng.random(shape)
        luck = np.where(rng.random(shape) < private, own, shared)
        return (luck < self.arm) * 1.0 - (shared < self.reference)


def drawn(law: Law, studies: int, rng: np.random.Generator) -> Study:
    """Studies of that law."""
    case = rng.normal(0, CASE, (studies, MOST))
    own = float(np.hypot(APART, law.history))
    spread = float(np.hypot(CASE, own))
    reference, arm = (
        special.expit(centre(mean, spread) + case + rng.normal(0, own, case.shape))
        for mean in (law.rate, law.rate + EFFECT)
    )
    return Study(reference, arm)


@cache
def centre(mean: float, spread: float) -> float:
    """The centre of a normal law of logits whose probabilities have this mean."""
    points, weights = np.polynomial.hermite_e.hermegauss(80)
    share = weights / weights.sum()
    return float(optimize.brentq(lambda a: float(share @ special.expit(a + spread * points)) - mean, -12, 12))


def independent(law: Law) -> int:
    """Episodes an arm with which the usual test of two shares finds the effect: independent arms, one reply each."""
    other = law.rate + EFFECT
    return fewest(lambda count: _two_shares(count, law.rate, other) >= POWER, 2) or MOST


def _two_shares(count: int, one: float, other: float) -> float:
    """Power of the pooled z test of two shares, by summing over both counts."""
    k = np.arange(count + 1)
    pooled = (k[:, None] + k) / (2 * count)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (k[:, None] - k) / count / np.sqrt(2 * pooled * (1 - pooled) / count)
    found = np.nan_to_num(z) >= stats.norm.isf(ALPHA / 2)
    chances = np.outer(stats.binom.pmf(k, count, max(one, other)), stats.binom.pmf(k, count, min(one, other)))
    return float(chances[found].sum())


def independent_width(law: Law) -> int:
    """Episodes an arm until Wald's interval of a difference of shares reaches WIDTH either way."""
    variance = sum(rate * (1 - rate) for rate in (law.rate, law.rate + EFFECT))
    return int(np.ceil(stats.norm.isf(ALPHA / 2) ** 2 * variance / WIDTH**2))


def found(differences: Array, bound: float, sides: int = 2) -> bool:
    """Whether the report's verdict on one comparison is a difference below 0: p by flipping signs, and the Dirichlet
    bound leaves out 0. With one side, declared beforehand, each spends the whole level."""
    reach = bound if np.abs(differences).max() <= bound + 1e-9 else 1.0
    if differences.sum() >= 0 or share_below(-differences, -reach, 0.0) > ALPHA / sides:
        return False
    p = sign_flip(differences, np.arange(len(differences)), reach)
    return p is not None and p <= ALPHA * 2 / sides


def fixed(studies: Array, bound: float, sides: int = 2) -> int | None:
    """Cases with which a share POWER of the studies finds it; None above MOST."""

    def enough(count: int) -> bool:
        return count > MOST or bool(np.mean([found(each[:count], bound, sides) for each in studies]) >= POWER)

    cases = fewest(enough, 2)
    return None if cases is None or cases > MOST else cases


class Stopped(NamedTuple):
    """A design that looks ten times."""

    planned: int
    mean: float
    """Cases that were played, on average."""


def stopping(studies: Array, bound: float, signs: bool) -> Stopped | None:
    """The shortest plan with `design.stop=decided` with which a share POWER of the studies finds it."""
    few = studies[:FEW]
    first = 2 * LOOKS

    def ends(planned: int) -> list[int | None]:
        return [ending(each[:planned], planned, bound, signs) for each in few]

    planned = fewest(lambda tenth: LOOKS * tenth > MOST or _share(ends(LOOKS * tenth)) >= POWER, first // LOOKS)
    if planned is None or LOOKS * planned > MOST:
        return None
    most = LOOKS * planned
    return Stopped(most, float(np.mean([most if each is None else each for each in ends(most)])))


def _share(ends: Sequence[int | None]) -> float:
    return float(np.mean([each is not None for each in ends]))


def ending(differences: Array, planned: int, bound: float, signs: bool) -> int | None:
    """After how many cases a run that looks ten times is done with a difference; None where it never is."""
    reach = bound if np.abs(differences).max() <= bound else 1.0
    question = Question(contrast=CONTRAST, outcome="invited", bound=reach, margin=None, signs=signs)
    at = tuple(range(planned // LOOKS, planned + 1, planned // LOOKS))
    return decided(question, differences, at, planned, 1).after


CONTRAST = Contrast(arm="arm", reference="reference", arms=("arm",), references=("reference",), why="treatment")


def betting(studies: Array, bound: float) -> Stopped | None:
    """By betting alone, a look after every case: after how many a share POWER has found it, and on average."""
    ends = [next(_left(each, bound), None) for each in studies[:FEW]]
    there = sorted(each for each in ends if each is not None)
    needed = int(np.ceil(POWER * len(ends)))
    if len(there) < needed:
        return None
    planned = there[needed - 1]
    return Stopped(planned, float(np.mean([planned if each is None else min(each, planned) for each in ends])))


def floor(effect: float, bound: float, sides: int = 2) -> int:
    """Cases below which no valid method can find an effect, even where every case shows just that.

    A law of mean 0 that gives -effect with probability bound / (bound + effect), and the bound else, shows the same n
    times in a row with that probability to the n: it must be at most the level of that side.
    """
    return int(np.ceil(np.log(ALPHA / sides) / np.log(bound / (bound + abs(effect)))))


def _left(differences: Array, bound: float) -> Iterator[int]:
    """Numbers of cases after which 0 is outside of the interval."""
    reach = bound if np.abs(differences).max() <= bound else 1.0

    def out(count: int) -> bool:
        (last,) = betting_intervals(differences[:count], (count,), reach)
        return last.high < 0

    for count in range(2, MOST + 1):
        if out(count):
            yield count


def width(studies: Array, bound: float) -> int | None:
    """Cases with which the report's interval reaches WIDTH either way, in the mean over studies."""

    def enough(count: int) -> bool:
        ends = (interval(each[:count], *_reach(each[:count], bound)) for each in studies[:FEW])
        return count > MOST or float(np.mean([(high or 0.0) - (low or 0.0) for low, high in ends])) <= 2 * WIDTH

    cases = fewest(enough, 2)
    return None if cases is None or cases > MOST else cases


def _reach(differences: Array, bound: float) -> tuple[float, float]:
    reach = bound if np.abs(differences).max() <= bound + 1e-9 else 1.0
    return -reach, reach


def stopped_width(studies: Array, bound: float) -> float | None:
    """Cases after which the interval by betting is as narrow, a look after every tenth; in the mean over studies."""
    looks = range(LOOKS, MOST + 1, LOOKS)
    ends = [_narrow(each, looks, bound) for each in studies[: FEW // 4]]
    return None if None in ends else float(np.mean([each or 0 for each in ends]))


def _narrow(differences: Array, looks: Sequence[int], bound: float) -> int | None:
    for at in looks:
        (last,) = betting_intervals(differences[:at], (at,), _reach(differences[:at], bound)[1])
        if last.half_width <= WIDTH:
            return at
    return None
