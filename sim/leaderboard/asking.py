"""A model is asked again what it is said to have been asked: a sample of a submission's trials, at an endpoint or by
weights of the board's own choice, and held against what was logged."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from simrun.agents.backends.replay import Answers as Logged
from simrun.agents.records import Chat, Record
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError, unknown
from simrun.leaderboard import alike, locked, suites
from simrun.leaderboard.alike import Answers, Figure
from simrun.leaderboard.check import opened
from simrun.leaderboard.preparing import engine
from simrun.leaderboard.private import Private
from simrun.log.lines import Played
from simrun.plan.design import Plan
from simrun.play.admission import Admission
from simrun.play.answering import Answering
from simrun.play.engines import Engines
from simrun.play.forking import reseeded
from simrun.play.replay import replayed
from simrun.play.watch import Watch
from simrun.scenarios.base import Turn
from simrun.stage.drive import anywhere, drive
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial

Verdict = Literal["agrees", "differs", "cannot tell"]
PLAYS = (1, 2)
"""How often the board asks each trial: its two answers say how far the model is from itself."""
UNKNOWN = 0.75
"""How often a model is taken to agree with itself where the log has no control that tells."""


class Said(Record):
    """What came of a trial in one play."""

    outcomes: Mapping[str, float | None]
    first: str
    """The first decision, as JSON; why there is none, or the first reply where none was asked for."""
    length: int
    """Characters of all that was said."""
    texts: tuple[tuple[str, str], ...] = ()
    """Role and words of every turn; () of the logged play, whose log has them."""


@dataclass(frozen=True)
class Sample:
    """The trials of one run that are asked again."""

    plan: Plan
    primary: tuple[str, ...]
    trials: tuple[Trial, ...]
    logged: Mapping[str, Said]
    """By trial: those that came to an outcome."""
    floor: float
    """How often the log's own reference arm agrees with itself under other seeds (the control `same`)."""

    @property
    def pairs(self) -> int:
        """Cases, each in a repeat, with all their arms."""
        return len({(trial.case, trial.repeat) for trial in self.trials})

    def chances(self, tried: int = alike.TRIED) -> dict[float, float]:
        """Share of altered answers -> how often it would be found, before anybody is asked."""
        cases, arms = len({trial.case for trial in self.trials}), len(self.plan.arms)
        return {share: alike.beforehand(share, cases, arms, self.floor, tried) for share in alike.SHARES}


class Asked(Record):
    """What asking again came to."""

    pairs: int
    trials: int
    cases: int
    engines: Mapping[str, Mapping[str, Any]]
    """Who answered the board."""
    verdict: Verdict
    p: float
    """How often an honest run would differ so much."""
    least: float | None
    """The least share of altered answers that would have been found in four of five; None where none would, or where
    the answers differ."""
    floor: float
    """How often the board's own two answers agree in the outcomes."""
    figures: tuple[Figure, ...]
    board: Mapping[str, tuple[Said, ...]]
    """Trial -> what the board was answered."""


def sampled(
    file: Path, pairs: int, overrides: Sequence[str], seed: int, part: str = "", private: Private | None = None
) -> Sample:
    """So many pairs of a submission that was checked, drawn by a seed. ConfigError for one of no suite, and for an
    engine with settings that the suite does not allow. Nothing of the submission says who is asked."""
    with opened(file) as (header, runs):
        if header.suite == suites.CUSTOM:
            raise ConfigError(f"{file} is of no suite: what it asks, and of whom, is the submitter's choice")
        parts = {
            own.name: run
            for own, run in zip(locked.parts([each for _, each in runs], locked.of(header)), runs, strict=True)
        }
        if part and part not in parts:
            raise unknown("part", part, list(parts))
        name = part or next(iter(parts))
        run, manifest = parts[name]
        chosen = engine(name, overrides)
        drawn = locked.drawn(header, manifest, private)
        logged = replayed(run, suites.plan(name, manifest.config.backend, drawn), manifest, spare=True)
        return _sample(logged, suites.plan(name, chosen, drawn), manifest.primary, pairs, np.random.default_rng(seed))


def _sample(
    log: Iterable[Played], plan: Plan, primary: tuple[str, ...], pairs: int, rng: np.random.Generator
) -> Sample:
    units = sorted({(trial.case, trial.repeat) for trial in plan.trials()})
    drawn = {units[at] for at in rng.choice(len(units), size=min(pairs, len(units)), replace=False)}
    trials = tuple(trial for trial in plan.trials() if (trial.case, trial.repeat) in drawn)
    logged, ends = dict[str, Said](), dict[tuple[str, int, str], tuple[float | None, ...]]()
    for played in log:
        trial = played.trial
        if played.stage is not None:
            found = said(played.stage, primary)
            ends[trial.case, trial.repeat, trial.arm] = tuple(found.outcomes.values())
            if (trial.case, trial.repeat) in drawn:
                logged[trial.id] = found.model_copy(update={"texts": ()})
    return Sample(
        plan=plan,
        primary=primary,
        trials=trials,
        logged=logged,
        floor=_floor(plan, ends),
    )


