"""Numbers by trial, of as many trials as there may be: 18 to 36 bytes each, where words in a dict take 130 and more."""

import re
from array import array

_ID = re.compile("[0-9a-f]{16}")
_LEAST = 1024
"""Places at the beginning; always a power of two."""


class Roll:
    """Trial id -> whole number of 32 bits, as a table of 64-bit ids with open places: an id is a hash already."""

    def __init__(self) -> None:
        self._ids, self._numbers = array("Q", bytes(8 * _LEAST)), array("i", bytes(4 * _LEAST))
        self._held = 0
        self._others: dict[str, int] = {}
        """Of names that are no id of ours, and of the one whose number stands for an open place."""

    def __len__(self) -> int:
        return self._held + len(self._others)

    def __contains__(self, trial: object) -> bool:
        return isinstance(trial, str) and self.get(trial) is not None

    def get(self, trial: str) -> int | None:
        """The number of a trial; None where it has none."""
        if not (known := _known(trial)):
            return self._others.get(trial)
        place = self._place(known)
        return self._numbers[place] if self._ids[place] else None

    def note(self, trial: str, number: int = 0) -> None:
        """Give a trial its number, in place of the one that it had."""
        if not (known := _known(trial)):
            self._others[trial] = number
            return
        place = self._place(known)
        if not self._ids[place]:
            self._held += 1
            self._ids[place] = known
        self._numbers[place] = number
        if 3 * self._held > 2 * len(self._ids):
            self._grow()

    def _place(self, known: int) -> int:
        """Where an id stands, or would."""
        ids = self._ids
        last = len(ids) - 1
        place = known & last
        while ids[place] and ids[place] != known:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        ids, numbers = self._ids, self._numbers
        self._ids, self._numbers = (array(kind, bytes(2 * len(ids) * size)) for kind, size in (("Q", 8), ("i", 4)))
        for known, number in zip(ids, numbers, strict=True):
            if known:
                place = self._place(known)
                self._ids[place], self._numbers[place] = known, number


def _known(trial: str) -> int:
    """The number that an id is written for; 0 for what is no such id."""
    return int(trial, 16) if _ID.fullmatch(trial) else 0
