"""A run: played, resumed, replayed, loaded, reported."""

import asyncio
import contextlib
import shutil
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simrun.agents.backends.base import BackendError
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue, catalogue
from simrun.config.options import Config
from simrun.log.chain import Lock, RunLog, heads, segments
from simrun.log.manifest import Manifest, find, folder
from simrun.log.tables import BATCH, TABLES, seal
from simrun.plan.design import Plan
from simrun.plan.treatment import audited
from simrun.play.engines import Engines
from simrun.play.replay import Past, past
from simrun.play.runner import Runner, Watch
from simrun.play.speed import Observer, Sampler, beside, pace, samples
from simrun.play.workers import Crew, checked
from simrun.report.render.json import json
from simrun.report.render.markdown import markdown
from simrun.report.report import Report, build
from simrun.score.contrasts import compared
from simrun.score.layout import Layout, laid_out
from simrun.score.scored import Scored

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")


class Run:
    """One run that was played, or several side by side: its tables, its report, its transcripts.

    `episodes`, `turns`, `calls` and `outcomes` are pandas DataFrames; `simrun.log.tables.TABLES` documents their
    columns.
    """

    def __init__(self, *paths: Path):
        self.paths = paths
        self.manifests = tuple(Manifest.read(path) for path in paths)
        self.stopped = ""
        """Why playing ended before all was played, "" when it did not."""

    @property
    def path(self) -> Path:
        """The run's folder (the first one's, of several)."""
        return self.paths[0]

    @property
    def complete(self) -> bool:
        """Whether every owed trial has an outcome."""
        return all(manifest.complete for manifest in self.manifests)

    def _table(self, name: str) -> pd.DataFrame:
        return pd.concat(
            [pd.read_parquet(path / "sealed" / f"{name}.parquet") for path in self.paths], ignore_index=True
        )

    @cached_property
    def episodes(self) -> pd.DataFrame:
        """One row a trial: case, arm, settings, state, calls, tokens, problems."""
        return self._table("episodes")

    @cached_property
    def turns(self) -> pd.DataFrame:
        """One row for each thing that was said, in order."""
        return self._table("turns")

    @cached_property
    def calls(self) -> pd.DataFrame:
        """One row a model call, with its seed, tokens and time."""
        return self._table("calls")

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """One row a field of an episode's outcome."""
        return self._table("outcomes")

    def duckdb(self) -> "duckdb.DuckDBPyConnection":
        """An in-memory connection in which the four tables are views."""
        import duckdb

        connection = duckdb.connect()
        for name in TABLES:
            files = [str(path / "sealed" / f"{name}.parquet") for path in self.paths]
            connection.read_parquet(files, union_by_name=True).create_view(name)
        return connection

    @cached_property
    def scored(self) -> Scored:
        """The outcomes by pairs and the figures made of them, as typed records: arms, contrasts, counts, manipulations.

        Read once from the sealed tables. ValueError for several runs: they have one each.
        """
        if len(self.paths) > 1:
            raise ValueError("several runs have no one report; load them one by one")
        (manifest,), tables = self.manifests, self.duckdb()
        speed = pace(samples(self.path), manifest.config.prefill_rate, manifest.config.decode_rate)
        return Scored(self.path.name, manifest, laid_out(tables, manifest, manifest.laid_out), tables, speed)

    @property
    def layout(self) -> Layout:
        """The outcomes by pairs of case and repeat. ValueError for several runs."""
        return self.scored.layout

    def report(self) -> Report:
        """Every section as blocks, computed once. ValueError for several runs."""
        return self._report

    @cached_property
    def _report(self) -> Report:
        return build(self.scored)

    def write_report(self) -> Report:
        """Write report/report.json, report/report.md and its plots, and return the report."""
        report, target = self.report(), self.path / "report"
        target.mkdir(exist_ok=True)
        texts = {"report.json": json(report, indent=True) + "\n", "report.md": markdown(report), **report.plots()}
        for name, text in texts.items():
            (target / name).write_text(text, encoding="utf-8")
        return report


def load(*runs: str | Path, out: str = "runs") -> Run:
    """Open runs by path, by the end of their name, or `last`; ConfigError when there is none."""
    found = [find(str(run), out) for run in runs or ("last",)]
    for path in found:
        if not (path / "sealed" / "outcomes.parquet").is_file():
            rebuild(path)
    return Run(*found)


def run(*overrides: str, config_dir: str | Path | None = None, **options: Any) -> Run:
    """Play a run and return it. Overrides are as on the command line, options the same as keywords.

    `run("scenario=clinic", "backend=scripted", cases=8, vary={"patient": {"ethnicity": ["White", "Black"]}})`
    Raises ConfigError for a run that cannot be as asked. A run that meets errors is returned, with `complete` False.
    """
    from simrun.config.composition import compose

    config, folders = compose(overrides, options, config_dir)
    return start(config, catalogue(folders))


def start(config: Config, known: Catalogue, watching: "Watching | None" = None) -> Run:
    """Plan, play and report a new run."""
    created = time.time()
    plan = Plan(config, known)
    plan.comparable()
    checked(plan)
    manifest = Manifest.of(plan, created)
    manifest = manifest.model_copy(update={"treatment": audited(plan, compared(manifest)).line()})
    path = folder(config, created)
    plan_table(plan, path)
    manifest.write(path)
    try:
        return perform(path, plan, _pen(path, plan), Past(), watching)
    except BackendError:
        if not any(file.stat().st_size for file in segments(path)):
            shutil.rmtree(path)  # no backend could be opened: there is nothing to go on with
        raise


