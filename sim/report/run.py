"""A run: played, resumed, replayed, loaded, reported."""

import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simrun.config.errors import ConfigError, unknown
from simrun.config.menus import Catalogue, catalogue
from simrun.config.options import UNASKED, Config
from simrun.log import files
from simrun.log.begun import digest
from simrun.log.chain import LogError
from simrun.log.looks import deciding, looked
from simrun.log.manifest import Manifest
from simrun.log.parquet import frame, scan
from simrun.log.places import find
from simrun.log.store.address import is_url
from simrun.log.store.sending import Sending, sent
from simrun.log.store.taking import current, here
from simrun.log.tables import PLANNED, SEALED, TABLES, UNOWED, known, moved, plan_table, whole
from simrun.log.trust import ask
from simrun.plan.design import Plan, planned
from simrun.play import judging as asking
from simrun.play import session
from simrun.play.forking import ASKED, Fork, Forked, forked
from simrun.play.heap import settled
from simrun.play.session import Session, sealed
from simrun.play.speed import FILE as PACE
from simrun.play.speed import pace, samples
from simrun.play.watch import Watching
from simrun.report import frames
from simrun.report.forest import forest
from simrun.report.pairs import Listed
from simrun.report.pictured import Album
from simrun.report.render.csv import csv
from simrun.report.render.json import json
from simrun.report.render.markdown import markdown
from simrun.report.render.page import Shown, page
from simrun.report.report import Report, build
from simrun.report.told import declared, kept
from simrun.report.written import write
from simrun.score.layout import Layout, labels, laid_out, read_outcomes
from simrun.score.looks import decide, look
from simrun.score.menu import check
from simrun.score.scored import Scored
from simrun.score.verdicts import samples as judged

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


class Run:
    """One run that was played, or several side by side: its tables, its report, its transcripts.

    `episodes`, `turns`, `calls` and `outcomes` are pandas DataFrames; `simrun.log.tables.TABLES` documents their
    columns.
    """

    def __init__(self, *places: str | Path, trust: bool = False, tables: Path | None = None):
        """Of folders whose tables are there, or of URLs, which are taken down and laid out."""
        self.paths = tuple(_with_tables(here(each), trust) if is_url(each) else Path(each) for each in places)
        self.trust = trust
        self._folders = (tables,) if tables else self.paths
        """Where tables and report are: in the run's own folder, but while it is still playing."""
        self.manifests = tuple(Manifest.read(path, trust) for path in self.paths)
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

    def _table(self, name: str) -> "pd.DataFrame":
        return frame(*(path / SEALED / f"{name}.parquet" for path in self._folders))

    @cached_property
    def episodes(self) -> "pd.DataFrame":
        """One row a trial: case, arm, settings, state, calls, tokens, problems."""
        return self._table("episodes")

    @cached_property
    def turns(self) -> "pd.DataFrame":
        """One row for each thing that was said, in order."""
        return self._table("turns")

    @cached_property
    def calls(self) -> "pd.DataFrame":
        """One row a model call, with its seed, tokens and time."""
        return self._table("calls")

    @cached_property
    def outcomes(self) -> "pd.DataFrame":
        """One row a field of an episode's outcome."""
        return self._table("outcomes")

    def trial(self, episode: str) -> str:
        """The trial at this place of the list of episodes, from 0, or, where it is no number, the one whose id begins
        so; ConfigError for none or several. A whole id may be of digits alone."""
        trials = [str(trial) for trial in self.episodes.sort_values("at", kind="stable")["trial"]]
        if episode in trials:
            return episode
        if episode.isdecimal():
            if len(episode) < 10 and int(episode) < len(trials):
                return trials[int(episode)]
            raise ConfigError(f"no episode {episode}: this run has {len(trials)}, from 0 to {len(trials) - 1}")
        matching = [trial for trial in trials if trial.startswith(episode)]
        if len(matching) > 1:
            some = ", ".join(f"{trials.index(each)} ({each})" for each in matching[:8])
            more = f" and {len(matching) - 8} more" if len(matching) > 8 else ""
            raise ConfigError(f"{len(matching)} episodes begin with {episode!r}: {some}{more}; give one of the numbers")
        if not matching:
            raise unknown("episode", episode, trials[:12])
        return matching[0]

    def duckdb(self) -> "duckdb.DuckDBPyConnection":
        """An in-memory connection in which the four tables are views."""
        import duckdb

        connection = duckdb.connect()
        for name in TABLES:
            scan(connection, *(path / SEALED / f"{name}.parquet" for path in self._folders)).create_view(name)
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
        layout = laid_out(tables, manifest, read_outcomes(tables, manifest))
        looks = looked(self.path, manifest.tip())
        if ended := deciding(looks):
            layout = layout.within(manifest.cases[: ended.cases])  # what was played beyond counts in no figure
        return Scored(
            name=manifest.name,
            manifest=manifest,
            layout=layout,
            wordings=labels(tables, layout, "wording"),
            tables=tables,
            pace=speed,
            judged=judged(manifest, layout, tables),
            looks=looks,
        )

    @property
    def layout(self) -> Layout:
        """The outcomes by pairs of case and repeat. ValueError for several runs."""
        return self.scored.layout

    @cached_property
    def pairs(self) -> "pd.DataFrame":
        """One row a pair, outcome and comparison: `simrun.report.frames.PAIRS`. ValueError for several runs."""
        return frames.pairs(self.scored)

    @cached_property
    def findings(self) -> "pd.DataFrame":
        """One row a finding of the report: `simrun.report.frames.FINDINGS`. ValueError for several runs."""
        return frames.findings(self.scored, self.report())

    def report(self) -> Report:
        """Every section as blocks, computed once. ValueError for several runs."""
        return self._report

    @cached_property
    def _report(self) -> Report:
        with self.manifests[0].config.gate.held():  # it may name metrics
            return build(self.scored)

    def write_report(self) -> Report:
        """Write report/report.json, report/report.md, report/report.html and their plots, and return the report."""
        report = self.report()
        write(self.path / "report", self.texts())
        return report

    def texts(self) -> dict[str, str]:
        """The files of the report, by their names."""
        report = self.report()
        texts = {"report.json": json(report, indent=True) + "\n", "report.md": markdown(report)}
        texts |= {**report.plots(), **{f"{each.key}.csv": csv(each) for each in report.sheets()}}
        return texts | page([self.shown()], self.manifests[0].config.render.single)

    def shown(self) -> Shown:
        """This run as a page holds it."""
        report, manifest, listed, album = self.report(), self.manifests[0], Listed(self.scored), Album()
        with manifest.config.gate.held():
            told = kept(self.path, manifest, listed, manifest.config.render.transcripts, album)
        more = {
            "owed": report.value("design", "owed"),
            "played": report.value("design", "done"),
            "forest": forest(self.scored, report),
            "pairs": listed.told(),
            "declared": declared(manifest, told.values()),
            "pictures": album.urls,
            "config": manifest.config.model_dump(mode="json", exclude=set(UNASKED)),
            "digest": manifest.digest,
        }
        return Shown(report, more, told)


