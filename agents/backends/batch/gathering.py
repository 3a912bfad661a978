"""When it is time to send: once every trial in flight waits for an answer, nobody asks before there are some."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from simrun.agents.backends.crowd import Crowd
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
    """What one backend will send, once everybody waits for it or for another one."""

    def __init__(self, crowd: Crowd, send: Callable[[], None]):
        """`send` is called once all trials wait, and something is pending."""
        self._crowd, self._send = crowd, send
        self.pending: dict[str, Asked] = {}
        """What will go with the next batch, by id."""
        self._settling = False
        crowd.listen(self._stir)

    def _due(self) -> bool:
        return bool(self.pending) and self._crowd.waits()

    def _stir(self) -> None:
        if not self._settling and self._due():
            self._later(QUIET)

    def _later(self, turns: int) -> None:
        self._settling = True
        asyncio.get_running_loop().call_soon(self._settle, self._crowd.arrived, turns)

    def _settle(self, seen: int, turns: int) -> None:
        self._settling = False
        if self._due():
            if seen != self._crowd.arrived:
                self._later(QUIET)
            elif turns:
                self._later(turns - 1)
            else:
                self._send()
