"""What the episodes of an environment share: the plan, the engines that answer for other seats, one event loop, and the log."""

import asyncio
import shutil
import time
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from simrun.agents.backends.caller import Caller
from simrun.agents.backends.replay import Answers
from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.catalogue import ConfigError, catalogue, unknown
from simrun.compose import compose
from simrun.design import Plan
from simrun.engines import Engines
from simrun.envs.live import Live
from simrun.episode import Trial
from simrun.log import RunLog
from simrun.manifest import FILE, Manifest
from simrun.replay import Past, past
from simrun.runs import Run, plan_table
from simrun.scenarios.base import Turn
from simrun.seal import seal

T = TypeVar("T")


class Played(ConfigError):
    """A log in which every episode that was asked for is played or begun."""


def planned(overrides: Iterable[str], options: Mapping[str, Any], seats: Iterable[str] | None, config_dir: str | Path | None) -> Plan:
    """The plan of an environment: as of a run, but without control arms unless asked for, and with the caller in `seats`.

    All roles are the caller's when `seats` is None. Raises ConfigError for a run that cannot be as asked.
    """
    given = ("design.controls=[]", *overrides)
    if seats is None:
        config, _ = compose(given, options, config_dir)
        seats = config.played().roles()
    roles = dict(options.get("roles") or {})
    roles |= {seat: {**roles.get(seat, {}), "backend": Caller.name} for seat in seats}
    config, folders = compose(given, {**options, "roles": roles}, config_dir)
    return Plan(config, catalogue(folders))


