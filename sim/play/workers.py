"""Several processes that play one run, for when one event loop is not enough: each leases blocks of pairs and writes its own chain of the log."""

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from simrun.agents.backends.base import BackendError
from simrun.config.errors import ConfigError
from simrun.log.chain import RunLog, segments
from simrun.log.manifest import Manifest
from simrun.plan.design import Plan
from simrun.play.engines import Engines
from simrun.play.leases import Blocks, Leases
from simrun.play.replay import Past, past
from simrun.play.runner import Runner, Watch
from simrun.play.speed import Look, Observer, Sampler, beside, together

EVERY = 0.25
"""Seconds between a worker's reports."""
LIVES = 3
"""How often a worker that died is replaced, before the run stops."""
PATIENCE = 10.0
"""Seconds that a worker waits for one of an earlier session to let go of its chain."""
COUNTED = ("done", "playing", "calls", "prompt", "cached", "output")

Told = Callable[[Mapping[str, Any]], None]


def checked(plan: Plan) -> None:
    """ConfigError where several processes cannot share the engines of a plan."""
    for casting in plan.castings.values():
        for role, backend in casting.backends.items():
            if plan.config.workers > 1 and not backend.divisible():
                raise ConfigError(
                    f"workers={plan.config.workers}: backend={backend.name} (of the {role}) lives in one process, and each worker would load its own; "
                    "start a server and use backend=server url=..., or workers=1"
                )


class Crew:
    """The parent's side: starts the workers, counts what they do, replaces those that die."""

    def __init__(self, path: Path, plan: Plan, watch: Watch, opened: Told):
        self._path, self._plan, self._watch, self._opened = path, plan, watch, opened
        self._before, self._now = watch.done, dict[str, Mapping[str, Any]]()
        self._buried: list[Mapping[str, Any]] = []
        self._leases = Leases.new(path, Blocks(plan).count())
        self._failure: BackendError | None = None

    async def play(self) -> None:
        """Play all that is owed. BackendError where no engine could be opened."""
        try:
            async with beside(Sampler(self._path, self._watch).follow(self._look)), asyncio.TaskGroup() as group:
                for number in range(self._plan.config.workers):
                    group.create_task(self._kept(f"w{number + 1}"))
        finally:
            self._leases.close()
        if self._failure:
            raise self._failure

    async def _kept(self, name: str) -> None:
        """One worker, replaced when it dies; what it had leased is free again."""
        for life in range(LIVES + 1):
            code = await self._worked(name)
            self._buried.append(self._now.pop(name, {}))
            if code == 0 or self._watch.stopping:
                return
            returned = self._leases.give_back(name)
            if life == LIVES:
                self._watch.stopping = f"worker {name} died {LIVES + 1} times (exit code {code}); the {returned} blocks that it held are owed"

    async def _worked(self, name: str) -> int:
        options = [str(self._path), name, str(self._plan.config.concurrency or 0)]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "simrun.play.workers",
            *options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**24,
            start_new_session=True,  # Ctrl-C is for this process, which then tells its workers
        )
        assert process.stdin is not None
        try:
            async with beside(self._stopped(process.stdin)):
                await self._heard(name, process)
            return await process.wait()
        finally:
            process.stdin.close()  # a worker that reads the end of its input leaves at once
            await process.wait()

    async def _stopped(self, orders: asyncio.StreamWriter) -> None:
        """Pass it on when no new episodes shall be taken up."""
        while not self._watch.stopping:  # noqa: ASYNC110 - a signal handler sets it
            await asyncio.sleep(EVERY)
        orders.write(b"stop\n")
        await asyncio.Event().wait()

    async def _heard(self, name: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            told = orjson.loads(line)
            if "failed" in told:
                self._failure = self._failure or BackendError(told["kind"], told["failed"])
                self._watch.stopping = self._watch.stopping or told["failed"]
            elif "engines" in told:
                self._opened(told)
            else:
                self._now[name] = told
                self._watch.stopping = self._watch.stopping or told["stopping"]
                self._count()

    def _count(self) -> None:
        reports = [*self._buried, *self._now.values()]
        for field in COUNTED:
            setattr(self._watch, field, sum(report.get(field, 0) for report in reports))
        self._watch.done += self._before
        self._watch.errors = sum((Counter(report.get("errors", {})) for report in reports), Counter())

    async def _look(self) -> Look:
        looks = [Look.model_validate(report["look"]) for report in self._now.values() if "look" in report]
        # every worker asks the same servers: what one was told holds for all
        gauges = [look.gauges for look in looks if look.gauges][:1]
        return Look(gauges=together(gauges), late=tuple(late for look in looks for late in look.late) or (0.0,))


class Worker:
    """The worker's side: plays what it leases until there is nothing left."""

    def __init__(self, path: Path, name: str, plan: Plan):
        self._path, self._name, self._plan = path, name, plan
        self._log = RunLog(path, name, PATIENCE)
        self._known = past(path) if segments(path) else Past()
        self._watch = Watch(owed=0)
        self._runner = Runner(plan, Engines(plan), self._log, self._known.answers, self._watch)

    async def play(self) -> None:
        """Open the engines, play, and tell the parent about both."""
        threading.Thread(target=self._obey, args=(asyncio.get_running_loop(),), daemon=True).start()
        try:
            async with self._runner.engines as engines:
                tell({"engines": engines.identities(self._plan.arms[0].name), "notes": engines.notes()})
                observer = Observer(engines, self._runner.admission)
                async with beside(observer.tick()), beside(self._report(observer)):
                    await self._runner.play(self._owed())
                await self._tell(observer)
        except BackendError as error:
            tell({"failed": str(error), "kind": error.kind})
        finally:
            self._log.close()

    def _obey(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in sys.stdin:
            loop.call_soon_threadsafe(setattr, self._watch, "stopping", "interrupted")
        os._exit(1)  # the parent is gone, or drops us; every line that was written is whole

    def _owed(self) -> Iterator[Any]:
        leases, blocks = Leases(self._path), Blocks(self._plan)
        try:
            while (taken := leases.take(self._name)) is not None:
                block, returned = taken
                if returned:  # somebody died over it: what was answered there is in the log by now
                    self._known = past(self._path)
                    self._runner.recall(self._known.answers)
                yield from (trial for trial in blocks.get(block) if trial.id not in self._known.done)
        finally:
            leases.close()

    async def _report(self, observer: Observer) -> None:
        while True:
            await self._tell(observer)
            await asyncio.sleep(EVERY)

    async def _tell(self, observer: Observer) -> None:
        watch = self._watch
        look = (await observer.look()).model_dump()
        tell(
            {field: getattr(watch, field) for field in COUNTED}
            | {"errors": watch.errors, "stopping": watch.stopping, "look": look}
        )


def tell(told: Mapping[str, Any]) -> None:
    """One line to the parent; a parent that is gone is noticed elsewhere."""
    try:
        os.write(sys.stdout.fileno(), orjson.dumps(told) + b"\n")
    except BrokenPipeError:
        os._exit(1)


def main() -> None:
    """A worker process: python -m simrun.play.workers RUN NAME CONCURRENCY."""
    path, name, concurrency = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    plan = Manifest.read(path).plan()
    if concurrency:
        plan.config = plan.config.model_copy(update={"concurrency": concurrency})
    asyncio.run(Worker(path, name, plan).play())


if __name__ == "__main__":
    main()
