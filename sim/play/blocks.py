"""The trials of a plan by blocks: whole cases, so that pairs and what prompts share stay together."""

import re
from collections.abc import Iterator
from typing import NamedTuple, Self

from simrun.config.errors import ConfigError
from simrun.log.chain import share_chain
from simrun.plan.design import Plan
from simrun.stage.trial import Trial

PAIRS = 8
"""Pairs (all arms of a case and a repeat) in a block at least, where there are so many: few enough that the last blocks
end nearly at the same time. A case with more repeats is a block by itself."""
_RANGE, _PART = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?"), re.compile(r"(\d{1,9})/(\d{1,9})")


class Blocks:
    """All blocks of a plan, numbered from 0 in playing order."""

    def __init__(self, plan: Plan):
        self._plan, self._cases = plan, tuple(plan.cases)
        self.cases = -(-PAIRS // plan.repeats)
        """In each of them, but for the last."""

    def __len__(self) -> int:
        return (len(self._cases) + self.cases - 1) // self.cases

    def __iter__(self) -> Iterator[list[Trial]]:
        """All of them, in order."""
        return map(self.get, range(len(self)))

    def get(self, block: int) -> list[Trial]:
        """The trials of one."""
        return list(self._plan.trials(self._cases[block * self.cases : (block + 1) * self.cases]))


class Share(NamedTuple):
    """Some of a plan's blocks, which one process plays: from the first to the last."""

    first: int
    last: int

    @property
    def chain(self) -> str:
        """The chain of the log that its process writes."""
        return share_chain(self.first, self.last)

    @property
    def told(self) -> str:
        """As it is typed."""
        return f"{self.first}-{self.last}"

    @classmethod
    def of(cls, typed: str, blocks: int) -> Self | None:
        """`K-L`, `K`, or `I/N` for the I-th of N equal shares, from 0: None where that one has nothing to play.
        ConfigError for what is none of this, or beyond the blocks there are."""
        if found := _PART.fullmatch(typed):
            index, parts = int(found[1]), int(found[2])
            if index < parts:
                first, end = (each * blocks // parts for each in (index, index + 1))
                return cls(first, end - 1) if first < end else None
        elif found := _RANGE.fullmatch(typed):
            first, last = int(found[1]), int(found[2] or found[1])
            if first <= last < blocks:
                return cls(first, last)
        raise ConfigError(
            f"blocks={typed}: this run has {blocks} blocks, from 0 to {blocks - 1}; give K-L, one number, or I/N for "
            f"the I-th of N shares, such as 0/{min(blocks, 4)}, which begins with the first"
        )


def shares(blocks: int, parts: int) -> tuple[Share, ...]:
    """All blocks in so many shares of nearly one size; in fewer where there are fewer blocks."""
    found = (Share.of(f"{index}/{parts}", blocks) for index in range(parts))
    return tuple(each for each in found if each)
