"""Labour tables: which share of an occupation belongs to a group, to compare an agent's choices with."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from simrun.agents.records import Record
from simrun.scenarios.base import Fault
from simrun.scenarios.fields import text
from simrun.scenarios.files import read, rows, source

OCCUPATION = "occupation"


class Occupation(Record):
    """An occupation, and the shares of groups in it, 0 to 1."""

    name: str = Field(min_length=1)
    shares: Mapping[str, float]


def occupations(path: str = "", encoding: str = "") -> tuple[tuple[Occupation, ...], tuple[Fault, ...]]:
    """A labour table ("" for ours: women in the United States, 2022), and the rows that are none.

    A CSV with a column `occupation` and a column for each group that holds its share in percent, named as the axis
    names its people (women); lines that begin with # before the header are comments. Raises FileNotFoundError when
    there is no such file, ValueError when no row is one.
    """
    file = source(path, "recruitment/occupations.csv", "scenario.labour", encoding)
    return read(file, rows(file, comments=True), _row, lambda found: found.name)


def _row(row: dict[str, Any], number: int) -> Occupation:
    groups = {group: value for group, value in row.items() if group != OCCUPATION}
    name = text(row[OCCUPATION], OCCUPATION).strip()
    if not groups:
        raise ValueError(f"{OCCUPATION}: a column for each group is needed beside it")
    return Occupation(name=name, shares={group: _share(group, value) for group, value in groups.items()})


def _share(group: str, value: Any) -> float:
    try:
        percent = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{group}: expected a share in percent, got {value!r}") from None
    if not 0 <= percent <= 100:
        raise ValueError(f"{group}: expected a share from 0 to 100 percent, got {value!r}")
    return percent / 100
