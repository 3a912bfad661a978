"""Chosen episodes of a log played again, each with all that its agents were asked and all that they said."""

import contextlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simrun.agents.records import Call, Chat
from simrun.agents.reply import Reply
from simrun.log.chain import Head, LogError, read
from simrun.log.lines import CALL, EPISODE
from simrun.plan.design import Plan
from simrun.play.replay import Calls, key
from simrun.scenarios.base import Turn
from simrun.stage.drive import driven
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: what was asked, what was answered, and how the answer was read."""

    chat: Chat
    call: Call
    reply: Reply


@dataclass(frozen=True, slots=True)
class Transcript:
    """An episode that was played to its end."""

    trial: Trial
    stage: Stage
    asked: tuple[Asked, ...]
    """In the order in which they were asked."""


def transcripts(run: Path, plan: Plan, head: Head | None, wanted: Collection[str]) -> Iterator[Transcript]:
    """The finished ones of the wanted trials, in the order of the log; memory holds the calls of unfinished ones only.

    A trial that cannot be played again to its end is left out: sealing the tables names it. LogError for a log that was
    changed.
    """
    trials = {trial.id: trial for trial in plan.trials() if trial.id in wanted}
    calls, divided = Calls(), dict[str, str]()
    for line in read(run, head):
        if line.kind not in (CALL, EPISODE) or (trial := line.told("trial", str)) not in trials:
            continue
        if line.kind == CALL:
            with contextlib.suppress(LogError):  # logged twice: the first stands; sealing names the trial
                calls.add(line)
        elif (found := _again(plan, trials[trial], calls.of(trial, line.chain))) is None:
            divided.setdefault(trial, line.chain)  # ended by another process than began it
        else:
            calls.drop(trial)
            del trials[trial]
            yield found
    for trial, chain in divided.items():
        if trial in trials and (found := _again(plan, trials[trial], calls.of(trial, chain))) is not None:
            yield found


def _again(plan: Plan, trial: Trial, said: Iterable[Call]) -> Transcript | None:
    asked: list[Asked] = []
    calls = {key(call): call for call in said}

    def answer(turn: Turn, chat: Chat) -> Reply | None:
        call = calls.get(key(chat))
        if call is None or call.digest != chat.digest:
            return None
        reply = Reply.of(call.answer, turn.kinds(), chat.told)
        asked.append(Asked(chat, call, reply))
        return reply

    try:
        stage = plan.stage(trial)
        return Transcript(trial, stage, tuple(asked)) if driven(stage, answer) else None
    except Exception:  # what a scenario's own code raises: sealing has named the trial
        return None