def snapshot(path: Path, folder: Path, every: float, trust: bool = False) -> Run:
    """What is logged so far of a run that is still playing, with its page, in a folder outside of it that has its name;
    the page reads itself anew after so many seconds. LogError for a log that was changed."""
    manifest = Manifest.read(path, trust)
    sealed(path, manifest.plan(), manifest, spare=True, into=folder)
    run = Run(path, trust=trust, tables=folder)
    live = {"at": time.strftime("%H:%M:%S"), "every": every}
    write(folder / "report", page([run.shown()], manifest.config.render.single, {"live": live}))
    return run


def load(*runs: str | Path, out: str = "runs", trust: bool = False) -> Run:
    """Open runs by path, URL, the end of their name, or `last`; ConfigError when there is none.

    Tables that were not made here, or are broken, are made again from the log. With `trust` those of the folder are
    taken as they are, and the classes that its manifest names are imported.
    """
    return Run(*(_with_tables(find(str(run), out), trust) for run in runs or ("last",)), trust=trust)


def _with_tables(path: Path, trust: bool) -> Path:
    manifest = Manifest.read(path, trust)
    if known(path / SEALED) or (trust and whole(path / SEALED)):
        return path
    try:
        sealed(path, manifest.plan(), manifest, spare=True)
    except ConfigError as error:
        left = "; trust=true takes the tables in its folder as they are" if whole(path / SEALED) else ""
        raise ConfigError(f"{error}{left}") from None
    return path


def run(*overrides: str, config_dir: str | Path | None = None, **options: Any) -> Run:
    """Play a run and return it. Overrides are as on the command line, options the same as keywords.

    `run("scenario=clinic", "backend=scripted", cases=8, vary={"patient": {"ethnicity": ["White", "Black"]}})`
    Raises ConfigError for a run that cannot be as asked. A run that meets errors is returned, with `complete` False.
    """
    from simrun.config.composition import compose

    config, folders = compose(overrides, options, config_dir)
    return start(config, catalogue(folders))


def start(config: Config, known: Catalogue, watching: Watching | None = None) -> Run:
    """Plan, play and report a new run. ConfigError for one that cannot be as asked, before anything is played."""
    plan = planned(config, known)
    if config.metrics:
        check(config.metrics, Manifest.of(plan, 0.0))
    return reported(session.start(plan, decide, watching))


def resume(
    place: str | Path,
    watching: Watching | None = None,
    concurrency: int | None = None,
    trust: bool = False,
    tokens: int | None = None,
) -> Run:
    """Go on with a run where it stopped: nothing that was answered is asked again. `tokens` is another budget.

    ConfigError for a run that was not begun here, which names all that it would do, unless you `trust` it.
    """
    return reported(session.resume(current(place), decide, watching, concurrency, trust, tokens), trust)