class Session:
    """Begins episodes, has the other seats answer, and keeps what was said where a log is asked for.

    With `log`, a folder, every trial of the plan is played once, in the plan's order; a folder that holds a run is gone on with.
    """

    def __init__(self, plan: Plan, log: str | Path | None = None):
        self.plan = plan
        self.engines = Engines(plan)
        self.roles = tuple(dict.fromkeys(role for casting in plan.castings.values() for role in casting.backends))
        self._seats = {
            arm: frozenset(role for role, backend in casting.backends.items() if isinstance(backend, Caller))
            for arm, casting in plan.castings.items()
        }
        self.seats = tuple(role for role in self.roles if any(role in taken for taken in self._seats.values()))
        """The roles that the caller plays in some arm."""
        self._excluded = {(each.case, each.arm) for each in plan.exclusions}
        self._cases, self._arms = tuple(plan.cases), tuple(arm.name for arm in plan.arms)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._path = Path(log).resolve() if log is not None else None
        self._log: RunLog | None = None
        self._past = Past()
        self._begun: set[str] = set()
        self._done = 0
        if self._path is not None:
            self._log = self._opened_log(self._path)

    @property
    def logged(self) -> bool:
        """Whether episodes are kept."""
        return self._path is not None

    def _opened_log(self, path: Path) -> RunLog:
        if not (path / FILE).is_file():
            path.mkdir(parents=True, exist_ok=True)
            plan_table(self.plan, path)
            Manifest.of(self.plan, time.time()).write(path)
        elif (known := Manifest.read(path)).digest != self.plan.config.digest():
            raise ConfigError(
                f"{path} holds a run of another config (digest {known.digest}, this is {self.plan.config.digest()}); give another log=PATH"
            )
        pen = RunLog(path)
        self._past = past(path, Manifest.read(path).tip())
        shutil.rmtree(path / "sealed", ignore_errors=True)
        self._done = len(self._past.done)
        return pen

    def draw(self, rng: np.random.Generator, options: Mapping[str, Any]) -> Trial:
        """The trial to play next: as the options say (`case`, `arm`, `repeat`), the rest drawn; with a log the next one that is owed.

        ConfigError where there is none, Played where a log owes none.
        """
        for what, known in (("case", self._cases), ("arm", self._arms)):
            if what in options and options[what] not in known:
                raise unknown(what, str(options[what]), list(known))
        if self.logged:
            return self._owed(options)
        for _ in range(1000):
            case = options.get("case") or self._cases[rng.integers(len(self._cases))]
            arm = options.get("arm") or self._arms[rng.integers(len(self._arms))]
            repeat = int(options["repeat"]) if "repeat" in options else int(rng.integers(self.plan.config.repeats))
            if (case, arm) not in self._excluded:
                return self.trial(case, arm, repeat)
        raise ConfigError(f"no case fits {dict(options)}: see the exclusions of this plan")

    def arms(self, case: str, but: str) -> list[str]:
        """The arms in which a case can be played, without one of them."""
        return [arm for arm in self._arms if arm != but and (case, arm) not in self._excluded]

    def trial(self, case: str, arm: str, repeat: int) -> Trial:
        """The trial of a case, an arm and a repeat."""
        found = next(each for each in self.plan.arms if each.name == arm)
        return Trial(id=self.plan._id(case, found, repeat), case=case, arm=arm, repeat=repeat)

    def _owed(self, options: Mapping[str, Any]) -> Trial:
        for trial in self.plan.trials():
            asked = all(options[what] == getattr(trial, what) for what in ("case", "arm", "repeat") if what in options)
            if asked and trial.id not in self._begun and trial.id not in self._past.done:
                return trial
        raise Played(f"all episodes {dict(options) or ''} of {self._path} are played or begun; give more repeats=, or another log=PATH")

    async def begin(self, trial: Trial) -> Live:
        """A trial, up to the first turn that the caller must speak. BackendError when another seat's engine fails."""
        stage = self.plan.castings[trial.arm].stage(self.plan.cases[trial.case], trial)
        self._begun.add(trial.id)
        live = Live(stage, trial, self._seats[trial.arm])
        if len(self._past.answers):
            self._recall(live, self._past.answers)
        await self.others(live)
        return live

    def _recall(self, live: Live, answers: Answers) -> None:
        """Say again what a log has already."""
        said = True
        while said:
            said = False
            for turn in live.stage.pending():
                if answer := answers.get(live.stage.chat(turn)):
                    live.say(turn, Reply.of(answer, turn.kinds()))
                    said = True

    async def others(self, live: Live) -> None:
        """Let the other seats speak until the caller is due or the episode is over."""
        while turns := live.theirs():
            if len(turns) == 1:
                live.say(turns[0], await self._answered(live, turns[0]))
            else:
                for turn, reply in zip(turns, await asyncio.gather(*(self._answered(live, turn) for turn in turns)), strict=True):
                    live.say(turn, reply)
            if live.mine():
                break
        if live.stage.over:
            self._ended(live)

    async def _answered(self, live: Live, turn: Turn) -> Reply:
        chat, asked = live.stage.chat(turn), time.perf_counter()
        answer = await self.engines.of(live.trial.arm, turn.role).reply(chat)
        self._keep(chat, answer, time.perf_counter() - asked)
        return Reply.of(answer, turn.kinds())

    def say(self, live: Live, role: str, text: str) -> bool:
        """The caller speaks for a role that is due; whether others are due now, so that `others` must be awaited."""
        found = live.asked(role)
        if found is None:
            raise ValueError(f"{role!r} is not due; due are: {[turn.role for turn in live.mine()] or 'nobody'}")
        turn, chat = found
        answer = Answer(text=text)
        self._keep(chat, answer, 0.0)
        live.say(turn, Reply.of(answer, turn.kinds()))
        if live.stage.over:
            self._ended(live)
            return False
        return not live.mine()

    def _keep(self, chat: Chat, answer: Answer, seconds: float) -> None:
        if self._log is not None:
            told = {"trial": chat.session, "role": chat.role, "nth": chat.nth, "digest": chat.digest, "seed": chat.seed}
            self._log.write("call", told | {"answer": answer.model_dump(), "at": time.time(), "seconds": round(seconds, 4)})

    def _ended(self, live: Live) -> None:
        self._done += 1
        if self._log is not None and live.stage.outcome is not None:
            told = {"shown": live.stage.shown} if live.stage.shown else {}
            outcome = live.stage.outcome.model_dump(mode="json")
            self._log.write("episode", {"trial": live.trial.id, "at": time.time(), "outcome": outcome, **told})
        self._release(live)

    def broken(self, live: Live, kind: str, message: str) -> None:
        """An episode ends without an outcome: it stays owed."""
        if self._log is not None:
            self._log.write("error", {"trial": live.trial.id, "at": time.time(), "error": kind, "message": message})
        self._release(live)

    def _release(self, live: Live) -> None:
        for backend in self.engines.all():
            backend.release(live.trial.id)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to its end on the loop of this session, from a script or from within a notebook's loop."""
        loop = self._loop or self._open()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return loop.run_until_complete(coroutine)
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(loop.run_until_complete, coroutine).result()

    def _open(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.new_event_loop()
        try:
            self.run(self.engines.__aenter__())
        except BaseException:
            self._loop.close()
            self._loop = None
            raise
        if self._path is not None:
            told = {"engines": self.engines.identities(self.plan.arms[0].name), "notes": self.engines.notes()}
            Manifest.read(self._path).model_copy(update=told).write(self._path)
        return self._loop

    def close(self) -> Run | None:
        """Close engines and log; the run, sealed and with its report, where episodes were kept."""
        if self._loop is not None:
            self.run(self.engines.__aexit__())
            self._loop.close()
            self._loop = None
        if self._log is None or self._path is None:
            return None
        self._log.close()
        manifest = Manifest.read(self._path)
        ends = {"heads": {**manifest.heads, "": self._log.head}, "complete": self._done == manifest.owed}
        manifest = manifest.model_copy(update=ends)
        manifest.write(self._path)
        self._log = None
        seal(self._path, self.plan, manifest.tip())
        run = Run(self._path)
        run.write_report()
        return run
