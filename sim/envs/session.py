"""What the episodes of an environment share: the plan, the engines that answer for
other seats, one event loop, and the log."""

import asyncio
import shutil
import time
from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.caller import Caller
from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.config.composition import compose
from simrun.config.errors import ConfigError, unknown
from simrun.config.menus import catalogue
from simrun.envs.live import Live
from simrun.envs.options import Terms, fixed
from simrun.envs.rewards import Fair
from simrun.log.chain import RunLog
from simrun.log.lines import note_end, note_failure
from simrun.log.manifest import FILE, Manifest
from simrun.log.tables import SEALED
from simrun.plan import design
from simrun.plan.design import Plan
from simrun.play.admission import Admission
from simrun.play.answering import Answering
from simrun.play.engines import Engines
from simrun.play.replay import Past, recalled
from simrun.play.session import Session as Recorded
from simrun.play.watch import Watch
from simrun.report.run import Run, reported
from simrun.scenarios.base import Turn
from simrun.stage.drive import anywhere, drive
from simrun.stage.trial import Trial

T = TypeVar("T")


class Played(ConfigError):
    """A log in which every episode that was asked for is played or begun."""


def planned(
    overrides: Iterable[str], options: Mapping[str, Any], seats: Iterable[str] | None, config_dir: str | Path | None
) -> Plan:
    """The plan of an environment: as of a run, but without control arms unless
    asked for, and with the caller in `seats`.

    All roles are the caller's when `seats` is None. Raises ConfigError for a run that cannot be as asked.
    """
    given = ("design.controls=[]", *overrides)
    if seats is None:
        config, _ = compose(given, options, config_dir)
        seats = config.played().roles()
    roles = dict(options.get("roles") or {})
    roles |= {seat: {**roles.get(seat, {}), "backend": Caller.name} for seat in seats}
    config, folders = compose(given, {**options, "roles": roles}, config_dir)
    if config.design.stop is not None:
        raise ConfigError("design.stop: an environment plays the episodes that its caller begins; leave it out")
    return design.planned(config, catalogue(folders))


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
        self._cases, self._arms = tuple(plan.cases), tuple(arm.name for arm in plan.arms)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._path = Path(terms.log).resolve() if terms.log is not None else None
        self._kept = self._opened_log(self._path) if self._path else None
        """The run in which the episodes are kept, None where they are not."""
        played = self._kept.played if self._kept else Past()
        self._done, self._drawn = len(played.done), 0
        self._owed = {trial.id: trial for trial in plan.trials() if trial.id not in played.done} if self._kept else {}
        log = self._kept.log if self._kept and isinstance(self._kept.log, RunLog) else None
        self._answering = Answering(self.engines, log, played.answers, Watch(owed=0), Admission())

    @classmethod
    def of(cls, overrides: Iterable[str], keywords: Mapping[str, Any], seats: Iterable[str] | None) -> Self:
        """The session that the arguments of an environment ask for; all seats are the caller's when `seats` is None."""
        terms, options = Terms.apart(keywords)
        seats = (seats,) if isinstance(seats, str) else seats if seats is None else tuple(seats)
        if seats == ():
            raise ConfigError("seats=(): name one role or more, or leave it out for all of them")
        plan = planned(overrides, options, seats, terms.config_dir)
        if isinstance(terms.reward, Fair):
            terms.reward.possible(plan.reference.scenario.outcome)
        return cls(plan, terms)

    @property
    def logged(self) -> bool:
        """Whether episodes are kept."""
        return self._kept is not None

    def _opened_log(self, path: Path) -> Recorded:
        if not (path / FILE).is_file():
            path.mkdir(parents=True, exist_ok=True)
            return Recorded.begun(self.plan, time.time(), path)
        known = Manifest.read(path)
        if known.digest != self.plan.config.digest():
            raise ConfigError(
                f"{path} holds a run of another config (digest {known.digest}, this is {self.plan.config.digest()}); "
                "give another log=PATH"
            )
        kept = Recorded.found(path, known, self.plan)
        shutil.rmtree(path / SEALED, ignore_errors=True)
        return kept

    def draw(self, rng: np.random.Generator, options: Mapping[str, Any]) -> Trial:
        """The trial to play next: as the options say (`case`, `arm`, `repeat`), the rest
        drawn; with a log the next one that is owed.

        ConfigError where there is none, Played where a log owes none.
        """
        options = fixed(options, self.plan.repeats)
        for what, known in (("case", self._cases), ("arm", self._arms)):
            if what in options and options[what] not in known:
                raise unknown(what, str(options[what]), list(known))
        if self.logged:
            return self._next(options)
        for _ in range(1000):
            case = options.get("case") or self._cases[rng.integers(len(self._cases))]
            arm = options.get("arm") or self._arms[rng.integers(len(self._arms))]
            repeat = options["repeat"] if "repeat" in options else int(rng.integers(self.plan.repeats))
            if self.plan.plays(case, arm):
                return self.plan.trial(case, arm, repeat)
        raise ConfigError(f"no case plays {dict(options)}: see the exclusions and the blocks of this plan")

    def arms(self, case: str, but: str) -> list[str]:
        """The arms in which a case can be played, without one of them."""
        return [arm for arm in self._arms if arm != but and self.plan.plays(case, arm)]

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
        stage = self.plan.stage(trial)
        self._owed.pop(trial.id, None)
        if (
            not self.logged
        ):  # a trial may be drawn again while it is played: engines must not take two episodes for one conversation
            self._drawn += 1
            stage.session = f"{trial.id}-{self._drawn}"
        live = Live(stage, trial, self._seats[trial.arm])
        if len(self._answering.answers):
            recalled(stage, self._answering.answers)
        await self.others(live)
        return live

    async def others(self, live: Live) -> None:
        """Let the other seats speak until the caller is due or the episode is over.

        BackendError also where that takes too long.
        """
        seconds = self.plan.throughput.deadline
        try:
            async with asyncio.timeout(seconds):
                over = await drive(live.stage, partial(self._asked, live))
        except TimeoutError:
            raise BackendError("timeout", f"the other seats did not answer within deadline={seconds:g} s") from None
        live.moved()
        if over:
            self._ended(live)

    async def _asked(self, live: Live, turn: Turn, chat: Chat) -> Reply | None:
        """The caller's turns wait for the caller."""
        if turn.role in live.seats:
            live.wait(turn, chat)
            return None
        return await self._answering.ask(live.trial, turn, chat)

    def say(self, live: Live, role: str, answer: Answer) -> bool:
        """The caller speaks for a role that is due; whether others are due now, so that `others` must be awaited."""
        found = live.asked(role)
        if found is None:
            raise ValueError(f"{role!r} is not due; due are: {[turn.role for turn in live.mine()] or 'nobody'}")
        turn, chat = found
        self._answering.keep(chat, answer, 0.0)
        live.say(turn, Reply.of(answer, turn.kinds(), chat.told))
        if live.stage.over:
            self._ended(live)
            return False
        return not live.mine()

    def _ended(self, live: Live) -> None:
        self._done += 1
        if self._answering.log is not None:
            note_end(self._answering.log, live.trial, live.stage)
        self._release(live)

    def broken(self, live: Live, kind: str, message: str) -> None:
        """An episode ends without an outcome: it stays owed."""
        if self._answering.log is not None:
            note_failure(self._answering.log, live.trial, kind, message)
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
        if self._kept is not None:
            engines = self.engines
            self._kept.opened({"engines": engines.identities(self.plan.arms[0].name), "notes": engines.notes()})

    def close(self) -> Run | None:
        """Close engines and log; the run, sealed and with its report, where episodes were kept."""
        if self._loop is not None:
            self.run(self.engines.__aexit__())
            self._loop.close()
            self._loop = None
        if self._kept is None:
            return None
        kept, self._kept, self._answering.log = self._kept, None, None
        kept.close(self._done)
        return reported(kept)
