"""Several processes that play one run, for when one event loop is not enough: each leases blocks of
cases and writes its own chain of the log."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from simrun.agents.backends.base import BackendError
from simrun.config.errors import ConfigError
from simrun.log.files import NoRoom, networked
from simrun.plan.design import Plan
from simrun.play.blocks import Blocks
from simrun.play.leases import Leases
from simrun.play.speed import Look, Sampler, beside, together
from simrun.play.watch import Watch
from simrun.play.worker import COUNTED, EVERY, ROOM, Opened

LIVES = 3
"""How often a worker that died is replaced, before the run stops."""


def checked(plan: Plan, out: Path) -> None:
    """ConfigError where several processes cannot share the engines of a plan, or the folder where it is kept."""
    if plan.throughput.workers > 1 and (kind := networked(out)):
        raise ConfigError(
            f"workers={plan.throughput.workers}: {out} is on a file system of other machines too ({kind}), where "
            "SQLite cannot lease blocks safely: its locks may not hold there. Keep the run on a disk of this machine "
            "(out=DIR), or give each process its blocks: launch=slurm, launch=ray or launch=manual"
        )
    for casting in plan.castings.values():
        for role, backend in casting.backends.items():
            if plan.throughput.workers > 1 and not backend.divisible():
                raise ConfigError(
                    f"workers={plan.throughput.workers}: backend={backend.name} (of the {role}) lives in one process, "
                    "and each worker would load its own; "
                    "start a server and use backend=server url=..., or workers=1"
                )


def _failure(kind: Any, told: str) -> BackendError | NoRoom:
    return NoRoom(told) if kind == ROOM else BackendError(kind, told)


def _safe() -> dict[str, str]:
    """`python -m` looks for modules in the current folder first; the workers do where we do."""
    here = {os.path.realpath(each) for each in sys.path}
    return {} if os.path.realpath("") in here else {"PYTHONSAFEPATH": "1"}


class Workers:
    """The parent's side: starts the workers, counts what they do, replaces those that die."""

    def __init__(self, path: Path, plan: Plan, watch: Watch, opened: Opened):
        self._path, self._plan, self._watch, self._opened = path, plan, watch, opened
        self._before, self._now = watch.done, dict[str, Mapping[str, Any]]()
        self._ended: list[Mapping[str, Any]] = []
        self._leases = Leases.new(path, len(Blocks(plan)))
        self._failure: BackendError | NoRoom | None = None

    async def play(self) -> None:
        """Play all that is owed. BackendError where no engine could be opened, NoRoom where nothing can be written."""
        try:
            async with beside(Sampler(self._path, self._watch).follow(self._look)), asyncio.TaskGroup() as group:
                for number in range(self._plan.throughput.workers):
                    group.create_task(self._kept(f"w{number + 1}"))
        finally:
            self._leases.close()
        if self._failure:
            raise self._failure

    async def _kept(self, name: str) -> None:
        """One worker, replaced when it dies; what it had leased is free again."""
        for life in range(LIVES + 1):
            code = await self._worked(name)
            self._ended.append(self._now.pop(name, {}))
            if code == 0 or self._watch.stopping:
                return
            returned = self._leases.give_back(name)
            if life == LIVES:
                self._watch.stopping = (
                    f"worker {name} died {LIVES + 1} times (exit code {code}); "
                    f"the {returned} blocks that it held are owed"
                )

    async def _worked(self, name: str) -> int:
        trust = ["trust"] if self._plan.config.gate.apart else []
        options = [str(self._path), name, str(self._plan.throughput.concurrency or 0), *trust]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "simrun.play.worker",
            *options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**24,
            env=os.environ | _safe(),
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
                self._failure = self._failure or _failure(told["kind"], told["failed"])
                self._watch.stopping = self._watch.stopping or told["failed"]
            elif "engines" in told:
                self._opened(told)
            else:
                self._now[name] = told
                self._watch.stopping = self._watch.stopping or told["stopping"]
                self._count()

    def _count(self) -> None:
        reports = [*self._ended, *self._now.values()]
        for field in COUNTED:
            setattr(self._watch, field, sum(report.get(field, 0) for report in reports))
        self._watch.done += self._before
        self._watch.spent()
        self._watch.errors = sum((Counter(report.get("errors", {})) for report in reports), Counter())

    async def _look(self) -> Look:
        looks = [Look.model_validate(report["look"]) for report in self._now.values() if "look" in report]
        # every worker asks the same servers: what one was told holds for all
        gauges = [look.gauges for look in looks if look.gauges][:1]
        return Look(gauges=together(gauges), late=tuple(late for look in looks for late in look.late) or (0.0,))
