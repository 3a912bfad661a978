"""When it is time to send: once every trial in flight waits for an answer, nobody asks before there are some."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from simrun.agents.records import Answer, Chat

QUIET = 3
"""Turns of the event loop without a new request after which nobody is about to ask: a trial that asks two at once, or
one that takes the place of another, shows in the next turn."""


@dataclass(eq=False)
class Asked:
    """A request and who waits for its answer."""

    id: str
    """Its custom_id."""
    chat: Chat
    sent: tuple[str, ...]
    """Parameters of its body."""
    line: bytes
    """As it stands in a file of requests; b"" once it does."""
    answer: asyncio.Future[Answer]

    def fail(self, error: BaseException) -> None:
        """No answer, and why."""
        if not self.answer.done():  # an episode may have met its deadline
            self.answer.set_exception(error)


class Gathering:
    """Counts who plays and who waits, and says when all do."""

    def __init__(self, send: Callable[[], None]):
        """`send` is called once all trials wait, and something is pending."""
        self._send = send
        self.pending: dict[str, Asked] = {}
        """What will go with the next batch, by id."""
        self._playing: set[str] = set()
        self._asking: Counter[str] = Counter()
        """Trial -> its requests that are not answered."""
        self._arrived = self._held = 0
        self._settling = False

    def enter(self, session: str) -> None:
        """A trial begins."""
        self._playing.add(session)

    def release(self, session: str) -> None:
        """A trial is over."""
        self._playing.discard(session)
        self._stir()

    @contextmanager
    def asking(self, asked: Asked) -> Iterator[None]:
        """Somebody asks, and waits within."""
        session = asked.chat.session
        self._arrived += 1
        self._asking[session] += 1
        self._stir()
        try:
            yield
        finally:
            self._asking[session] -= 1
            if not self._asking[session]:
                del self._asking[session]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Answers are given within: those who have theirs may ask again, and the others only seem to wait."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._stir()

    def _due(self) -> bool:
        return bool(self.pending) and not self._held and len(self._asking) >= len(self._playing)

    def _stir(self) -> None:
        if not self._settling and self._due():
            self._later(QUIET)

    def _later(self, turns: int) -> None:
        self._settling = True
        asyncio.get_running_loop().call_soon(self._settle, self._arrived, turns)

    def _settle(self, seen: int, turns: int) -> None:
        self._settling = False
        if self._due():
            if seen != self._arrived:
                self._later(QUIET)
            elif turns:
                self._later(turns - 1)
            else:
                self._send()
