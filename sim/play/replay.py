"""The log played through the same stage: what reproduces outcomes, seals tables, and lets a run be resumed."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.replay import Answers
from simrun.agents.records import Call
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.log.chain import Head, LogError, LogLine, read
from simrun.plan.design import Plan
from simrun.stage.stage import Stage
from simrun.stage.trial import Episode, Trial


@dataclass(frozen=True, slots=True)
class Played:
    """An episode as the log has it, and the stage after playing it again (None where it ended in an error)."""

    trial: Trial
    episode: Episode
    calls: tuple[Call, ...]
    stage: Stage | None


def replayed(run: Path, plan: Plan, head: Head | None = None) -> Iterator[Played]:
    """Every episode line of a log, finished ones played again: in order, but for those that a second worker took over from a first.

    Memory holds the calls of unfinished trials only. LogError for a log that was changed; BackendError (`replay`) where
    a prompt is not the logged one; ConfigError where the outcome is another.
    """
    trials = {trial.id: trial for trial in plan.trials()}
    calls: dict[str, dict[tuple[str, int], Call]] = defaultdict(dict)
    divided: list[Episode] = []
    for line in read(run, head):
        if line.fields["kind"] == "call":
            _keep(call_of(line), calls, line)
            continue
        episode = Episode.model_validate(
            {key: value for key, value in line.fields.items() if key not in ("kind", "prev")}
        )
        trial = trials.get(episode.trial)
        if trial is None:
            raise LogError(f"{line.file}:{line.number}: trial {episode.trial} is not in this run's plan")
        own = tuple(calls[trial.id].values())
        if episode.error:
            yield Played(trial, episode, own, None)
        elif (stage := again(plan, trial, own, episode)) is None:
            divided.append(episode)
        else:
            del calls[trial.id]
            yield Played(trial, episode, own, stage)
    for episode in divided:
        trial, own = trials[episode.trial], tuple(calls[episode.trial].values())
        if (stage := again(plan, trial, own, episode)) is None:
            raise BackendError(
                "replay", f"trial {trial.id}: the log ends before everybody has spoken, but calls the episode finished"
            )
        yield Played(trial, episode, own, stage)


def _keep(call: Call, calls: dict[str, dict[tuple[str, int], Call]], line: LogLine) -> None:
    if (call.role, call.nth) in calls[call.trial]:
        raise LogError(f"{line.file}:{line.number}: {call.role} turn {call.nth} of trial {call.trial} is logged twice")
    calls[call.trial][call.role, call.nth] = call


def call_of(line: LogLine) -> Call:
    """A call line as the record."""
    return Call.model_validate({key: value for key, value in line.fields.items() if key not in ("kind", "prev")})


def again(plan: Plan, trial: Trial, calls: tuple[Call, ...], episode: Episode) -> Stage | None:
    """One episode played from its logged answers; its outcome must be the logged one. None where an answer is not among them."""
    stage, answers = plan.castings[trial.arm].stage(plan.cases[trial.case], trial), Answers(calls)
    while not stage.over:
        for turn in stage.pending():
            answer = answers.get(stage.chat(turn))
            if answer is None:
                return None
            stage.say(turn, Reply.of(answer, turn.kinds()))
    assert stage.outcome is not None
    found, logged = stage.outcome.model_dump(mode="json") | stage.shown, {**(episode.outcome or {}), **episode.shown}
    if found != logged:
        differing = [
            f"{key}: logged {logged.get(key)!r}, now {value!r}"
            for key, value in found.items()
            if logged.get(key) != value
        ]
        raise ConfigError(
            f"trial {trial.id} ({trial.case}, {trial.arm}): the replay came out otherwise: {'; '.join(differing)}. The scenario has changed since"
        )
    return stage


@dataclass(frozen=True, slots=True)
class Past:
    """What was played of a run already: the trials that have an outcome, and the answers of those that have none."""

    done: frozenset[str] = frozenset()
    answers: Answers = field(default_factory=Answers)


def past(run: Path, head: Head | None = None) -> Past:
    """What a resume need not ask again. LogError for a log that was changed."""
    done: set[str] = set()
    calls: dict[str, dict[tuple[str, int], Call]] = defaultdict(dict)
    for line in read(run, head):
        if line.fields["kind"] == "call" and line.fields["trial"] not in done:
            _keep(call_of(line), calls, line)
        elif line.fields["kind"] == "episode":
            done.add(line.fields["trial"])
            calls.pop(line.fields["trial"], None)
    return Past(frozenset(done), Answers(call for own in calls.values() for call in own.values()))