def _floor(plan: Plan, ends: Mapping[tuple[str, int, str], tuple[float | None, ...]]) -> float:
    same = next((arm.name for arm in plan.arms if arm.control == "same"), None)
    both = [
        ends[case, repeat, arm] == ends[case, repeat, same]
        for case, repeat, arm in ends
        if same and arm == plan.arms[0].name and (case, repeat, same) in ends
    ]
    return max(0.5, float(np.mean(both))) if both else UNKNOWN


def said(stage: Stage, primary: Iterable[str]) -> Said:
    """What came of a trial."""
    assert stage.outcome is not None
    turns = [entry for entry in stage.transcript if entry.kind != "line"]
    decided = next((entry for entry in turns if entry.decision or entry.problem), None)
    first = decided or (turns[0] if turns else None)
    own = first.decision.model_dump_json() if first and first.decision else ""
    return Said(
        outcomes={name: stage.outcome.mean(name) for name in primary if name in type(stage.outcome).model_fields},
        first=own or (first.problem or first.text if first else ""),
        length=sum(len(entry.text) for entry in turns),
        texts=tuple((entry.role, entry.text) for entry in turns),
    )


def asked(sample: Sample, tried: int = alike.TRIED) -> Asked:
    """Ask each trial of the sample twice, under seeds of the board's own, and compare. BackendError where the board's
    engine fails: nothing is concluded then."""
    board, engines = answered(sample.plan, sample.trials, sample.primary)
    there = [trial for trial in sample.trials if trial.id in sample.logged]
    answers = table(sample.plan, there, {each.id: (sample.logged[each.id], *board[each.id]) for each in there})
    figures = alike.compared(answers)
    differs = figures[0].adjusted <= alike.ALPHA
    least = None if differs else alike.least(answers, tried)
    agrees = least is not None and least <= alike.ENOUGH
    return Asked(
        pairs=sample.pairs,
        trials=len(there),
        cases=answers.cases,
        engines=engines,
        verdict="differs" if differs else "agrees" if agrees else "cannot tell",
        p=figures[0].adjusted,
        least=least,
        floor=float(np.mean([one.outcomes == other.outcomes for one, other in board.values()])),
        figures=figures,
        board=board,
    )


def answered(
    plan: Plan, trials: Sequence[Trial], primary: Sequence[str], plays: Sequence[int] = PLAYS
) -> tuple[dict[str, tuple[Said, ...]], Mapping[str, Mapping[str, Any]]]:
    """Trial -> what came of it in each play, whose number decides its seeds; and who answered. BackendError where an
    engine fails."""
    return anywhere(_answered(plan, trials, primary, plays))


async def _answered(
    plan: Plan, trials: Sequence[Trial], primary: Sequence[str], plays: Sequence[int]
) -> tuple[dict[str, tuple[Said, ...]], Mapping[str, Mapping[str, Any]]]:
    engines = Engines(plan)
    answering = Answering(engines, None, Logged(), Watch(owed=len(trials) * len(plays)), Admission())
    places = asyncio.Semaphore(0)

    async def one(trial: Trial, play: int) -> Said:
        async with places:
            stage = plan.stage(trial)
            stage.session = f"{trial.id}.{play}"

            async def ask(turn: Turn, chat: Chat) -> Reply | None:
                return await answering.ask(trial, turn, reseeded(chat, play))

            await drive(stage, ask)
            for backend in engines.all():
                backend.release(stage.session)
            return said(stage, primary)

    async with engines:
        for _ in range(engines.concurrency):
            places.release()
        found = await asyncio.gather(*(one(trial, play) for trial in trials for play in plays))
        told = engines.identities(plan.arms[0].name)
    many = len(plays)
    return {trial.id: tuple(found[many * at : many * (at + 1)]) for at, trial in enumerate(trials)}, told


def table(plan: Plan, trials: Sequence[Trial], plays: Mapping[str, tuple[Said, ...]]) -> Answers:
    """Three plays of trials as columns, the logged one first."""
    units = {key: at for at, key in enumerate(dict.fromkeys((trial.case, trial.repeat) for trial in trials))}
    cases = {case: at for at, case in enumerate(dict.fromkeys(case for case, _ in units))}
    arms = {arm.name: at for at, arm in enumerate(plan.arms)}
    names = dict.fromkeys(name for own in plays.values() for each in own for name in each.outcomes)
    shape = len(units), len(arms), 3
    values = {name: np.full(shape, np.nan) for name in names}
    first, length, codes = np.zeros(shape, dtype=np.intp), np.zeros(shape), dict[str, int]()
    there = np.zeros(shape[:2], dtype=bool)
    for trial in trials:
        at = units[trial.case, trial.repeat], arms[trial.arm]
        there[at] = True
        for play, each in enumerate(plays[trial.id]):
            first[*at, play] = codes.setdefault(each.first, len(codes))
            length[*at, play] = each.length
            for name, value in each.outcomes.items():
                values[name][*at, play] = np.nan if value is None else value
    case = np.array([cases[name] for name, _ in units], dtype=np.intp)
    return Answers(case=case, arms=tuple(arms), values=values, first=first, length=length, asked=there)
