"""The log played through the same stage: what reproduces outcomes, seals tables, and lets a run be resumed."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simrun.agents.backends.base import BackendError
from simrun.agents.backends.replay import Answers
from simrun.agents.records import Call, Chat
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.log.chain import Head, LogError, LogLine, is_share, read
from simrun.log.lines import CALL, EPISODE, ERROR, Played, call_of, record
from simrun.log.manifest import Manifest
from simrun.log.opened import Openings
from simrun.plan.design import Plan
from simrun.plan.trials import Trials
from simrun.scenarios.base import Turn
from simrun.stage.drive import driven
from simrun.stage.roll import Roll
from simrun.stage.stage import Stage
from simrun.stage.trial import Episode, Trial

UNREPLAYED = "replay"
"""The error of an episode that cannot be played again as it is logged."""
Key = tuple[str, str, int, int]


def key(call: Call | Chat) -> Key:
    """Role, chat, turn and attempt: what names a call within its trial."""
    return call.role, call.chat, call.nth, call.attempt


class Calls:
    """The calls of a log by trial. LogError where one is logged twice, but for what was played of given blocks: those
    who play them do not see each other, and two may have been given the same."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, dict[Key, Call]]] = defaultdict(dict)

    def add(self, line: LogLine) -> None:
        """A line of the log."""
        call = call_of(line)
        named, chains = key(call), self._of[call.trial]
        if any(named in calls and _alone(line.chain, chain) for chain, calls in chains.items()):
            raise LogError(
                f"{line.file}:{line.number}: {call.role} turn {call.nth} of trial {call.trial} is logged twice"
            )
        chains.setdefault(line.chain, {})[named] = call

    def of(self, trial: str, chain: str | None = None) -> tuple[Call, ...]:
        """Those of one trial, as they were logged: those of `chain`, or of the one that got furthest, and what others
        had answered before; chains that asked for the same are never mixed."""
        chains, held = self._of.get(trial, {}), dict[Key, Call]()
        for name in sorted(chains, key=lambda each: (each != chain, -len(chains[each]))):
            if not held.keys() & chains[name].keys():
                held |= chains[name]
        # in the order of the log, whoever is asked first
        return tuple(call for calls in chains.values() for named, call in calls.items() if held.get(named) is call)

    def drop(self, trial: str) -> None:
        """Forget a trial that is over."""
        self._of.pop(trial, None)

    def all(self) -> Iterator[Call]:
        """Those of every trial that was not dropped."""
        return (call for trial in self._of for call in self.of(trial))


def _alone(chain: str, before: str) -> bool:
    """Whether who writes a chain has read the other one before, or is the same."""
    return chain == before or not (is_share(chain) or is_share(before))


def replayed(run: Path, plan: Plan, manifest: Manifest, spare: bool = False) -> Iterator[Played]:
    """Every episode line of a log, finished ones played again: in order, but for those
    that a second worker took over from a first.

    Memory holds the calls of unfinished trials, and of each trial where it stands in the plan and in the log: some 50
    bytes. LogError for a log that was changed, or is of another manifest.
    A trial that cannot be played again as it is logged is a BackendError (`replay`) where a prompt is not the logged
    one, a LogError where a call is logged twice, a ConfigError where the outcome is another; with `spare` an episode
    that ended in an error, the others are given all the same.
    """
    trials = Trials(plan)
    calls, twice = Calls(), dict[str, LogError]()
    divided: list[tuple[Episode, str]] = []
    ended, chains = Roll(), list[str]()
    openings = Openings(manifest)
    for line in read(run, manifest.tip()):
        if openings.opens(line):
            continue
        if line.kind == CALL:
            _add(calls, line, twice)
            continue
        episode = _episode(line, trials)
        trial = trials[episode.trial]
        if line.chain not in chains[-1:]:
            chains.append(line.chain)
        if (before := ended.get(trial.id)) is not None:
            calls.drop(trial.id)
            yield from _again_ended(line, trial, episode, chains[before], spare)
            continue
        if episode.error:
            if not spare and whole(plan, trial, calls.of(trial.id, line.chain)):
                raise LogError(
                    f"{line.file}:{line.number}: trial {trial.id} is logged as an error ({episode.error}), and its "
                    "calls play to its end: simrun resume ends it without asking anybody"
                )
            yield Played(trial, episode, calls.of(trial.id, line.chain), None)
            continue
        ended.note(trial.id, len(chains) - 1)
        if (played := _again(plan, trial, calls, episode, line.chain, twice.get(trial.id), spare)) is None:
            divided.append((episode, line.chain))
        else:
            calls.drop(trial.id)
            yield played
    openings.held()
    if twice and not spare:
        raise next(iter(twice.values()))
    for episode, chain in divided:
        trial = trials[episode.trial]
        played = _again(plan, trial, calls, episode, chain, twice.get(trial.id), spare)
        ends = f"trial {trial.id}: the log ends before everybody has spoken, but calls the episode finished"
        if played is None and not spare:
            raise BackendError("replay", ends)
        yield played or _spared(trial, episode, calls, ends)


