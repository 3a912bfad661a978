"""Trials -> backends -> log: one coroutine an episode, no barrier anywhere."""

import asyncio
import traceback
from collections.abc import Iterator

from simrun.agents.backends.base import Away, BackendError
from simrun.agents.backends.crowd import Crowd
from simrun.agents.backends.replay import Answers
from simrun.log.chain import LogError, RunLog
from simrun.log.lines import note_end, note_failure
from simrun.plan.design import Plan
from simrun.play.admission import Admission
from simrun.play.answering import Answering
from simrun.play.engines import Engines
from simrun.play.speed import beside
from simrun.play.stopping import Looking
from simrun.play.watch import Watch
from simrun.stage.drive import drive
from simrun.stage.trial import Trial

EVERY = 0.25
"""Seconds between looks at whether the user wants to go."""
FATAL = ("auth", "request", "quota", "engine")
"""Errors that every further episode would meet as well: the run stops taking up new ones."""


class Runner:
    """Plays owed trials; a reply is in the log before the play hears it."""

    def __init__(
        self,
        plan: Plan,
        engines: Engines,
        log: RunLog,
        answers: Answers,
        watch: Watch,
        looking: Looking | None = None,
    ):
        """`looking` where this process decides whether the run goes on."""
        self._plan, self.engines, self._log, self.watch, self._looking = plan, engines, log, watch, looking
        self.crowd = Crowd()
        self.admission = Admission(plan.throughput.workers * plan.throughput.together)
        self._answering = Answering(engines, log, answers, watch, self.admission)

    async def play(self, owed: Iterator[Trial]) -> None:
        """Play all trials, as many at a time as the run or its tightest backend allows."""
        most = len(self._plan.cases) * len(self._plan.arms) * self._plan.repeats
        # one worker an episode in flight, drawing on one iterator: a free place is filled at once, and memory does not
        # grow with the plan
        try:
            async with beside(self._left()), asyncio.TaskGroup() as group:
                for _ in range(min(self.engines.concurrency, most)):
                    group.create_task(self._work(owed))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # a log that cannot be written: all workers say the same

    async def _left(self) -> None:
        """Engines that answer much later are not waited for when the user wants to go."""
        while self.engines.deferred and self.watch.stopping != "interrupted":  # noqa: ASYNC110 - a signal handler sets it
            await asyncio.sleep(EVERY)
        for backend in self.engines.deferred:
            backend.leave()

    def recall(self, answers: Answers) -> None:
        """Take these for the answers that are known already."""
        self._answering.answers = answers

    async def _work(self, owed: Iterator[Trial]) -> None:
        while not self.watch.stopping:
            await self.admission.room()
            trial = next(owed, None)
            if trial is None or self.watch.stopping:
                return
            self.admission.entered(trial.id)
            self.crowd.enter(trial.id)
            self.watch.playing += 1
            await self.episode(trial)
            self.watch.playing -= 1
            self.watch.spent()
            # agents that answer at once never give way: the loop has a progress display and signals to see to
            await asyncio.sleep(0)

    async def episode(self, trial: Trial) -> None:
        """One trial, from the first turn to its line in the log."""
        try:
            async with asyncio.timeout(self._plan.throughput.deadline):
                stage = self._plan.stage(trial)
                await drive(stage, self._answering.of(trial))
        except LogError:
            raise  # what cannot be kept is not played
        except Away as away:
            self.watch.stopping = self.watch.stopping or str(away)
        except BackendError as error:
            self._failed(trial, error.kind, str(error))
        except TimeoutError:
            self._failed(
                trial, "timeout", f"the episode did not end within deadline={self._plan.throughput.deadline:g} s"
            )
        except Exception as error:
            # a fault in a scenario costs its own trial, named and with its place, and not the trials beside it
            self._failed(
                trial, "internal", f"{type(error).__name__}: {error} ({traceback.extract_tb(error.__traceback__)[-1]})"
            )
        else:
            note_end(self._log, trial, stage)
            self.watch.done += 1
            if self._looking:
                self._looking.look(self.watch)
        self.admission.left(trial.id)
        for backend in self.engines.all():
            backend.release(trial.id)
        self.crowd.release(trial.id)

    def _failed(self, trial: Trial, kind: str, message: str) -> None:
        note_failure(self._log, trial, kind, message)
        self.watch.errors[kind] += 1
        if kind in FATAL:
            self.watch.stopping = message
