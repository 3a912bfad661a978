"""Judges are asked of what is logged: the log is played again, and only they are live.

What they say stands in a chain of the log of its own, after a line that says who was asked with what, and where the log
that they read ended; nothing that was played is touched.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from simrun.agents.backends.replay import Answers
from simrun.agents.judges.base import Said, Verdict
from simrun.agents.records import Call
from simrun.config.errors import ConfigError
from simrun.config.judging import LABELS
from simrun.config.options import Config
from simrun.log.chain import JUDGES, Head, LogError, LogLine, RunLog, heads, read
from simrun.log.lines import CALL, EPISODE, JUDGED, JUDGING, LABELED, as_found, note_judged, note_judging
from simrun.log.manifest import Manifest
from simrun.log.trust import judged
from simrun.plan.design import Plan, planned
from simrun.plan.roles import JUDGE
from simrun.plan.trials import Trials
from simrun.play import labelling
from simrun.play.admission import Admission
from simrun.play.answering import Answering
from simrun.play.engines import Engines
from simrun.play.replay import Calls, check, recalled
from simrun.play.watch import Watch
from simrun.stage.drive import anywhere, drive
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial

ASKED = ("judge", "roles", "backend")
"""What of a run's options says who judges."""


def judge(path: Path, manifest: Manifest, judging: Config) -> int:
    """Ask the judges of another configuration of the same run; how many episodes they were asked about.

    An interrupted judging is gone on with by asking for the same again. ConfigError where
    there is nobody to ask or nothing to judge.
    """
    judging = _speaking(manifest.config, judging)
    plan = planned(judging, manifest.catalogue)
    _check(plan, manifest)
    people = labelling.told(plan) if judging.labels else None
    if not plan.reference.judges and people:
        labelling.keep(path, plan, *people)
        manifest.told(heads=heads(path), notes=labelling.noted(manifest, people[1])).write(path)
        return 0
    asked = {name: value for name, value in judging.model_dump(mode="json").items() if name in ASKED}
    asked["judge"] = {name: value for name, value in asked["judge"].items() if name != LABELS}
    log = RunLog(path, JUDGES)
    judged(manifest, judging, path)
    answered: dict[str, Any] = {}
    try:
        done, answers = _before(path, asked)
        if not done:
            note_judging(log, asked, heads(path))
        return anywhere(_judged(path, plan, manifest, log, answers, done, answered))
    finally:
        log.close()
        if people:
            labelling.keep(path, plan, *people)
        names = dict.fromkeys((*manifest.judges, *(each.name for each in plan.reference.judges)))
        engines = {**manifest.engines, **answered}
        notes = labelling.noted(manifest, people[1] if people else ())
        manifest.told(heads=heads(path), judges=tuple(names), engines=engines, notes=notes).write(path)


def _speaking(played: Config, judging: Config) -> Config:
    """The roles as they were played, and each judge with a role of its own: `roles.judge`
    also names a role that a scenario may cast."""
    own = {each.name: judging.roles.get(each.name) or judging.roles.get(JUDGE) for each in judging.judges()}
    roles = {**played.roles, **{name: role for name, role in own.items() if role}}
    return judging.model_copy(update={"roles": roles})


def _check(plan: Plan, manifest: Manifest) -> None:
    judges, laid = plan.reference.judges, type(plan.scenario).lays
    if not judges and not plan.config.labels:
        raise ConfigError("nobody to ask: give judge=NAME (simrun list judges)")
    for each in judges:
        if missing := [what for what in each.needs if what not in laid]:
            raise ConfigError(
                f"judge={each.name} needs {', '.join(missing)}, and "
                f"scenario={plan.scenario.name} lays before its judges: "
                f"{', '.join(laid) or 'nothing but what was said'}; choose another judge"
            )
    if not any(manifest.heads.values()):
        raise ConfigError("nothing to judge: nothing was played yet; go on with simrun resume")


def _before(path: Path, asked: Mapping[str, Any]) -> tuple[set[str], Answers]:
    """What the last judging has already, where it was this one."""
    done, calls, same = set[str](), Calls(), False
    for line in read(path, beside=JUDGES):
        if line.kind == JUDGING:
            done, calls, same = set(), Calls(), line.told("asked", dict) == asked
        elif line.kind == CALL:
            calls.add(line)
        elif line.kind == JUDGED:
            done.add(line.told("trial", str))
    return (done, Answers(calls.all())) if same else (set(), Answers())


class Finished:
    """The calls of a log's finished episodes, read as far as they are asked for, and forgotten when they were given."""

    def __init__(self, path: Path, head: Head | None):
        self._lines = read(path, head)
        self._calls, self._done = Calls(), dict[str, str]()

    def __iter__(self) -> Iterator[str]:
        """The finished trials, as the log has them."""
        for line in self._lines:
            if line.kind == CALL:
                self._calls.add(line)
            elif line.kind == EPISODE and self._done.setdefault(line.told("trial", str), line.chain) == line.chain:
                yield line.told("trial", str)

    def recall(self, stage: Stage, judges: Collection[str]) -> bool:
        """Say again what was said in this episode; whether nobody but its judges is due, or nobody is.

        A second worker may have ended what a first began, whose calls then stand later in the log.
        """
        for _ in self if stage.session not in self._done else ():
            if stage.session in self._done:
                break
        if not _spoken(stage, self._said(stage.session), judges):
            for _ in self:
                pass
            if not _spoken(stage, self._said(stage.session), judges):
                return False
        self._calls.drop(stage.session)
        return True

    def _said(self, trial: str) -> tuple[Call, ...]:
        return self._calls.of(trial, self._done.get(trial))


