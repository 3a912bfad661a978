"""A run is begun, played, gone on with and closed: its manifest is read once,
held here, and written when it has changed."""

import asyncio
import contextlib
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from simrun.agents.backends.base import BackendError
from simrun.config.errors import ConfigError
from simrun.log.begun import digest
from simrun.log.chain import LOOKS, Lock, RunLog, heads, segments
from simrun.log.files import NoRoom
from simrun.log.looks import deciding, looked
from simrun.log.manifest import Manifest, folder
from simrun.log.opened import Openings, note_opened
from simrun.log.tables import PLANNED, SEALED, made, plan_table, seal
from simrun.log.trust import ask, note
from simrun.plan.context import check_context
from simrun.plan.design import Plan
from simrun.plan.refusals import comparable
from simrun.plan.treatment import audited
from simrun.play.judging import verdicts
from simrun.play.labelling import keep, kept, noted, told
from simrun.play.replay import UNREPLAYED, Past, past, replayed
from simrun.play.speed import FILE as PACE
from simrun.play.speed import Sampler, beside
from simrun.play.stopping import Decide, Looking
from simrun.play.watch import Watch
from simrun.play.worker import Worker, in_order
from simrun.play.workers import Workers, checked
from simrun.stage.drive import anywhere


class Watching:
    """Looks at a run's progress while it is played; this one looks away."""

    def planned(self, plan: Plan) -> None:
        """A new run is about to begin: what it takes can be told."""

    def about(self, path: Path, watch: Watch) -> None:
        """The run begins."""

    async def follow(self, watch: Watch) -> None:
        """Runs beside the run until it is cancelled."""


@dataclass
class Session:
    """One run in hand: its folder, its plan, its manifest, and what was played of it."""

    path: Path
    plan: Plan
    manifest: Manifest
    log: RunLog | Lock
    """The log, to write to it; where several workers write it, only the right to have it written."""
    played: Past = field(default_factory=Past)
    looking: Looking | None = None
    """Looks at it, where it may stop before its last case."""
    stopped: str = ""
    """Why playing ended before all was played, "" when it did not."""

    @classmethod
    def begun(cls, plan: Plan, created: float, path: Path | None = None, decide: Decide | None = None) -> Self:
        """A new folder for a plan, with its manifest and plan.parquet; `decide` for one that may stop early."""
        manifest = Manifest.of(plan, created).told(treatment=audited(plan).line())
        path = path or folder(plan.config, created, plan.scenario.name)
        manifest = manifest.told(name=path.name)
        try:
            plan_table(plan, path / PLANNED)
            manifest.write(path)
            note(manifest, path)
            return cls(path, plan, manifest, _log(path, plan), looking=_looking(path, plan, manifest, decide))
        except NoRoom:
            shutil.rmtree(path)  # there is nothing to go on with
            raise

    @classmethod
    def found(cls, path: Path, manifest: Manifest, plan: Plan, decide: Decide | None = None) -> Self:
        """A run that was begun before; `decide` for one that may stop early."""
        log = _log(path, plan)  # before looking at what was played: another process may be playing it
        try:
            played, looking = past(path, manifest.tip(), Openings(manifest)), _looking(path, plan, manifest, decide)
        except BaseException:
            log.close()
            raise
        return cls(path, plan, manifest, log, played, looking)

    def tell(self, **told: Any) -> None:
        """Change the manifest, here and on the disk."""
        self.manifest = self.manifest.told(**told)
        self.manifest.write(self.path)

    def opened(self, told: Mapping[str, Any]) -> None:
        """The engines are there, and say who they are; a log of several workers has it from each of them."""
        if self.manifest.complete:
            return  # nobody will be asked
        engines, notes = told["engines"], tuple(dict.fromkeys((*self.manifest.notes, *told["notes"])))
        if isinstance(self.log, RunLog):
            note_opened(self.log, self.manifest, told)
        self.tell(engines=engines, notes=notes)

    def close(self, done: int) -> None:
        """Close the log, and note where it ends and whether it is complete; `done` counts
        the episodes that a log of one process has."""
        looks = {LOOKS: self.looking.close()} if self.looking else {}
        self.log.close()
        # workers that died have not told all that they did; the log has
        alone = isinstance(self.log, RunLog)
        done = done if alone else len(past(self.path).done)
        ends = {**self.manifest.heads, "": self.log.head} if isinstance(self.log, RunLog) else heads(self.path)
        decided = self.looking is not None and self.looking.decided is not None
        complete = decided or done == self.manifest.owed
        self.tell(heads=ends | looks, complete=complete, pace=digest([self.path / PACE]))

    def label(self) -> None:
        """Keep in the log what people said, where the run names a file of it."""
        if self.plan.config.labels and not kept(self.path):
            labels, faults = told(self.plan)
            keep(self.path, self.plan, labels, faults)
            self.tell(heads=heads(self.path), notes=noted(self.manifest, faults))

    def seal(self) -> None:
        """Make the tables. LogError for a log that was changed.

        A trial that cannot be played again as it is logged is named, and leaves the run incomplete.
        """
        if bad := sealed(self.path, self.plan, self.manifest, spare=True):
            names = ", ".join(bad[:5]) + (" ..." if len(bad) > 5 else "")
            note = f"{len(bad)} of the logged episodes cannot be played again and are left out: {names} (simrun replay)"
            self.tell(complete=False, notes=tuple(dict.fromkeys((*self.manifest.notes, note))))

    def play(self, watching: Watching | None = None) -> None:
        """Play what is owed, and close the log; whatever happens, what was answered is kept."""
        # a kill from here on must not leave tables of another log
        shutil.rmtree(self.path / SEALED, ignore_errors=True)
        watch = Watch(
            owed=self.manifest.owed,
            done=len(self.played.done),
            before=self.played.tokens,
            budget=self.plan.throughput.tokens,
        )
        watch.spent()
        try:
            anywhere(self._played(watch, watching or Watching()))
        except asyncio.CancelledError:
            watch.stopping = "interrupted"  # the second Ctrl-C; what was answered is in the log
        finally:
            self.close(watch.done)
        self.stopped = watch.stopping

    async def _played(self, watch: Watch, watching: Watching) -> None:
        begun = False

        def opened(told: Mapping[str, Any]) -> None:
            nonlocal begun
            if not begun:
                watching.about(self.path, watch)
            begun = True
            self.opened(told)

        if self.looking:
            self.looking.look(watch)  # a run may have been killed between a last outcome and its look
        if watch.stopping:
            return
        with _interruptible(watch, self.plan.throughput.stop_grace):
            async with beside(watching.follow(watch)):
                if isinstance(self.log, RunLog):
                    owed = in_order(self.plan)
                    worker = Worker(self.path, self.plan, self.log, self.played, watch, owed, self.looking)
                    sampler = Sampler(self.path, watch)
                    await worker.play(opened, lambda observer: sampler.follow(observer.look))
                else:
                    await self._by_workers(Workers(self.path, self.plan, watch, opened), watch)

    async def _by_workers(self, workers: Workers, watch: Watch) -> None:
        """Several processes play; where the run may stop, this one looks at what they have played."""
        if self.looking is None:
            return await workers.play()
        async with beside(self.looking.follow(watch)):
            await workers.play()
        self.looking.look(watch)  # what they played last
        return None


