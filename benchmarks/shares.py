"""What one audit says of what was planted, and what shares of many audits can be by chance."""

from collections.abc import Iterable, Sequence
from typing import Any

from scipy import stats

from simrun.score.contrasts import ContrastResult

SURE = 0.999
LEAST = 0.93
"""Coverage that the upper end must reach."""
ALARMS = 0.05
"""Share of families with a false alarm that the lower end must not exceed."""
EXACT = None
"""In the place of a number of audits: the share was summed over all that could come, and has no error."""


def holds(low: float | None, high: float | None, value: float) -> bool:
    """Whether an interval holds a value; rounding errors of a mean count as inside, and no interval does not."""
    return low is not None and high is not None and low - 1e-9 <= value <= high + 1e-9


def alarm(family: Iterable[ContrastResult]) -> bool:
    """Whether any of these comparisons is called one after correction."""
    return any(each.p_adjusted is not None and each.p_adjusted < 0.05 for each in family)


def most(share: float, audits: int | None) -> float:
    """The upper end of a share of audits, exact (Clopper and Pearson), at 99.9 % one-sided."""
    if audits is EXACT:
        return share
    return float(stats.binomtest(round(share * audits), audits, alternative="less").proportion_ci(SURE).high)


def sure(share: float, audits: int | None) -> float:
    """The lower end."""
    if audits is EXACT:
        return share
    return float(stats.binomtest(round(share * audits), audits, alternative="greater").proportion_ci(SURE).low)


def doubtful(row: dict[str, Any], covers: Sequence[str], alarms: Sequence[str]) -> bool:
    """Whether some share of a cell is on the wrong side of what is owed, be it by chance: not so of an exact one."""
    low = any(row[name] < LEAST for name in covers if name in row)
    return row["audits"] is not EXACT and (low or any(row[name] > ALARMS + 0.01 for name in alarms if name in row))


def fails(row: dict[str, Any], covers: Sequence[str], alarms: Sequence[str]) -> list[str]:
    """The figures of a cell that are off beyond chance."""
    audits = row["audits"]
    narrow = [name for name in covers if name in row and most(row[name], audits) < LEAST]
    return narrow + [name for name in alarms if name in row and sure(row[name], audits) > ALARMS + 1e-9]


def covering(ends: Iterable[float]) -> dict[str, object]:
    """The goal of the upper ends of coverages: the lowest must reach what is owed."""
    lowest = min(ends, default=1.0)
    return {"goal": f"at least {LEAST}", "found": round(lowest, 4), "met": lowest >= LEAST}


def alarming(ends: Iterable[float]) -> dict[str, object]:
    """The goal of the lower ends of shares with an alarm: the highest must not exceed 5 %."""
    highest = max(ends, default=0.0)
    return {"goal": f"at most {ALARMS}", "found": round(highest, 4), "met": highest <= ALARMS + 1e-9}


def owed(
    name: str, rows: Sequence[dict[str, Any]], covers: Sequence[str], alarms: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The goals of a part: the worst cell of its coverages, and of its families' false alarms."""
    ends = [most(row[each], row["audits"]) for row in rows for each in covers if each in row]
    false = [sure(row[each], row["audits"]) for row in rows for each in alarms if each in row]
    told = {f"{name}_coverage_upper_end_worst_cell": covering(ends)} if ends else {}
    return told | ({f"{name}_false_alarms_lower_end_worst_cell": alarming(false)} if false else {})