def _again_ended(line: LogLine, trial: Trial, episode: Episode, before: str, spare: bool) -> Iterator[Played]:
    """A trial that is over already: of processes apart the first that had it whole counts."""
    if _alone(line.chain, before) and not spare:
        raise LogError(f"{line.file}:{line.number}: trial {trial.id} is logged twice, and was over already")
    if not episode.error:
        yield Played(trial, episode, (), None, twice=line.chain)


def _add(calls: Calls, line: LogLine, twice: dict[str, LogError]) -> None:
    try:
        calls.add(line)
    except LogError as error:
        twice.setdefault(line.told("trial", str), error)


def _again(
    plan: Plan, trial: Trial, calls: Calls, episode: Episode, chain: str, wrong: LogError | None, spare: bool
) -> Played | None:
    """One episode; None where an answer is not among the calls."""
    try:
        if wrong is not None:
            raise wrong
        played = calls.of(trial.id, chain)
        stage = again(plan, trial, played, episode)
        return Played(trial, episode, played, stage) if stage else None
    except Exception as error:  # also what a scenario's own code raises
        if not spare:
            raise
        return _spared(trial, episode, calls, str(error))


def whole(plan: Plan, trial: Trial, calls: Iterable[Call]) -> bool:
    """Whether an episode that is said to have failed has all of its answers."""
    try:
        return recalled(plan.stage(trial), Answers(calls))
    except Exception:  # what failed when it was played fails again
        return False


def _spared(trial: Trial, episode: Episode, calls: Calls, why: str) -> Played:
    failed = Episode(trial=trial.id, at=episode.at, error=UNREPLAYED, message=why)
    return Played(trial, failed, calls.of(trial.id), None)


def _episode(line: LogLine, trials: Mapping[str, Trial]) -> Episode:
    if line.kind not in (EPISODE, ERROR):
        raise LogError(f"{line.file}:{line.number}: no line of kind {line.kind!r} can stand here")
    episode = record(Episode, line)
    if episode.trial not in trials:
        raise LogError(f"{line.file}:{line.number}: trial {episode.trial} is not in this run's plan")
    return episode


def again(plan: Plan, trial: Trial, calls: Iterable[Call], episode: Episode) -> Stage | None:
    """One episode played from its logged answers; its outcome must be the logged one.

    None where an answer is not among them.
    """
    stage, answers = plan.stage(trial), Answers(calls)
    if not recalled(stage, answers):
        return None
    if left := answers.unasked():
        raise LogError(f"trial {trial.id}: {left[0]} is logged, and nobody asks for it: the log was changed")
    assert stage.outcome is not None
    found = stage.outcome.model_dump(mode="json") | stage.judged
    check(trial, found, {**(episode.outcome or {}), **episode.judged})
    return stage


def recalled(stage: Stage, answers: Answers) -> bool:
    """Say again what is answered already; whether the play is over with it."""

    def answer(turn: Turn, chat: Chat) -> Reply | None:
        known = answers.get(chat)
        return None if known is None else Reply.of(known, turn.kinds(), chat.told)

    return driven(stage, answer)


def check(trial: Trial, found: Mapping[str, Any], logged: Mapping[str, Any]) -> None:
    """ConfigError where a trial, played again, comes to something else than what is logged."""
    if found != logged:
        differing = [
            f"{key}: logged {logged.get(key)!r}, now {value!r}"
            for key, value in found.items()
            if logged.get(key) != value
        ]
        raise ConfigError(
            f"trial {trial.id} ({trial.case}, {trial.arm}): the replay came out otherwise: {'; '.join(differing)}. "
            "The scenario has changed since"
        )


@dataclass(frozen=True, slots=True)
class Past:
    """What was played of a run already: the trials that have an outcome, and the answers of those that have none."""

    done: Roll = field(default_factory=Roll)
    answers: Answers = field(default_factory=Answers)
    tokens: int = 0
    """Read and written for it, those from a cache included."""
    heads: Mapping[str, str] = field(default_factory=dict)
    """Where each chain that was read ended."""


def past(
    run: Path,
    head: Head | None = None,
    openings: Openings | None = None,
    wanted: Callable[[str], bool] | None = None,
) -> Past:
    """What a resume need not ask again, by all chains or the `wanted` ones. LogError for a log that was changed, or
    where `openings` are of another run."""
    done, calls, tokens, heads = Roll(), Calls(), 0, dict[str, str]()
    for line in read(run, head, wanted=wanted):
        heads[line.chain] = line.hash
        if openings and openings.opens(line):
            continue
        if line.kind == CALL:
            answer = line.told("answer", dict)
            tokens += (answer.get("prompt_tokens") or 0) + (answer.get("output_tokens") or 0)
        if line.kind == CALL and line.told("trial", str) not in done:
            with contextlib.suppress(LogError):  # logged twice: the first stands; sealing names the trial
                calls.add(line)
        elif line.kind == EPISODE:
            done.note(trial := line.told("trial", str))
            calls.drop(trial)
    return Past(done, Answers(calls.all()), tokens, heads)
