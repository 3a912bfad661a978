"""A run that is played elsewhere: its owed blocks are cut into shares and launched, in waves where it may stop."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from simrun.config.errors import ConfigError
from simrun.log.chain import Tail
from simrun.log.lines import EPISODE, ERROR
from simrun.log.store.address import url
from simrun.log.store.bucket import StoreError
from simrun.log.store.taking import fetched
from simrun.plan.design import Plan
from simrun.plan.looks import looks
from simrun.play.blocks import Blocks, Share, shares
from simrun.play.launch.base import Job, Launcher
from simrun.play.speed import beside
from simrun.play.stopping import Looking
from simrun.play.watch import Watch

LIVES = 3
"""How often shares whose workers died are launched again, before the run stops."""
EVERY = 1.0
"""Seconds between two glances at what was logged."""
STORED = 15.0
"""The same where that has to be taken down from a store."""
_SEATED = ("human", "caller")
"""Backends that answer in the process of whoever begins the run."""


def check_launched(plan: Plan) -> None:
    """ConfigError for a plan that nobody elsewhere can play."""
    for casting in plan.castings.values():
        for role, backend in casting.backends.items():
            if backend.name in _SEATED:
                by = plan.throughput.launch.get("name")
                raise ConfigError(
                    f"launch={by}: backend={backend.name} (of the {role}) answers where the run is begun; play it "
                    "here, without launch"
                )


class Launching:
    """Has a run played by a launcher, and counts what its workers log."""

    def __init__(
        self, path: Path, plan: Plan, watch: Watch, launcher: Launcher, done: set[str], looking: Looking | None = None
    ):
        self._path, self._plan, self._watch, self._launcher = path, plan, watch, launcher
        self._done, self._looking, self._tail = done, looking, Tail(path)
        self._failed: set[str] = set()
        for _ in self._tail.lines(()):
            pass  # what is logged already was counted

    async def play(self) -> None:
        """Launch all that is owed. BackendError or ConfigError where nothing can be started."""
        for last in self._waves():
            job, lives = self._job(last), LIVES
            while job.shares and lives >= 0 and not self._watch.stopping:
                async with beside(self._follow()):
                    await self._launcher.play(job, self._watch)
                await asyncio.to_thread(fetched, self._path)
                self._look()
                job, lives = self._job(last), lives - 1
            if left := job.shares:
                self._watch.stopping = self._watch.stopping or (
                    f"workers died {LIVES + 1} times before they had played blocks {left[0].first} to {left[-1].last}"
                )
            if self._watch.stopping or self._failed:
                return

    def _waves(self) -> Iterator[int]:
        """Up to which block, without it, is played before the next look: all of them where there are no looks."""
        blocks = Blocks(self._plan)
        cases = looks(self._plan.config.design, len(self._plan.cases)) if self._looking else (len(self._plan.cases),)
        yield from (-(-each // blocks.cases) for each in cases)

    def _job(self, last: int) -> Job:
        blocks = Blocks(self._plan)
        over = self._done | self._failed
        owed = [nth for nth in range(last) if any(each.id not in over for each in blocks.get(nth))]
        own = [Share(owed[part.first], owed[part.last]) for part in shares(len(owed), self._plan.throughput.workers)]
        return Job(self._path, own, self._plan.throughput.concurrency)

    def _look(self) -> None:
        for line in self._tail.lines((EPISODE, ERROR)):
            if line["kind"] == ERROR:
                self._watch.errors[line["error"]] += 1
                self._failed.add(line["trial"])
            else:
                self._done.add(line["trial"])
        self._watch.done = len(self._done)
        if self._looking:
            self._looking.look(self._watch)

    async def _follow(self) -> NoReturn:
        every = STORED if url(self._path) else EVERY
        while True:
            await asyncio.sleep(every)
            with contextlib.suppress(StoreError):  # asked again; it is told when nobody plays any more
                await asyncio.to_thread(fetched, self._path)
            self._look()
