"""A run is begun, played, gone on with and closed: its manifest is read once,
held here, and written when it has changed."""

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from simrun.agents.backends.base import BackendError
from simrun.config.errors import ConfigError
from simrun.log.begun import digest
from simrun.log.chain import LOOKS, Lock, RunLog, chains, heads, is_share, segments
from simrun.log.files import NoRoom
from simrun.log.looks import deciding, looked
from simrun.log.manifest import Manifest
from simrun.log.opened import Openings, note_opened
from simrun.log.places import folder
from simrun.log.store.address import is_url
from simrun.log.store.address import kept as beside_runs
from simrun.log.store.bucket import StoreError
from simrun.log.store.sending import Sending, dropped
from simrun.log.tables import PLANNED, SEALED, Sealed, made, plan_table, seal
from simrun.log.trust import ask, note
from simrun.plan.context import check_context
from simrun.plan.design import Plan
from simrun.plan.refusals import comparable
from simrun.plan.rounds import check_rounds
from simrun.plan.treatment import audited
from simrun.play.engines import Engines
from simrun.play.judging import verdicts
from simrun.play.labelling import keep, kept, noted, told
from simrun.play.launch.base import Launcher, launcher
from simrun.play.launching import Launching, check_launched
from simrun.play.replay import UNREPLAYED, Past, past, replayed
from simrun.play.speed import FILE as PACE
from simrun.play.speed import Sampler, beside
from simrun.play.stopping import Decide, Looking
from simrun.play.watch import Watch, Watching, interruptible
from simrun.play.worker import Worker, in_order
from simrun.play.workers import Workers, checked
from simrun.stage.drive import anywhere


