"""The first reading of a run's log: its chain, its lines, its times, and which trials have ended. Nothing is played."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from simrun.agents.records import Call
from simrun.leaderboard.clock import Clock
from simrun.leaderboard.faults import Fault, Refused
from simrun.leaderboard.likeness import Fingerprint
from simrun.leaderboard.suites import Suite, answering
from simrun.log.archive import DEPTH, deep
from simrun.log.chain import LogError, LogLine, read, segments
from simrun.log.lines import CALL, EPISODE, ERROR, call_of, record
from simrun.log.manifest import Manifest
from simrun.log.opened import Openings
from simrun.plan.design import Plan
from simrun.stage.trial import Episode

T = TypeVar("T")
OPEN = 512 * 2**20
"""Bytes of answers of episodes that have begun and not ended, at any place of a log: they are held in memory."""
SPLIT = 100_000
"""Episodes that end before any of their calls is read, because another worker had begun them."""
MOST = 1_000
"""Faults after which nothing more is read."""
BESIDE = 400
"""Bytes that a call takes beside its answer's text, about."""


@dataclass
class Logged:
    """What the first reading of a log found."""

    faults: list[Fault] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    """Trial -> its last error."""
    tokens: int = 0
    print: Fingerprint = field(default_factory=Fingerprint)


def check_depth(run: Path, folder: str) -> Iterator[Fault]:
    """Lines that no reader of JSON should be given."""
    for part in (*run.glob("*.json*"), *segments(run)):
        with part.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if deep(line):
                    what = f"line {number} has lists and objects more than {DEPTH} deep"
                    yield Fault(code="file.depth", where=f"{folder}/{part.name}", what=what)


class Reader:
    """Reads one run's log, and stops at the first line that is none."""

    def __init__(self, run: Path, folder: str, plan: Plan, manifest: Manifest):
        self._run, self._folder, self._manifest = run, folder, manifest
        self._arms = {trial.id: trial.arm for trial in plan.trials()}
        self._openings = Openings(manifest)
        self._open: Counter[str] = Counter()
        self._held = self._split = 0
        self._clocks: dict[str, Clock] = {}
        self._models: dict[str, tuple[str, ...]] = {}
        """Role -> which model, as the first line says."""
        self.found = Logged()

    def read(self) -> Logged:
        """All of it. Refused for a log that is broken, or holds what cannot stand in one."""
        lines = read(self._run, self._manifest.tip())
        while (line := self._told("chain.broken", lambda: next(lines, None))) is not None:
            self._line(line)
        self._told("chain.manifest", self._openings.held)
        for clock in self._clocks.values():
            self.found.faults.extend(clock.faults())
        return self.found

    def _told(self, code: str, do: Callable[[], T]) -> T:
        try:
            return do()
        except LogError as error:
            text = str(error).replace(f"{self._run}/", "")
            raise Refused(Fault(code=code, where=self._folder, what=text)) from None

    def _line(self, line: LogLine) -> None:
        clock = self._clock(line)
        if self._told("chain.manifest", lambda: self._openings.opens(line)):
            self._same(line)
            return clock.opened(self._told("form.line", lambda: line.told("at", float)))
        if line.kind == CALL:
            call = self._told("form.line", lambda: call_of(line))
            self._formed(line, call.answer.model_dump() == line.fields["answer"] and clock.written(call))
            clock.answered(call)
            return self._call(call)
        self._formed(line, line.kind in (EPISODE, ERROR))
        ended = self._told("form.line", lambda: record(Episode, line))
        self._formed(line, self._clock(line).possible(ended.at))
        return self._ended(ended)

    def _formed(self, line: LogLine, right: bool) -> None:
        if not right:
            what = f"{line.file.name}:{line.number}: simrun writes no such line of kind {line.kind[:40]!r}"
            raise Refused(Fault(code="form.line", where=self._folder, what=what))

    def _same(self, line: LogLine) -> None:
        """Whoever goes on with a run goes on with its model."""
        told = answering(self._told("form.line", lambda: line.told("engines", dict)))
        self._models = self._models or told
        if told != self._models:
            models = "; ".join(" ".join(model) for model in (*self._models.values(), *told.values()))
            what = f"{line.file.name}:{line.number}: who answers has changed: {models}"
            raise Refused(Fault(code="chain.models", where=self._folder, what=what[:500]))

    def _clock(self, line: LogLine) -> Clock:
        chain = line.file.name.partition(".")[2]
        if chain not in self._clocks:
            self._clocks[chain] = Clock(f"{self._folder}/{line.file.name}", self._manifest.created)
        return self._clocks[chain]

    def _call(self, call: Call) -> None:
        size = len(call.answer.text) + BESIDE
        self._open[call.trial] += size
        self._held += size
        self.found.tokens += (call.answer.prompt_tokens or 0) + (call.answer.output_tokens or 0)
        self.found.print.add(call)
        if self._held > OPEN:
            what = f"more than {OPEN} bytes of answers belong to episodes that have not ended"
            raise Refused(Fault(code="trials.open", where=self._folder, what=what))

    def _ended(self, episode: Episode) -> None:
        if episode.trial not in self._arms:
            self._fault("trials.unknown", f"trial {episode.trial} is not in the plan")
        elif episode.error:
            self.found.failed[episode.trial] = episode.error
        elif episode.trial in self.found.done:
            self._fault("trials.twice", f"trial {episode.trial} ends twice")
        else:
            self.found.done.add(episode.trial)
            self.found.failed.pop(episode.trial, None)
            self._split += episode.trial not in self._open
            self._held -= self._open.pop(episode.trial, 0)
        if self._split > SPLIT:
            raise Refused(self._fault("trials.open", f"more than {SPLIT} episodes end before their calls"))

    def _fault(self, code: str, what: str) -> Fault:
        made = Fault(code=code, where=self._folder, what=what)
        self.found.faults.append(made)
        if len(self.found.faults) > MOST:
            raise Refused(*self.found.faults)
        return made

    def complete(self, suite: Suite) -> Iterator[Fault]:
        """What is missing of the plan, and what failed beyond a suite's bound."""
        arms, found = self._arms, self.found
        if missing := [trial for trial in arms if trial not in found.done and trial not in found.failed]:
            what = f"{len(missing)} of {len(arms)} trials were never played to an end, such as {missing[0]}"
            yield Fault(code="trials.missing", where=self._folder, what=what)
        owed, failed = Counter(arms.values()), Counter(arms[trial] for trial in found.failed)
        for arm, count in failed.items():
            if count > suite.failures * owed[arm]:
                what = f"{count} of {owed[arm]} trials of {arm} ended in an error; {suite.failures:.0%} may"
                yield Fault(code="trials.failed", where=self._folder, what=what)
        if suite.tokens and found.tokens > suite.tokens:
            what = f"it took {found.tokens} tokens, and the budget is {suite.tokens}"
            yield Fault(code="trials.tokens", where=self._folder, what=what)

    def failures(self) -> Mapping[str, int]:
        """Arm -> trials that ended in an error."""
        return Counter(self._arms[trial] for trial in self.found.failed)
