"""Which new episodes may begin: as many as their chats will have room for in the engines'
KV caches; one that has begun never waits."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simrun.agents.backends.base import Backend, Gauges
from simrun.agents.records import Answer, Chat

FILLED = 0.9
"""Share of the KV cache that live chats may come to need; the rest is for what the estimate does not see."""
PRESSED = 0.95
"""Share in use at which an engine with a queue takes no new episodes, whatever the estimate says."""
REMEMBERED = 4096
"""Prefixes whose first reader is remembered."""


class Ledger:
    """What the chats of the episodes in flight hold of one engine's KV cache, and what they are expected to come to."""

    def __init__(self, share: float = 1.0) -> None:
        self.capacity: float | None = None
        """Tokens of the cache that this process may fill; None while the engine has not told, and then nobody waits."""
        self._share = share
        self.pressed = False
        self._live: dict[str, int] = {}
        self._ended, self._tokens = 0, 0

    def told(self, gauges: Gauges) -> None:
        """What the engine says of itself now."""
        self.capacity = gauges.kv_tokens * self._share if gauges.kv_tokens else self.capacity
        self.pressed = (gauges.kv_used or 0) > PRESSED and (gauges.waiting or 0) > 0

    def entered(self, session: str) -> None:
        """An episode begins: it holds nothing yet, and will come to what others do."""
        self._live.setdefault(session, 0)

    def grew(self, session: str, answer: Answer) -> None:
        """A call was answered: what was not in the cache before is now."""
        new = (answer.prompt_tokens or 0) - (answer.cached_tokens or 0) + (answer.output_tokens or 0)
        self._live[session] = self._live.get(session, 0) + new

    def left(self, session: str) -> None:
        """An episode is over; what it held may be overwritten, and says what others will come to hold."""
        if held := self._live.pop(session, 0):
            self._ended, self._tokens = self._ended + 1, self._tokens + held

    def expected(self) -> float:
        """Tokens that an episode holds in the end: the mean of those that
        ended, before that the most that any has now."""
        return self._tokens / self._ended if self._ended else float(max(self._live.values(), default=0))

    def room(self) -> bool:
        """Whether one more episode fits, beside those in flight at the size they will have."""
        if self.capacity is None or not self._live:
            return True
        each = self.expected()
        return (
            not self.pressed and sum(max(held, each) for held in self._live.values()) + each <= FILLED * self.capacity
        )


class Admission:
    """The ledgers of all engines of a run, and the order in which shared prefixes are read."""

    def __init__(self, processes: int = 1) -> None:
        self._processes = processes
        """How many play the run: each fills its part of an engine that they share, and the whole of one of its own."""
        self._ledgers: dict[int, Ledger] = {}
        self._changed, self._door = asyncio.Event(), asyncio.Lock()
        self._read: OrderedDict[tuple[int, str, str], asyncio.Event] = OrderedDict()

    def told(self, backend: Backend, gauges: Gauges) -> None:
        """An engine's gauges, as they were just read."""
        self._of(backend).told(gauges)
        self._changed.set()

    def grew(self, backend: Backend, session: str, answer: Answer) -> None:
        """A backend answered a call of an episode."""
        self._of(backend).grew(session, answer)

    def _of(self, backend: Backend) -> Ledger:
        share = 1 / self._processes if backend.divisible() else 1.0
        return self._ledgers.setdefault(id(backend), Ledger(share))

    def left(self, session: str) -> None:
        """An episode is over."""
        for ledger in self._ledgers.values():
            ledger.left(session)
        self._changed.set()

    async def room(self) -> None:
        """Wait until one more episode may begin; one at a time looks, so that a thousand
        that wait are not all woken for each place."""
        async with self._door:
            while not all(ledger.room() for ledger in self._ledgers.values()):
                self._changed.clear()
                await self._changed.wait()

    def entered(self, session: str) -> None:
        """An episode begins."""
        for ledger in self._ledgers.values():
            ledger.entered(session)

    @asynccontextmanager
    async def first(self, backend: Backend, case: str, chat: Chat) -> AsyncIterator[None]:
        """The first call of a role in a case: one reads the prompt that all arms and repeats
        begin with, then the others find it cached."""
        key = (id(backend), case, chat.speaker)
        if (read := self._read.get(key)) is not None:
            await read.wait()
            yield
            return
        read = self._read[key] = asyncio.Event()
        if len(self._read) > REMEMBERED:
            self._read.popitem(last=False)
        try:
            yield
        finally:
            read.set()  # also when it failed: somebody else reads it then