@dataclass
class Session:
    """One run in hand: its folder, its plan, its manifest, and what was played of it."""

    path: Path
    plan: Plan
    manifest: Manifest
    log: RunLog | Lock
    """The log, to write to it; where several workers write it, only the right to have it written."""
    played: Past = field(default_factory=Past)
    looking: Looking | None = None
    """Looks at it, where it may stop before its last case."""
    launcher: Launcher | None = None
    """Who has it played elsewhere."""
    stopped: str = ""
    """Why playing ended before all was played, "" when it did not."""

    @classmethod
    def begun(cls, plan: Plan, created: float, path: Path | None = None, decide: Decide | None = None) -> Self:
        """A new folder for a plan, with its manifest and plan.parquet; `decide` for one that may stop early."""
        manifest = Manifest.of(plan, created).told(treatment=audited(plan).line())
        path = path or folder(plan.config, created, plan.scenario.name)
        manifest = manifest.told(name=path.name)
        try:
            plan_table(plan, path / PLANNED)
            manifest.write(path)
            note(manifest, path)
            by, looking = launcher(dict(plan.throughput.launch)), _looking(path, plan, manifest, decide)
            return cls(path, plan, manifest, _log(path, plan, by), looking=looking, launcher=by)
        except NoRoom:
            shutil.rmtree(path)  # there is nothing to go on with
            raise

    @classmethod
    def found(cls, path: Path, manifest: Manifest, plan: Plan, decide: Decide | None = None) -> Self:
        """A run that was begun before; `decide` for one that may stop early."""
        plan = _resumed(plan)
        _check_players(plan, path)
        by = launcher(dict(plan.throughput.launch))
        log = _log(path, plan, by)  # before looking at what was played: another process may be playing it
        try:
            openings = Openings(manifest)
            played, looking = past(path, manifest.tip(), openings), _looking(path, plan, manifest, decide)
            manifest = openings.gathered()
            openings.held()
        except BaseException:
            log.close()
            raise
        return cls(path, plan, manifest, log, played, looking, by)

    def tell(self, **told: Any) -> None:
        """Change the manifest, here and on the disk."""
        self.manifest = self.manifest.told(**told)
        self.manifest.write(self.path)

    def opened(self, told: Mapping[str, Any]) -> None:
        """The engines are there, and say who they are; a log of several workers has it from each of them."""
        if self.manifest.complete:
            return  # nobody will be asked
        engines, notes = told["engines"], tuple(dict.fromkeys((*self.manifest.notes, *told["notes"])))
        if isinstance(self.log, RunLog):
            note_opened(self.log, self.manifest, told)
        self.tell(engines=engines, notes=notes)

    def close(self, done: int) -> None:
        """Close the log, and note where it ends and whether it is complete; `done` counts
        the episodes that a log of one process has."""
        looks = {LOOKS: self.looking.close()} if self.looking else {}
        self.log.close()
        played = self.played if len(self.played.done) == self.manifest.owed else None  # then nobody was asked since
        # workers that died have not told all that they did, and those elsewhere nothing; the log has
        if not isinstance(self.log, RunLog) and played is None:
            openings = Openings(self.manifest)
            played = past(self.path, openings=openings)
            self.manifest, done = openings.gathered(), len(played.done)
        if isinstance(self.log, RunLog) and not any(map(is_share, chains(self.path))):
            ends = {**self.manifest.heads, "": self.log.head}
        else:
            ends = heads(self.path, played.heads if played else None)
        decided = self.looking is not None and self.looking.decided is not None
        complete = decided or done == self.manifest.owed
        self.tell(heads=ends | looks, complete=complete, pace=digest([self.path / PACE]))

    def label(self) -> None:
        """Keep in the log what people said, where the run names a file of it."""
        if self.plan.config.labels and not kept(self.path):
            labels, faults = told(self.plan)
            keep(self.path, self.plan, labels, faults)
            self.tell(heads=heads(self.path), notes=noted(self.manifest, faults))

    def seal(self) -> None:
        """Make the tables. LogError for a log that was changed.

        A trial that cannot be played again as it is logged is named, and leaves the run incomplete.
        """
        made = sealed(self.path, self.plan, self.manifest, spare=True)
        if bad := [trial for trial, error in made.failed.items() if error == UNREPLAYED]:
            self._note(f"{len(bad)} of the logged episodes cannot be played again and are left out", bad)
            self.tell(complete=False)
        if made.twice:
            self._note(f"{len(made.twice)} episodes were played twice, by processes apart, and count once", made.twice)

    def _note(self, what: str, names: Sequence[str]) -> None:
        note = f"{what}: {', '.join(names[:5])}{' ...' if len(names) > 5 else ''} (simrun replay)"
        self.tell(notes=tuple(dict.fromkeys((*self.manifest.notes, note))))

    def play(self, watching: Watching | None = None) -> None:
        """Play what is owed, and close the log; whatever happens, what was answered is kept."""
        # a kill from here on must not leave tables of another log
        shutil.rmtree(self.path / SEALED, ignore_errors=True)
        watch = Watch(
            owed=self.manifest.owed,
            done=len(self.played.done),
            before=self.played.tokens,
            budget=self.plan.throughput.tokens,
        )
        watch.spent()
        sending = Sending(self.path, watch.stop)
        try:
            sending.begin()
            anywhere(self._played(watch, watching or Watching()))
        except asyncio.CancelledError:
            watch.stopping = "interrupted"  # the second Ctrl-C; what was answered is in the log
        finally:
            self.close(watch.done)
            sending.end()
        self.stopped = watch.stopping

    async def _played(self, watch: Watch, watching: Watching) -> None:
        begun = False

        def opened(told: Mapping[str, Any]) -> None:
            nonlocal begun
            if not begun:
                watching.about(self.path, watch)
            begun = True
            self.opened(told)

        if self.looking:
            self.looking.look(watch)  # a run may have been killed between a last outcome and its look
        if watch.done and watch.done == watch.owed:
            watching.about(self.path, watch)  # nobody has to be asked
            return
        if watch.stopping:
            return
        with interruptible(watch, self.plan.throughput.stop_grace):
            async with beside(watching.follow(watch)):
                if isinstance(self.log, RunLog):
                    owed = in_order(self.plan)
                    worker = Worker(self.path, self.plan, self.log, self.played, watch, owed, self.looking)
                    sampler = Sampler(self.path, watch)
                    await worker.play(opened, lambda observer: sampler.follow(observer.look))
                elif self.launcher:
                    watching.about(self.path, watch)
                    done = self.played.done
                    await Launching(self.path, self.plan, watch, self.launcher, done, self.looking).play()
                else:
                    await self._by_workers(Workers(self.path, self.plan, watch, opened), watch)

    async def _by_workers(self, workers: Workers, watch: Watch) -> None:
        """Several processes play; where the run may stop, this one looks at what they have played."""
        if self.looking is None:
            return await workers.play()
        async with beside(self.looking.follow(watch)):
            await workers.play()
        self.looking.look(watch)  # what they played last
        return None


