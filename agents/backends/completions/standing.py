"""Whether a refusal concerns one chat or all of them: the server says so by what it answers to others."""

from collections import defaultdict
from dataclasses import dataclass, field

ENOUGH = 8
"""Refusals, and never an answer, that say that no chat is answered."""


@dataclass
class _Way:
    """What came of the chats that ask in one way."""

    answered: bool = False
    refused: int = 0
    mark: int = 0
    """Number of the first chat that was begun after the first refusal."""
    open: set[int] = field(default_factory=set)


class Standing:
    """Counts answers and refusals of the chats that ask in the same way: with a form, or without.

    A refusal may overtake the answers that are being written: it tells of all chats only when those that were begun
    before the first one have all come back.
    """

    def __init__(self) -> None:
        self._ways: defaultdict[bool, _Way] = defaultdict(_Way)
        self._begun = 0

    def begin(self, formed: bool) -> int:
        """A chat is asked; its number."""
        self._begun += 1
        if not self._ways[formed].answered:
            self._ways[formed].open.add(self._begun)
        return self._begun

    def end(self, formed: bool, chat: int) -> None:
        """It has come back, however."""
        self._ways[formed].open.discard(chat)

    def answered(self, formed: bool) -> None:
        """There was an answer: no refusal concerns all."""
        self._ways[formed].answered = True
        self._ways[formed].open.clear()

    def refused(self, formed: bool, chat: int) -> bool:
        """This chat was refused; whether all of them are."""
        way = self._ways[formed]
        if way.answered:
            return False
        way.refused += 1
        if way.refused == 1:
            way.mark = self._begun + 1
        earlier = (number for number in way.open if number < way.mark and number != chat)
        return way.refused >= ENOUGH and not any(True for _ in earlier)
