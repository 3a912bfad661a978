"""A run looks at itself after every block of cases, in the order of the plan, and owes nothing more once it is decided.

One process looks: the one that plays, or of several the one that started them. What is found depends on the outcomes of
the first cases of the plan alone, and so not on who played them, how fast, or what else had been played by then; a run
that was killed comes to the same when it is resumed. An episode that ended in an error of infrastructure is owed, and
the looks wait for it.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from simrun.log.chain import LOOKS, RunLog, Tail
from simrun.log.lines import CHAIN, EPISODE
from simrun.log.looks import Look, deciding, looked, note_look
from simrun.log.manifest import Manifest
from simrun.plan.design import Plan
from simrun.plan.looks import looks
from simrun.plan.trials import Trials
from simrun.play.watch import Watch
from simrun.stage.trial import Episode, Trial

EVERY = 0.25
"""Seconds between two glances at what other processes have played."""

Decide = Callable[[Manifest, Mapping[str, tuple[Trial, Episode]], int], Look]
"""What a look comes to: of a run, what was played of it by trial, and how many looks there were with this one."""


class Looking:
    """The looks of one session at a run that may stop."""

    def __init__(self, path: Path, plan: Plan, manifest: Manifest, decide: Decide):
        self._manifest, self._decide = manifest, decide
        self._before = looked(path, manifest.tip())
        self._at = looks(plan.config.design, len(plan.cases))
        self._trials = Trials(plan)
        self._place = {case: nth for nth, case in enumerate(plan.cases)}
        self._undone = [plan.repeats * len(plan.played_by(case)) for case in plan.cases]
        self._played: dict[str, tuple[Trial, Episode]] = {}
        self._whole = 0
        self._tail, self._log = Tail(path), RunLog(path, LOOKS)

    @property
    def decided(self) -> Look | None:
        """The look at which it was decided, if any."""
        return deciding(self._before)

    def look(self, watch: Watch) -> None:
        """Look as often as there are blocks that everybody has finished; where that decides, stop the run."""
        for line in self._tail.lines((EPISODE,)):
            self._count(Episode.model_validate({key: value for key, value in line.items() if key not in CHAIN}))
        while self._whole < len(self._undone) and not self._undone[self._whole]:
            self._whole += 1
        while self.decided is None and len(self._before) < len(self._at):
            number = len(self._before) + 1
            if self._whole < self._at[number - 1]:
                return
            found = self._decide(self._manifest, self._played, number)
            note_look(self._log, found)
            self._before = (*self._before, found)
        if self.decided:
            watch.stopping = watch.stopping or self.decided.line

    def _count(self, episode: Episode) -> None:
        if episode.trial in self._played or episode.trial not in self._trials:
            return
        trial = self._trials[episode.trial]
        self._played[trial.id] = trial, episode
        self._undone[self._place[trial.case]] -= 1

    async def follow(self, watch: Watch) -> NoReturn:
        """Look again and again at what other processes play, until cancelled."""
        while True:
            self.look(watch)
            await asyncio.sleep(EVERY)

    def close(self) -> str:
        """Close the chain of the looks; the hash of its last line."""
        self._log.close()
        return self._log.head