def start(plan: Plan, decide: Decide, watching: Watching | None = None) -> Session:
    """Play a new run. ConfigError for one that could find nothing, BackendError where no engine could be opened."""
    created = time.time()
    comparable(plan)
    check_context(plan)
    checked(plan)
    for judge in (each for each in plan.reference.judges if each.compares):
        raise ConfigError(
            f"judge={judge.name} compares each arm with the first one, and so can be asked only when both were played: "
            f"leave it out, and afterwards simrun judge RUN judge={judge.name}"
        )
    if plan.config.labels:
        told(plan)
    session = Session.begun(plan, created, decide=decide)
    if watching:
        watching.planned(plan)
    try:
        session.play(watching)
    except BackendError:
        if not any(file.stat().st_size for file in segments(session.path)):
            shutil.rmtree(session.path)  # no backend could be opened: there is nothing to go on with
        raise
    return session


def resume(
    path: Path,
    decide: Decide,
    watching: Watching | None = None,
    concurrency: int | None = None,
    trust: bool = False,
    tokens: int | None = None,
) -> Session:
    """Go on with a run where it stopped: nothing that was answered is asked again.

    ConfigError for a run that was not begun here, which names all that it would do, unless the user trusts it.
    """
    manifest = Manifest.read(path, trust)
    ask(manifest, path, "resume", trust)
    session = Session.found(path, manifest, manifest.plan().paced(concurrency, tokens), decide)
    session.play(watching)
    return session


def sealed(
    path: Path, plan: Plan, manifest: Manifest, spare: bool = False, into: Path | None = None
) -> tuple[str, ...]:
    """Make the tables of a run whose log is closed; those of one that is still playing `into` a folder of their own,
    which has the run's name.

    LogError for a log that was changed. Where a trial cannot be played again as it is logged, ConfigError or
    BackendError; with `spare` it stands in the tables as an episode that ended in an error, and is returned.
    """
    judged = verdicts(path, plan, manifest)
    for trial, said in kept(path, manifest.tip()).items():
        judged.setdefault(trial, {}).update(said)
    ended = deciding(looked(path, manifest.tip()))
    beyond = tuple(plan.cases)[ended.cases :] if ended else ()
    there = replayed(path, plan, manifest, spare)
    failed = seal((into or path) / SEALED, manifest.name, plan, there, judged, beyond)
    if into is None:
        made(path / SEALED)
    return tuple(trial for trial, error in failed.items() if error == UNREPLAYED)


def _looking(path: Path, plan: Plan, manifest: Manifest, decide: Decide | None) -> Looking | None:
    return Looking(path, plan, manifest, decide) if decide and plan.config.design.stop is not None else None


def _log(path: Path, plan: Plan) -> RunLog | Lock:
    return RunLog(path) if plan.throughput.workers == 1 else Lock(path)


@contextlib.contextmanager
def _interruptible(watch: Watch, grace: float) -> Iterator[None]:
    """First Ctrl-C: no new episodes, those in flight end. Second: they are dropped, their answers kept.

    SIGTERM is the first, and `grace` seconds later the second: whoever sends it kills what does not end.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupted() -> None:
        if watch.stopping and task:
            task.cancel()
        watch.stopping = "interrupted"

    def terminated() -> None:
        if watch.grace is not None:
            interrupted()
        elif task:
            timers.append(loop.call_later(grace, task.cancel))
        watch.stopping, watch.grace = "interrupted", grace

    timers: list[asyncio.TimerHandle] = []
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
        for each in timers:
            each.cancel()
