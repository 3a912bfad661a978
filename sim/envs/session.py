"""What the episodes of an environment share: the plan, the engines that answer for other seats, one event loop, and the log."""

import asyncio
import shutil
import time
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from simrun.agents.backends.caller import Caller
from simrun.agents.backends.replay import Answers
from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.config.composition import compose
from simrun.config.errors import ConfigError, unknown
from simrun.config.menus import catalogue
from simrun.envs.live import Live
from simrun.envs.options import Terms
from simrun.envs.rewards import Fair
from simrun.log.chain import RunLog
from simrun.log.manifest import FILE, Manifest
from simrun.plan.design import Plan
from simrun.play.engines import Engines
from simrun.play.replay import Past, past
from simrun.play.runner import note_call, note_end, note_failure
from simrun.report.run import Run, anywhere, closed, plan_table, reported
from simrun.scenarios.base import Turn
from simrun.stage.trial import Trial

T = TypeVar("T")


class Played(ConfigError):
    """A log in which every episode that was asked for is played or begun."""


def planned(
    overrides: Iterable[str], options: Mapping[str, Any], seats: Iterable[str] | None, config_dir: str | Path | None
) -> Plan:
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

    With a log every trial of the plan is played once, in the plan's order; a folder that holds a run is gone on with.
    """

    def __init__(self, plan: Plan, terms: Terms):
        self.plan, self.terms = plan, terms
        self.engines = Engines(plan)
        self._seats = {
            arm: frozenset(role for role, backend in casting.backends.items() if isinstance(backend, Caller))
            for arm, casting in plan.castings.items()
        }
        roles = dict.fromkeys(role for casting in plan.castings.values() for role in casting.backends)
        self.seats = tuple(role for role in roles if any(role in taken for taken in self._seats.values()))
        """The roles that the caller plays in some arm."""
        self._excluded = {(each.case, each.arm) for each in plan.exclusions}
        self._cases, self._arms = tuple(plan.cases), tuple(arm.name for arm in plan.arms)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._path = Path(terms.log).resolve() if terms.log is not None else None
        self._log: RunLog | None = None
        self._past = Past()
        self._owed: dict[str, Trial] = {}
        self._drawn = self._done = 0
        if self._path is not None:
            self._log = self._opened_log(self._path)

    @classmethod
    def of(cls, overrides: Iterable[str], keywords: Mapping[str, Any], seats: Iterable[str] | None) -> Self:
        """The session that the arguments of an environment ask for; all seats are the caller's when `seats` is None."""
        terms, options = Terms.apart(keywords)
        plan = planned(overrides, options, seats, terms.config_dir)
        if isinstance(terms.reward, Fair):
            terms.reward.possible(plan.reference.scenario.outcome)
        return cls(plan, terms)

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
        self._owed = {trial.id: trial for trial in self.plan.trials() if trial.id not in self._past.done}
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
            return self._next(options)
        for _ in range(1000):
            case = options.get("case") or self._cases[rng.integers(len(self._cases))]
            arm = options.get("arm") or self._arms[rng.integers(len(self._arms))]
            repeat = int(options["repeat"]) if "repeat" in options else int(rng.integers(self.plan.config.repeats))
            if (case, arm) not in self._excluded:
                return self.plan.trial(case, arm, repeat)
        raise ConfigError(f"no case fits {dict(options)}: see the exclusions of this plan")

    def arms(self, case: str, but: str) -> list[str]:
        """The arms in which a case can be played, without one of them."""
        return [arm for arm in self._arms if arm != but and (case, arm) not in self._excluded]

    def _next(self, options: Mapping[str, Any]) -> Trial:
        asked = {what: options[what] for what in ("case", "arm", "repeat") if what in options}
        for trial in self._owed.values():
            if all(getattr(trial, what) == value for what, value in asked.items()):
                return trial
        raise Played(
            f"all episodes {asked or ''} of {self._path} are played or begun; give more repeats=, or another log=PATH"
        )

    async def begin(self, trial: Trial) -> Live:
        """A trial, up to the first turn that the caller must speak. BackendError when another seat's engine fails."""
        stage = self.plan.castings[trial.arm].stage(self.plan.cases[trial.case], trial)
        self._owed.pop(trial.id, None)
        if (
            not self.logged
        ):  # a trial may be drawn again while it is played: engines must not take two episodes for one conversation
            self._drawn += 1
            stage.session = f"{trial.id}-{self._drawn}"
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
                for turn, reply in zip(
                    turns, await asyncio.gather(*(self._answered(live, turn) for turn in turns)), strict=True
                ):
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

    def say(self, live: Live, role: str, answer: Answer) -> bool:
        """The caller speaks for a role that is due; whether others are due now, so that `others` must be awaited."""
        found = live.asked(role)
        if found is None:
            raise ValueError(f"{role!r} is not due; due are: {[turn.role for turn in live.mine()] or 'nobody'}")
        turn, chat = found
        self._keep(chat, answer, 0.0)
        live.say(turn, Reply.of(answer, turn.kinds()))
        if live.stage.over:
            self._ended(live)
            return False
        return not live.mine()

    def _keep(self, chat: Chat, answer: Answer, seconds: float) -> None:
        if self._log is not None:
            note_call(self._log, chat, answer, seconds)

    def _ended(self, live: Live) -> None:
        self._done += 1
        if self._log is not None:
            note_end(self._log, live.trial, live.stage)
        self._release(live)

    def broken(self, live: Live, kind: str, message: str) -> None:
        """An episode ends without an outcome: it stays owed."""
        if self._log is not None:
            note_failure(self._log, live.trial, kind, message)
        self._release(live)

    def _release(self, live: Live) -> None:
        for backend in self.engines.all():
            backend.release(live.stage.session)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to its end on the loop of this session, from a script or from within a notebook's loop."""
        loop = self._loop or self._looped()
        return anywhere(coroutine, loop.run_until_complete)

    def _looped(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.new_event_loop()
        try:
            self.run(self.open())
        except BaseException:
            self._loop.close()
            self._loop = None
            raise
        return self._loop

    async def open(self) -> None:
        """Open the engines, on the loop that runs; `run` does so by itself, on a loop of its own."""
        await self.engines.__aenter__()
        if self._path is not None:
            told = {"engines": self.engines.identities(self.plan.arms[0].name), "notes": self.engines.notes()}
            Manifest.read(self._path).model_copy(update=told).write(self._path)

    def close(self) -> Run | None:
        """Close engines and log; the run, sealed and with its report, where episodes were kept."""
        if self._loop is not None:
            self.run(self.engines.__aexit__())
            self._loop.close()
            self._loop = None
        if self._log is None or self._path is None:
            return None
        closed(self._path, self._log, self._done)
        self._log = None
        return reported(self._path, self.plan)
