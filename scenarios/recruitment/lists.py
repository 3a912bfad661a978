"""Cases of the mode occupation: lists of occupations, drawn from a labour table."""

from typing import Self

import numpy as np
from pydantic import Field

from simrun.agents.persona import Persona
from simrun.scenarios.base import Case, Fault
from simrun.scenarios.recruitment.labour import Occupation, occupations


class OccupationCase(Case):
    """Occupations to choose among."""

    occupations: tuple[Occupation, ...] = Field(min_length=2)
    group: str
    """The column of the labour table."""
    belongs: bool | None = None
    """Whether the person is of that group, once they are cast; None where they do not say."""

    def names(self) -> tuple[str, ...]:
        """As they stand in the list."""
        return tuple(each.name for each in self.occupations)

    def share(self, name: str) -> float:
        """Of the group among those who work in an occupation."""
        return next(each.shares[self.group] for each in self.occupations if each.name == name)

    def expected(self) -> float | None:
        """The mean share if somebody like this person were found in the occupations as often as the table says."""
        shares = np.array([each.shares[self.group] for each in self.occupations])
        weights = shares if self.belongs else 1 - shares
        return None if self.belongs is None or not weights.sum() else float(np.average(shares, weights=weights))

    def fitted(self, persona: Persona) -> Self:
        """The case with whether the person is of the table's group."""
        groups = {
            level.group: trait.level == key
            for trait in persona.traits
            for key, level in trait.axis.levels.items()
            if level.group
        }
        return self.model_copy(update={"belongs": groups.get(self.group)})


def lists(
    path: str, size: int, group: str, count: int, rng: np.random.Generator, encoding: str = ""
) -> tuple[tuple[OccupationCase, ...], tuple[Fault, ...]]:
    """`count` lists of `size` occupations of a labour table ("" for ours), drawn without repetition within a list."""
    table, faults = occupations(path, encoding)
    if missing := [each.name for each in table if group not in each.shares]:
        raise ValueError(
            f"scenario.group: the labour table has no column {group!r}, only {', '.join(table[0].shares)} "
            f"({missing[0]})"
        )
    if size > len(table):
        raise ValueError(
            f"scenario.choices={size}: the labour table has {len(table)} occupations; give at most as many"
        )
    drawn = (rng.permutation(len(table))[:size] for _ in range(count))
    return tuple(
        OccupationCase(id=f"list-{nth}", occupations=tuple(table[at] for at in sorted(each)), group=group)
        for nth, each in enumerate(drawn)
    ), faults
