"""One process that plays: takes blocks of cases until there is none left, and writes a chain of the log of its own.

A run of one process is one worker that takes every block; of several, each is a process (`python -m simrun.play.worker
RUN NAME CONCURRENCY`) and a table of leases hands the blocks out.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from simrun.agents.backends.base import BackendError
from simrun.log.chain import RunLog, segments
from simrun.log.files import NoRoom
from simrun.log.manifest import Manifest
from simrun.log.opened import note_opened
from simrun.plan.design import Plan
from simrun.play.blocks import Blocks
from simrun.play.engines import Engines
from simrun.play.heap import settled
from simrun.play.leases import Leases
from simrun.play.replay import Past, past
from simrun.play.runner import Runner
from simrun.play.speed import Observer, beside
from simrun.play.stopping import Looking
from simrun.play.watch import Watch
from simrun.stage.trial import Trial

EVERY = 0.25
"""Seconds between a worker's reports."""
PATIENCE = 10.0
"""Seconds that a worker waits for one of an earlier session to let go of its chain."""
ROOM = "room"
"""Stands in the place of a kind of error where a worker cannot write."""
COUNTED = ("done", "playing", "calls", "prompt", "cached", "output")

Opened = Callable[[Mapping[str, Any]], None]


class Block(NamedTuple):
    """Whole cases, to be played by one worker."""

    trials: list[Trial]
    returned: bool = False
    """Whether another worker had begun it, and died: what was answered there is in the log by now."""


def in_order(plan: Plan) -> Iterator[Block]:
    """Every block, for a run of one worker."""
    return map(Block, Blocks(plan))


def leased(path: Path, name: str, plan: Plan) -> Iterator[Block]:
    """The blocks that this worker is given, as long as there are any."""
    leases, blocks = Leases(path), Blocks(plan)
    try:
        while (taken := leases.take(name)) is not None:
            yield Block(blocks.get(taken[0]), taken[1])
    finally:
        leases.close()


class Worker:
    """Plays the blocks that it is given."""

    def __init__(
        self,
        path: Path,
        plan: Plan,
        log: RunLog,
        known: Past,
        watch: Watch,
        blocks: Iterator[Block],
        looking: Looking | None = None,
    ):
        """`looking` where this process decides whether the run goes on."""
        self._path, self._plan, self._known, self._blocks = path, plan, known, blocks
        self._runner = Runner(plan, Engines(plan), log, known.answers, watch, looking)

    async def play(self, opened: Opened, follow: Callable[[Observer], Coroutine[Any, Any, None]]) -> Observer:
        """Open the engines and say who they are, then play; `follow` runs beside it.

        BackendError where one cannot be opened.
        """
        for backend in self._runner.engines.all():
            backend.keep(self._path, self._runner.crowd)
        async with self._runner.engines as engines:
            opened(begun := self._told(engines))
            observer = Observer(engines, self._runner.admission)
            async with beside(observer.tick()), beside(follow(observer)):
                with settled():
                    await self._runner.play(self._owed())
            if (ended := self._told(engines)) != begun:  # an engine may learn on the way how it has to be asked
                opened(ended)
            return observer

    def _told(self, engines: Engines) -> dict[str, Any]:
        return {"engines": engines.identities(self._plan.arms[0].name), "notes": engines.notes()}

    def _owed(self) -> Iterator[Trial]:
        for block in self._blocks:
            if block.returned:
                self._known = past(self._path)
                self._runner.recall(self._known.answers)
            yield from (trial for trial in block.trials if trial.id not in self._known.done)


class Reporter:
    """A worker process's side of the pipe to its parent."""

    def __init__(self, watch: Watch):
        self._watch = watch

    def obey(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop when the parent says so, leave when it is gone."""
        for _ in sys.stdin:
            loop.call_soon_threadsafe(setattr, self._watch, "stopping", "interrupted")
        os._exit(1)  # the parent is gone, or drops us; every line that was written is whole

    async def follow(self, observer: Observer) -> None:
        """Tell the parent again and again, until cancelled."""
        while True:
            await self.tell(observer)
            await asyncio.sleep(EVERY)

    async def tell(self, observer: Observer) -> None:
        """What was done so far, and what the engines say."""
        watch = self._watch
        look = (await observer.look()).model_dump()
        counts = {field: getattr(watch, field) for field in COUNTED}
        tell(counts | {"errors": watch.errors, "stopping": watch.stopping, "look": look})


def tell(told: Mapping[str, Any]) -> None:
    """One line to the parent; a parent that is gone is noticed elsewhere."""
    try:
        os.write(sys.stdout.fileno(), orjson.dumps(told) + b"\n")
    except BrokenPipeError:
        os._exit(1)


async def _process(path: Path, name: str, manifest: Manifest, plan: Plan) -> None:
    def opened(told: Mapping[str, Any]) -> None:
        note_opened(log, manifest, told)
        tell(told)

    log, watch = RunLog(path, name, PATIENCE), Watch(owed=0)
    known = past(path) if segments(path) else Past()
    worker, reporter = Worker(path, plan, log, known, watch, leased(path, name, plan)), Reporter(watch)
    threading.Thread(target=reporter.obey, args=(asyncio.get_running_loop(),), daemon=True).start()
    try:
        await reporter.tell(await worker.play(opened, reporter.follow))
    except BackendError as error:
        tell({"failed": str(error), "kind": error.kind})
    except NoRoom as error:
        tell({"failed": str(error), "kind": ROOM})
    finally:
        log.close()


def main() -> None:
    """A worker process: python -m simrun.play.worker RUN NAME CONCURRENCY [trust]."""
    path, name, concurrency = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    manifest = Manifest.read(path, trust="trust" in sys.argv[4:])
    asyncio.run(_process(path, name, manifest, manifest.plan().paced(concurrency)))


if __name__ == "__main__":
    main()
