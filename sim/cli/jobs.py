"""One config that Hydra has composed, played: a run by itself, or a job of a sweep, here or wherever a launcher puts
it."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from simrun.cli.command import INTERRUPTED
from simrun.cli.guarding import failed, guarded, outcome
from simrun.cli.sweeping import Sweep, Told
from simrun.cli.terminal import Progress, ended
from simrun.config import composition
from simrun.config.menus import Catalogue, catalogue
from simrun.config.options import Config
from simrun.plan.design import Plan
from simrun.play.watch import Watch, Watching
from simrun.report.run import Run, resume, start

EVERY = 0.5
"""Seconds between two words of a job on how far it is."""


class Telling(Watching):
    """Keeps how far a job is where whoever began the sweep looks, and obeys when the sweep is to end."""

    def __init__(self, sweep: Sweep, told: Told, shown: Watching | None = None):
        """`shown` has what a person sees of a run that is played here."""
        self._sweep, self._told, self._shown = sweep, told, shown

    def planned(self, plan: Plan) -> None:
        """How large the run is."""
        if self._shown:
            self._shown.planned(plan)

    def about(self, path: Path, watch: Watch) -> None:
        """The run has a folder."""
        self._tell(run=str(path), owed=watch.owed, done=watch.done)
        if self._shown:
            self._shown.about(path, watch)

    async def follow(self, watch: Watch) -> None:
        """Tell, and listen, until cancelled."""
        if self._shown:
            return await self._shown.follow(watch)
        try:
            while True:
                self._tell(owed=watch.owed, done=watch.done, calls=watch.calls)
                if self._sweep.stopping and not watch.stopping:
                    watch.stopping = "interrupted"
                await asyncio.sleep(EVERY)
        finally:
            self._tell(owed=watch.owed, done=watch.done, calls=watch.calls)

    def ended(self, run: Run) -> None:
        """It was played, as far as it was."""
        owed, done = run.scored.manifest.owed, run.scored.played.done
        why = "" if run.complete else f"{owed - done} of {owed} episodes are owed{_because(run)}"
        self._tell(run=str(run.path), owed=owed, done=done, why=why)

    def code(self, code: int, why: str) -> None:
        """The last word."""
        self._tell(code=code, why=why.strip() or self._told.why)

    def _tell(self, **told: Any) -> None:
        self._told = self._told.model_copy(update=told)
        self._sweep.tell(self._told)


def _because(run: Run) -> str:
    return f" ({run.stopped})" if run.stopped and run.stopped != "interrupted" else ""


@dataclass
class Job:
    """What Hydra calls. It may be sent to another process."""

    as_json: bool
    full: bool
    code: int | None = None
    """How a run by itself ended; None where it did not, and for jobs of a sweep."""

    def __call__(self, composed: Any) -> None:
        """Play. KeyboardInterrupt where one of several that are played here was interrupted: the rest are not begun."""
        if (sweep := Sweep.here) is None:
            self.code = guarded(lambda: self._end(start(*_read(composed), Progress())))
            return
        hydra = HydraConfig.get()
        told = Told(number=hydra.job.num, what=sweep.differing(hydra.overrides.task))
        if sweep.apart:
            self._apart(sweep, told, composed)
        elif self._here(sweep, told, composed) == INTERRUPTED:
            raise KeyboardInterrupt

    def _end(self, run: Run, telling: Telling | None = None) -> int:
        if telling:
            telling.ended(run)
        return ended(run, self.as_json, self.full)

    def _here(self, sweep: Sweep, told: Told, composed: Any) -> int:
        """In this process, seen as a run by itself is."""
        telling = Telling(sweep, told, Progress())
        code, why = outcome(lambda: self._end(start(*_read(composed), telling), telling))
        failed(why)
        telling.code(code, why)
        return code

    def _apart(self, sweep: Sweep, told: Told, composed: Any) -> None:
        """In a process of a launcher's: what it would show is kept for whoever began the sweep. A job that was
        preempted, and is started again, goes on with its run."""
        telling = Telling(sweep, told)
        if sweep.stopping:
            telling.code(INTERRUPTED, "")
            return
        before = next((each.run for each in sweep.told() if each.number == told.number), "")

        def played() -> Run:
            if before:
                return resume(Path(before), telling, trust=True)  # whoever began the sweep began it
            config, known = _read(composed)
            return start(config.model_copy(update={"together": config.together * sweep.together}), known, telling)

        with _kept(sweep.file(told.number, "out"), sweep.file(told.number, "err")):
            code, why = outcome(lambda: self._end(played(), telling))
            failed(why)
        telling.code(code, why)


def _read(composed: Any) -> tuple[Config, Catalogue]:
    config, folders = composition.composed(composed)
    return config, catalogue(folders)


@contextlib.contextmanager
def _kept(out: Path, err: Path) -> Iterator[None]:
    """All that is written to the terminal, by libraries too, goes to files: many processes would tear it."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = os.dup(1), os.dup(2)
    try:
        for stream, into in ((1, out), (2, err)):
            with open(into, "ab") as opened:
                os.dup2(opened.fileno(), stream)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for stream, was in enumerate(before, 1):
            os.dup2(was, stream)
            os.close(was)
