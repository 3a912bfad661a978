"""Chosen episodes of a log played again, each with all that its agents were asked and all that they said."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from simrun.agents.records import Call, Chat
from simrun.agents.reply import Reply
from simrun.log.chain import Head, read
from simrun.log.lines import CALL, EPISODE, call_of
from simrun.plan.design import Plan
from simrun.scenarios.base import Turn
from simrun.stage.drive import driven
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial

Key = tuple[str, str, int, int]
"""Role, chat, turn and attempt."""


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
    calls: dict[str, dict[Key, Call]] = {trial: {} for trial in trials}
    for line in read(run, head):
        if line.kind not in (CALL, EPISODE) or (trial := line.told("trial", str)) not in calls:
            continue
        if line.kind == CALL:
            call = call_of(line)
            calls[trial].setdefault((call.role, call.chat, call.nth, call.attempt), call)
        elif (found := _again(plan, trials[trial], calls.pop(trial))) is not None:
            yield found


def _again(plan: Plan, trial: Trial, calls: dict[Key, Call]) -> Transcript | None:
    asked: list[Asked] = []

    def answer(turn: Turn, chat: Chat) -> Reply | None:
        call = calls.get((chat.role, chat.chat, chat.nth, chat.attempt))
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
