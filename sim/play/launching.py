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
from simrun.stage.roll import Roll

LIVES = 3
"""How often shares whose workers died are launched again, before the run stops."""
EVERY = 1.0
"""Seconds between two glances at what was logged."""
STORED = 15.0
"""The same where that has to be taken down from a store."""
_DONE, _FAILED = -1, -2
"""In the place of the block of a trial that is over."""
_SEATED = ("human", "caller", "batch")
"""Backends that answer in the process of whoever begins the run, or keep what they ask where it is begun."""


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
        self, path: Path, plan: Plan, watch: Watch, launcher: Launcher, done: Roll, looking: Looking | None = None
    ):
        self._path, self._plan, self._watch, self._launcher = path, plan, watch, launcher
        self._looking, self._tail = looking, Tail(path)
        # the trials of a plan are listed once: a run of millions has many looks, waves and lives
        self._block, self._owed = Roll(), [0] * len(Blocks(plan))
        for nth, block in enumerate(Blocks(plan)):
            for trial in block:
                self._block.note(trial.id, _DONE if trial.id in done else nth)
                self._owed[nth] += trial.id not in done
        self._failed = False
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
        owed = [nth for nth in range(last) if self._owed[nth]]
        own = [Share(owed[part.first], owed[part.last]) for part in shares(len(owed), self._plan.throughput.workers)]
        return Job(self._path, own, self._plan.throughput.concurrency)

    def _look(self) -> None:
        for line in self._tail.lines((EPISODE, ERROR)):
            if line["kind"] == ERROR:
                self._watch.errors[line["error"]] += 1
                self._failed = True
                self._over(line["trial"], _FAILED)
            else:
                self._over(line["trial"], _DONE)
        if self._looking:
            self._looking.look(self._watch)

    def _over(self, trial: str, how: int) -> None:
        block = self._block.get(trial)
        if block is None or block in (_DONE, how):
            return
        self._block.note(trial, how)
        self._watch.done += how == _DONE
        if block != _FAILED:
            self._owed[block] -= 1

    async def _follow(self) -> NoReturn:
        every = STORED if url(self._path) else EVERY
        while True:
            await asyncio.sleep(every)
            with contextlib.suppress(StoreError):  # asked again; it is told when nobody plays any more
                await asyncio.to_thread(fetched, self._path)
            self._look()