def _spoken(stage: Stage, calls: Iterable[Call], judges: Collection[str]) -> bool:
    # a judge that was asked after the play already is asked anew: it may be another model that speaks now
    recalled(stage, Answers(call for call in calls if call.role not in judges))
    return stage.over or all(turn.role in judges for turn in stage.pending())


async def _judged(
    path: Path,
    plan: Plan,
    manifest: Manifest,
    log: RunLog,
    known: Answers,
    done: set[str],
    answered: dict[str, Any],
) -> int:
    """How many episodes judges were asked about; `answered` is filled with who they are."""
    trials = Trials(plan)
    names = {each.name for each in plan.reference.judges}
    engines, finished = Engines(plan, only=names), Finished(path, manifest.tip())
    waiting = (_planned(trials, name) for name in finished if name not in done)
    beside = compared(path, plan, manifest)
    count = 0

    answering = Answering(engines, log, known, Watch(owed=len(trials)), Admission())

    async def work() -> None:
        nonlocal count
        for trial in waiting:
            if beside and (trial.case, trial.repeat) not in beside:
                continue  # its pair in the first arm has not been played yet: asked for again, it is judged
            stage = plan.stage(trial, beside.get((trial.case, trial.repeat)))
            if not finished.recall(stage, names):
                raise LogError(f"trial {trial.id}: the log ends before everybody has spoken")
            await drive(stage, answering.of(trial))
            note_judged(log, trial, stage)
            count += 1

    async with engines:
        answered.update(engines.identities(plan.arms[0].name))
        await asyncio.gather(*(work() for _ in range(engines.concurrency)))
    return count


def compared(path: Path, plan: Plan, manifest: Manifest) -> Mapping[tuple[str, int], Said]:
    """What was said of each case and repeat in the first arm, as far as it was played to its end; {} where no judge
    compares."""
    if not any(judge.compares for judge in plan.reference.judges):
        return {}
    trials = Trials(plan)
    names = {each.name for each in plan.reference.judges}
    finished, found = Finished(path, manifest.tip()), dict[tuple[str, int], Said]()
    for name in finished:
        trial = _planned(trials, name)
        stage = plan.stage(trial)
        if finished.recall(stage, names) and trial.arm == plan.arms[0].name:
            found[trial.case, trial.repeat] = stage.laid()
    return found


def _planned(trials: Mapping[str, Trial], name: str) -> Trial:
    if name not in trials:
        raise LogError(f"trial {name} of the log is not in this run's plan")
    return trials[name]


def verdicts(path: Path, plan: Plan, manifest: Manifest) -> dict[str, dict[str, Verdict]]:
    """What judges found later: trial -> `judge.key` -> verdict, the last word of each judge; each is
    played again and must come out the same."""
    found: dict[str, dict[str, Verdict]] = {}
    for trial, stage in judgings(path, manifest):
        found.setdefault(trial, {}).update(stage.judged)
    return found


def judgings(path: Path, manifest: Manifest, wanted: Collection[str] | None = None) -> Iterator[tuple[str, Stage]]:
    """Trials (of some, where told which) that judges were asked about later, in the order of the log, each with its
    stage after they have spoken. LogError where one comes out otherwise than it is logged."""
    for opening, lines in _segments(path, manifest.tip()):
        told = manifest.config.model_dump(mode="json") | opening.told("asked", dict)
        judging = planned(Config.of(told, manifest.config.gate), manifest.catalogue)
        names = {each.name for each in judging.reference.judges}
        trials = {trial.id: trial for trial in judging.trials()}
        finished, calls, beside = Finished(path, manifest.tip()), Calls(), compared(path, judging, manifest)
        for line in lines:
            if line.kind == CALL:
                calls.add(line)
                continue
            at, name = f"{line.file}:{line.number}", line.told("trial", str)
            if wanted is not None and name not in wanted:
                calls.drop(name)
                continue
            trial = trials.get(name)
            pair = beside.get((trial.case, trial.repeat)) if trial else None
            if trial is None or not finished.recall(stage := judging.stage(trial, pair), names):
                raise LogError(f"{at}: trial {name} was not played to its end in this run")
            if not recalled(stage, Answers(calls.of(trial.id))):
                raise LogError(f"{at}: the judges' answers about trial {trial.id} are not all there")
            check(trial, stage.judged, as_found(line.told("judged", dict)))
            yield trial.id, stage
            calls.drop(trial.id)


def _segments(path: Path, head: Head | None) -> Iterator[tuple[LogLine, list[LogLine]]]:
    """Each judging: its first line, and those after it."""
    opening: LogLine | None = None
    lines: list[LogLine] = []
    for line in read(path, head, JUDGES):
        if line.kind == JUDGING:
            if opening is not None:
                yield opening, lines
            opening, lines = line, []
        elif line.kind == LABELED:
            continue
        elif opening is None or line.kind not in (CALL, JUDGED):
            raise LogError(f"{line.file}:{line.number}: no line of kind {line.kind!r} can stand here")
        else:
            lines.append(line)
    if opening is not None:
        yield opening, lines