def start(plan: Plan, decide: Decide, watching: Watching | None = None) -> Session:
    """Play a new run. ConfigError for one that could find nothing, BackendError where no engine could be opened."""
    created = time.time()
    comparable(plan)
    check_context(plan)
    check_rounds(plan)
    if is_url(plan.config.out) and Engines(plan).deferred:
        raise ConfigError(
            f"backend=batch keeps what it has asked in the run's folder, and out={plan.config.out} takes only what was "
            "answered: play it on a disk (out=DIR)"
        )
    _check_players(plan, beside_runs(plan.config.out))
    for judge in (each for each in plan.reference.judges if each.compares):
        raise ConfigError(
            f"judge={judge.name} compares each arm with the first one, and so can be asked only when both were played: "
            f"leave it out, and afterwards simrun judge RUN judge={judge.name}"
        )
    if plan.config.labels:
        told(plan)
    session = Session.begun(plan, created, decide=decide)
    if watching:
        watching.planned(plan)
    try:
        session.play(watching)
    except (BackendError, StoreError) as error:
        if not any(file.stat().st_size for file in segments(session.path)):
            if isinstance(error, BackendError):
                dropped(session.path)
            shutil.rmtree(session.path)  # no backend could be opened: there is nothing to go on with
        raise
    return session


def resume(
    path: Path,
    decide: Decide,
    watching: Watching | None = None,
    concurrency: int | None = None,
    trust: bool = False,
    tokens: int | None = None,
) -> Session:
    """Go on with a run where it stopped: nothing that was answered is asked again.

    ConfigError for a run that was not begun here, which names all that it would do, unless the user trusts it.
    """
    manifest = Manifest.read(path, trust)
    ask(manifest, path, "resume", trust)
    session = Session.found(path, manifest, manifest.plan().paced(concurrency, tokens), decide)
    session.play(watching)
    return session


def sealed(path: Path, plan: Plan, manifest: Manifest, spare: bool = False, into: Path | None = None) -> Sealed:
    """Make the tables of a run whose log is closed; those of one that is still playing `into` a folder of their own,
    which has the run's name.

    LogError for a log that was changed. Where a trial cannot be played again as it is logged, ConfigError or
    BackendError; with `spare` it stands in the tables as an episode that ended in an error.
    """
    judged = verdicts(path, plan, manifest)
    for trial, said in kept(path, manifest.tip()).items():
        judged.setdefault(trial, {}).update(said)
    ended = deciding(looked(path, manifest.tip()))
    beyond = tuple(plan.cases)[ended.cases :] if ended else ()
    there = replayed(path, plan, manifest, spare)
    told = seal((into or path) / SEALED, manifest.name, plan, there, judged, beyond)
    if into is None:
        made(path / SEALED)
    return told


def _resumed(plan: Plan) -> Plan:
    """The plan as it is gone on with: by one process here, where its launcher does not launch again."""
    by = launcher(dict(plan.throughput.launch))
    if by is None or by.resumes:
        return plan
    return replace(plan, throughput=plan.throughput.model_copy(update={"launch": {}, "workers": 1}))


def _check_players(plan: Plan, out: Path) -> None:
    """ConfigError where those who are to play cannot."""
    if launcher(dict(plan.throughput.launch)):
        check_launched(plan)
    else:
        checked(plan, out)


def _looking(path: Path, plan: Plan, manifest: Manifest, decide: Decide | None) -> Looking | None:
    return Looking(path, plan, manifest, decide) if decide and plan.config.design.stop is not None else None


def _log(path: Path, plan: Plan, by: Launcher | None) -> RunLog | Lock:
    return RunLog(path) if plan.throughput.workers == 1 and by is None else Lock(path)
