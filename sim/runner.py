"""Trials -> backends -> log: one coroutine an episode, no barrier anywhere."""

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.backends.replay import Answers
from simrun.agents.records import Answer, Call, Chat
from simrun.agents.reply import Reply
from simrun.design import Plan
from simrun.episode import Trial
from simrun.log import RunLog
from simrun.scenarios.base import Turn
from simrun.stage import Stage

FATAL = ("auth", "request")
"""Errors that every further episode would meet as well: the run stops taking up new ones."""


@dataclass
class Watch:
    """What a run has done so far; read by the progress display, written by the runner."""

    owed: int
    done: int = 0
    calls: int = 0
    tokens: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    started: float = field(default_factory=time.monotonic)
    stopping: str = ""
    """Why no new episode is taken up, "" while they are."""


class Engines:
    """The backends of a plan, each opened once however many roles and arms share it."""

    def __init__(self, plan: Plan):
        self._made: dict[str, Backend] = {}
        self._of = {
            (arm, role): self._shared(backend) for arm, casting in plan.castings.items() for role, backend in casting.backends.items()
        }

    def _shared(self, backend: Backend) -> Backend:
        return self._made.setdefault(f"{backend.name} {backend.model_dump_json()}", backend)

    def of(self, arm: str, role: str) -> Backend:
        """Who answers for a role in an arm."""
        return self._of[arm, role]

    def all(self) -> Iterable[Backend]:
        """Each backend once."""
        return self._made.values()

    async def __aenter__(self) -> "Engines":
        """Open all of them, or none."""
        try:
            for backend in self.all():
                await backend.open()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for backend in self.all():
            await backend.close()

    def identities(self, reference: str) -> dict[str, dict[str, object]]:
        """What answers for each role; arms are named where they differ from the reference."""
        told = {role: backend.identity() for (arm, role), backend in self._of.items() if arm == reference}
        other = {
            f"{role} ({arm})": backend.identity() for (arm, role), backend in self._of.items() if backend != self._of.get((reference, role))
        }
        return told | other

    def notes(self) -> tuple[str, ...]:
        """What every report on these backends must say."""
        return tuple(dict.fromkeys(filter(None, (backend.note() for backend in self.all()))))


class Runner:
    """Plays owed trials; a reply is in the log before the play hears it."""

    def __init__(self, plan: Plan, engines: Engines, log: RunLog, answers: Answers, watch: Watch):
        self._plan, self.engines, self._log, self._answers, self.watch = plan, engines, log, answers, watch

    async def play(self, owed: Iterator[Trial]) -> None:
        """Play all trials, as many at a time as the run or its tightest backend allows."""
        most = self._plan.config.concurrency or min(backend.concurrency for backend in self.engines.all())
        # one worker an episode in flight, drawing on one iterator: a free place is filled at once, and memory does not grow with the plan
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(most):
                    group.create_task(self._work(owed))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None  # a log that cannot be written: all workers say the same

    async def _work(self, owed: Iterator[Trial]) -> None:
        for trial in owed:
            await self.episode(trial)
            if self.watch.stopping:
                return

    async def episode(self, trial: Trial) -> None:
        """One trial, from the first turn to its line in the log."""
        casting = self._plan.castings[trial.arm]
        try:
            stage = casting.stage(self._plan.cases[trial.case], trial)
            while not stage.over:
                await self._beat(stage, trial)
        except BackendError as error:
            self._failed(trial, error.kind, str(error))
        except Exception as error:
            # a fault in a scenario costs its own trial, named and with its place, and not the trials beside it
            self._failed(trial, "internal", f"{type(error).__name__}: {error} ({traceback.extract_tb(error.__traceback__)[-1]})")
        else:
            assert stage.outcome is not None
            self._log.write("episode", {"trial": trial.id, "at": time.time(), "outcome": stage.outcome.model_dump(mode="json")})
            self.watch.done += 1
        for backend in self.engines.all():
            backend.release(trial.id)

    def _failed(self, trial: Trial, kind: str, message: str) -> None:
        self._log.write("error", {"trial": trial.id, "at": time.time(), "error": kind, "message": message})
        self.watch.errors[kind] += 1
        if kind in FATAL:
            self.watch.stopping = message

    async def _beat(self, stage: Stage, trial: Trial) -> None:
        """Everybody who is due speaks; those who are due together are asked together."""
        turns = stage.pending()
        if len(turns) == 1:
            stage.say(turns[0], await self._ask(stage.chat(turns[0]), turns[0], trial))
            return
        # all of them are awaited even when one fails: what was answered is in the log, and not asked again
        asked = [self._ask(stage.chat(turn), turn, trial) for turn in turns]
        replies = await asyncio.gather(*asked, return_exceptions=True)
        for reply in replies:
            if isinstance(reply, BaseException):
                raise reply
        for turn, reply in zip(turns, replies, strict=True):
            assert isinstance(reply, Reply)
            stage.say(turn, reply)

    async def _ask(self, chat: Chat, turn: Turn, trial: Trial) -> Reply:
        answer = self._answers.get(chat)
        if answer is None:
            asked = time.perf_counter()
            answer = await self.engines.of(trial.arm, chat.role).reply(chat)
            self._keep(chat, answer, time.perf_counter() - asked)
        return Reply.of(answer, turn.kinds())

    def _keep(self, chat: Chat, answer: Answer, seconds: float) -> None:
        call = Call(
            trial=chat.session,
            role=chat.role,
            nth=chat.nth,
            digest=chat.digest,
            seed=chat.seed,
            answer=answer,
            at=time.time(),
            seconds=round(seconds, 4),
        )
        self._log.write("call", call.model_dump())
        self.watch.calls += 1
        self.watch.tokens += answer.output_tokens or 0


def progress(watch: Watch) -> Mapping[str, object]:
    """The figures of a progress line."""
    seconds = max(time.monotonic() - watch.started, 1e-9)
    failed = watch.errors.total()
    left = watch.owed - watch.done - failed
    pace = (watch.done + failed) / seconds
    return {
        "done": watch.done,
        "owed": watch.owed,
        "calls_per_second": watch.calls / seconds,
        "tokens_per_second": watch.tokens / seconds,
        "errors": dict(watch.errors),
        "eta": left / pace if pace else None,
    }