def resume(path: Path, watching: "Watching | None" = None, concurrency: int | None = None) -> Run:
    """Go on with a run where it stopped: nothing that was answered is asked again."""
    manifest = Manifest.read(path)
    plan = manifest.plan()
    if concurrency:
        plan.config = plan.config.model_copy(update={"concurrency": concurrency})
    pen = _pen(path, plan)  # before looking at what was played: another process may be playing it
    try:
        played = past(path, manifest.tip())
    except BaseException:
        pen.close()
        raise
    return perform(path, plan, pen, played, watching)


def _pen(path: Path, plan: Plan) -> RunLog | Lock:
    """The log, to write to it; where workers write it, only the right to have it written."""
    return RunLog(path) if plan.config.workers == 1 else Lock(path)


class Watching:
    """Looks at a run's progress while it is played; this one looks away."""

    def about(self, path: Path, watch: Watch) -> None:
        """The run begins."""

    async def follow(self, watch: Watch) -> None:
        """Runs beside the run until it is cancelled."""


def perform(path: Path, plan: Plan, pen: RunLog | Lock, played: Past, watching: Watching | None) -> Run:
    """Play what is owed, close the log, seal the tables and write the report; whatever happens, what was answered is kept."""
    manifest = Manifest.read(path)
    shutil.rmtree(path / "sealed", ignore_errors=True)  # a kill from here on must not leave tables of another log
    watch = Watch(owed=manifest.owed, done=len(played.done))
    try:
        anywhere(_session(path, plan, pen, played, watch, watching or Watching()))
    except asyncio.CancelledError:
        watch.stopping = "interrupted"  # the second Ctrl-C; what was answered is in the log
    finally:
        closed(path, pen, watch.done)
    finished = reported(path, plan)
    finished.stopped = watch.stopping
    return finished


def closed(path: Path, pen: RunLog | Lock, done: int) -> None:
    """Close the log, and write into the manifest where it ends and whether it is complete. `done` counts the episodes that a log of one process has."""
    pen.close()
    manifest = Manifest.read(path)
    # workers that died have not told all that they did; the log has
    done, ends = (
        (done, {**manifest.heads, "": pen.head}) if isinstance(pen, RunLog) else (len(past(path).done), heads(path))
    )
    manifest.model_copy(update={"heads": ends, "complete": done == manifest.owed}).write(path)


def reported(path: Path, plan: Plan) -> Run:
    """Seal the tables of a run whose log is closed, and write its report. LogError for a log that was changed, ConfigError for cases or code that were."""
    seal(path, plan, Manifest.read(path).tip())
    run = Run(path)
    run.write_report()
    return run


async def _session(path: Path, plan: Plan, pen: RunLog | Lock, played: Past, watch: Watch, watching: Watching) -> None:
    def opened(told: Mapping[str, Any]) -> None:
        watching.about(path, watch)
        Manifest.read(path).model_copy(update={**told, "notes": tuple(told["notes"])}).write(path)

    with _interruptible(watch):
        async with beside(watching.follow(watch)):
            if isinstance(pen, RunLog):
                await _alone(path, plan, Runner(plan, Engines(plan), pen, played.answers, watch), played.done, opened)
            else:
                await Crew(path, plan, watch, opened).play()


async def _alone(
    path: Path, plan: Plan, runner: Runner, done: Set[str], opened: Callable[[Mapping[str, Any]], None]
) -> None:
    """Play in this process."""
    async with runner.engines as engines:
        opened({"engines": engines.identities(plan.arms[0].name), "notes": engines.notes()})
        observer = Observer(engines, runner.admission)
        async with beside(observer.tick()), beside(Sampler(path, runner.watch).follow(observer.look)):
            await runner.play(trial for trial in plan.trials() if trial.id not in done)


@contextlib.contextmanager
def _interruptible(watch: Watch) -> Iterator[None]:
    """First Ctrl-C: no new episodes, those in flight end. Second: they are dropped, their answers kept."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupted() -> None:
        if watch.stopping and task:
            task.cancel()
        watch.stopping = "interrupted"

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, interrupted)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


def anywhere(coroutine: Coroutine[Any, Any, T], run: Callable[[Coroutine[Any, Any, T]], T] = asyncio.run) -> T:
    """Run a coroutine to its end, from a script or from within a notebook's loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run(coroutine)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run, coroutine).result()


def plan_table(plan: Plan, path: Path) -> None:
    """Write plan.parquet: one row per owed trial."""
    keys = ["id", "case", "arm", "repeat", *dict.fromkeys(key for arm in plan.arms for key in arm.settings)]
    schema = pa.schema([(key, pa.int64() if key == "repeat" else pa.string()) for key in keys])
    settings, trials = {arm.name: dict(arm.settings) for arm in plan.arms}, plan.trials()
    with pq.ParquetWriter(path / "plan.parquet", schema) as table:
        while batch := [trial.model_dump() | settings[trial.arm] for trial in islice(trials, BATCH)]:
            table.write_table(pa.Table.from_pylist(batch, schema))


def rebuild(path: Path) -> tuple[Run, bool | None]:
    """Play a run again from its log, rebuild its tables and its report; whether the report is the same to the byte.

    None where there was no report before. LogError for a log that was changed, ConfigError for cases or code that were.
    """
    before = _report_bytes(path)
    again = reported(path, Manifest.read(path).plan())
    return again, None if before is None else before == _report_bytes(path)


def _report_bytes(path: Path) -> Mapping[str, bytes] | None:
    files: Sequence[Path] = sorted(
        file for pattern in ("report.*", "*.svg") for file in (path / "report").glob(pattern)
    )
    return {file.name: file.read_bytes() for file in files} or None


__all__ = ["ConfigError", "Run", "Watching", "load", "rebuild", "resume", "run", "start"]
