"""What one audit says of what was planted, and what shares of many audits can be by chance."""

from collections.abc import Iterable

from scipy import stats

from simrun.score.contrasts import ContrastResult

SURE = 0.999
LEAST = 0.93
"""Coverage that the upper end must reach."""


def holds(low: float | None, high: float | None, value: float) -> bool:
    """Whether an interval holds a value; rounding errors of a mean count as inside, and no interval does not."""
    return low is not None and high is not None and low - 1e-9 <= value <= high + 1e-9


def alarm(family: Iterable[ContrastResult]) -> bool:
    """Whether any of these comparisons is called one after correction."""
    return any(each.p_adjusted is not None and each.p_adjusted < 0.05 for each in family)


def most(share: float, audits: int) -> float:
    """The upper end of a share of audits, exact (Clopper and Pearson), at 99.9 % one-sided."""
    return float(stats.binomtest(round(share * audits), audits, alternative="less").proportion_ci(SURE).high)


def sure(share: float, audits: int) -> float:
    """The lower end."""
    return float(stats.binomtest(round(share * audits), audits, alternative="greater").proportion_ci(SURE).low)


def covering(ends: Iterable[float]) -> dict[str, object]:
    """The goal of the upper ends of coverages: the lowest must reach what is owed."""
    lowest = min(ends)
    return {"goal": f"at least {LEAST}", "found": round(lowest, 4), "met": lowest >= LEAST}


def alarming(ends: Iterable[float]) -> dict[str, object]:
    """The goal of the lower ends of shares with an alarm: the highest must not exceed 5 %."""
    highest = max(ends)
    return {"goal": "at most 0.05", "found": round(highest, 4), "met": highest <= 0.05}
