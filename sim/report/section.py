"""A section of the report, and the menu of those there are: one module each in simrun.report.sections."""

from functools import cache
from typing import ClassVar

from simrun.config.modules import held_by_all
from simrun.report.blocks import Block
from simrun.score.scored import Scored


class Section:
    """One part of the report."""

    name: ClassVar[str]
    """That of its module."""
    order: ClassVar[int]
    """Sections stand from the least to the greatest; of equal ones in the order of their names."""
    title: ClassVar[str] = ""
    """The heading over its blocks, "" for none."""

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Its blocks; none where the run has nothing of the kind. Keys of a section's blocks differ."""
        raise NotImplementedError


@cache
def sections() -> tuple[Section, ...]:
    """Every section in reading order. TypeError for a module without one."""
    found = [kind() for kind in held_by_all("simrun.report.sections", Section).values()]
    return tuple(sorted(found, key=lambda each: (each.order, each.name)))