def reported(played: Session, trust: bool = False) -> Run:
    """Seal the tables of a run that was played, and write its report.

    LogError for a log that was changed, ConfigError for cases or code that were, Unsent where not all of it could be
    sent to its store.
    """
    with settled():
        played.label()
        played.seal()
        run = Run(played.path, trust=trust)
        run.write_report()
    run.stopped = played.stopped
    sent(played.path)
    return run


def judge(place: str | Path, *overrides: str, trust: bool = False, **options: Any) -> Run:
    """Ask judges of what is logged, and report: `judge`, and who speaks (`roles`, `backend`), are given as for a run.

    `judge(run.path, "judge=observer", "roles.judge.backend=scripted")`
    ConfigError where there is nobody to ask, or nothing to judge, or the run is not your own and you do not `trust` it.
    """
    from simrun.config.composition import changed

    path = current(place)
    manifest = Manifest.read(path, trust)
    ask(manifest, path, "judge", trust)
    sending = Sending(path, stop=lambda why: None)  # who judges the same elsewhere is told at the end
    sending.begin()
    try:
        asking.judge(path, manifest, changed(manifest.config, overrides, options, asking.ASKED))
    finally:
        sending.end()
    again, _ = rebuild(path, trust, renew=True)
    sent(path)
    return again


def fork(
    place: str | Path,
    episode: str,
    *overrides: str,
    turn: int,
    times: int = 20,
    role: str | None = None,
    trust: bool = False,
    **options: Any,
) -> Forked:
    """Play an episode again up to a turn (from 1) of a role, and then live, so many times: what was likely to come.

    Who speaks then (`roles`, `backend`) may be given as for a run. Nothing of the run is changed, and nothing is kept.
    ConfigError for a turn that the episode does not have, or where the run was not begun here and you do not `trust`
    it.
    """
    from simrun.config.composition import changed

    path = here(place)
    manifest = Manifest.read(path, trust)
    ask(manifest, path, "fork", trust)
    begun = Fork(path, manifest, load(path, trust=trust).trial(episode), turn, role)
    return forked(begun, changed(manifest.config, overrides, options, ASKED), times)


def rebuild(
    place: str | Path, trust: bool = False, spare: bool = False, renew: bool = False
) -> tuple[Run, bool | None]:
    """Play a run again from its log; whether its report is the same to the byte: None where there was none before.

    Its tables and report are then written, unless the report would be another: what is there then stays, except where
    it is to `renew`. LogError for a log that was changed, ConfigError for cases or code that were; with `spare` a trial
    that cannot be played again as it is logged is named among the errors, and the rest is read.
    """
    path = here(place)
    manifest = Manifest.read(path, trust)
    plan = manifest.plan()
    with files.scratch(path) as folder:
        sealed(path, plan, manifest, spare, folder)
        again = Run(path, trust=trust, tables=folder)
        if not spare:
            _look_again(again)
            _check_files(path, plan, manifest, again, folder)
        texts = again.texts()
        same = _same(path / "report", texts)
        if same is False and not renew:
            return again, False
        moved(folder / SEALED, path / SEALED)
    write(path / "report", texts)
    return Run(path, trust=trust), same


def _check_files(path: Path, plan: Plan, manifest: Manifest, again: Run, scratch: Path) -> None:
    """LogError where a file beside the log tells something else than what was planned and played."""
    if manifest.complete:
        open_ones = again.episodes[~again.episodes["state"].isin(("done", UNOWED))]
        if len(open_ones):
            raise LogError(f"manifest.json was changed: it calls the run complete, and {len(open_ones)} are owed")
        if manifest.pace != digest([path / PACE]):
            raise LogError(f"{path / PACE} is not the one with which the run was closed: it was changed")
    if (path / PLANNED).exists():
        plan_table(plan, scratch / PLANNED)
        if not frame(path / PLANNED).equals(frame(scratch / PLANNED)):
            raise LogError(f"{path / PLANNED} was changed: it is not what the run's config comes to")


def _look_again(run: Run) -> None:
    """ConfigError where a look at a run, made again, comes to something else than its log says."""
    manifest, layout = run.manifests[0], run.layout
    for each in run.scored.looks:
        if (found := look(manifest, layout, each.number).model_copy(update={"at": each.at})) != each:
            raise ConfigError(
                f"look {each.number} at {run.path} came out otherwise: logged {each.line!r}, now {found.line!r}. "
                "The scenario, or what decides, has changed since"
            )


def _same(report: Path, texts: Mapping[str, str]) -> bool | None:
    """Whether the files of a report are these; None where there are none."""
    there = {name: file.read_bytes() for name in texts if (file := report / name).is_file()}
    return there == {name: text.encode() for name, text in texts.items()} if there else None


__all__ = ["ConfigError", "Run", "Watching", "load", "rebuild", "resume", "run", "start"]
