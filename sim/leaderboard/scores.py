"""What a submission came to, by our own code from its log: the figures of its report, and what rankings need."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np

from simrun.agents.records import Record
from simrun.config.options import Render
from simrun.estimate.bounded import case_means
from simrun.leaderboard import suites
from simrun.leaderboard.archive import unpacked
from simrun.leaderboard.submission import HEADER, Header
from simrun.log.manifest import Manifest
from simrun.plan.contrasts import Contrast
from simrun.play.session import sealed
from simrun.report.run import Run
from simrun.score.arms import ArmResult
from simrun.score.compared import pairs
from simrun.score.competence import ALWAYS, inabilities
from simrun.score.contrasts import ContrastResult
from simrun.score.layout import Codes, Floats
from simrun.score.scored import Scored
from simrun.score.version import METRICS

ACCURACY = "accuracy"


class Measured(Record):
    """One figure of one run, and the means of its cases, by which it is ranked."""

    what: str
    """`accuracy` of the reference arm, or the outcome of a gap."""
    arm: str = ""
    reference: str = ""
    """What the arm is compared with; "" for an accuracy."""
    axis: str = ""
    """What was varied for it, as `role.what`."""
    better: str = "higher"
    """Which way the outcome is better."""
    value: float | None
    """0 is no gap."""
    low: float | None
    high: float | None
    """95 %."""
    n: int
    """Episodes, or pairs."""
    cases: int
    excluded: int = 0
    """Planned pairs that are not in it."""
    reasons: Mapping[str, int] = {}
    floor: tuple[float, float] | None = None
    """Interval of the reference arm against itself under other seeds; None without that control."""
    detectable: float | None = None
    """Smallest true difference that would have been found in 80 % of repetitions; None where none would."""
    margin: float | None = None
    """The declared one."""
    verdict: str = ""
    span: float | None = None
    """How far two values can lie apart; None without bounds."""
    by_case: Mapping[str, float] = {}
    """Case -> its mean."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What the same figure of another submission is known by."""
        return self.what, self.arm, self.reference


class Part(Record):
    """One run of a submission."""

    run: str
    suite: str
    """`name@version`, or `custom@0`."""
    scenario: str
    axes: tuple[str, ...]
    """What was varied, as `role.what`."""
    question: str
    """The outcomes on which it is decided, in words of the report."""
    episodes: int
    measured: tuple[Measured, ...]
    arms: tuple[ArmResult, ...]
    inabilities: tuple[str, ...] = ()
    """What shows that the task cannot be done, or that nothing was answered: its gaps then mean nothing."""
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int


class Scores(Record):
    """scores/SHA256/VERSION.json: one submission, under one version of the metrics."""

    file: str
    metrics: int
    simrun: str
    parts: tuple[Part, ...]


def scored(file: Path, digest: str, room: Path) -> tuple[Scores, tuple[Run, ...]]:
    """The scores of a packed file that was checked, and its runs, unpacked into `room`, of which reports can be made.

    Every run is played again from its log: LogError, ConfigError or BackendError where it does not come out as it is
    logged, Refused for what is no submission.
    """
    unpacked(file, room)
    header = Header.model_validate_json((room / HEADER).read_bytes())
    folders = [room / f"{number:02d}" for number in range(header.runs)]
    of = [_suite(Manifest.read(each), header) for each in folders]
    runs = tuple(_opened(path, name) for path, name in zip(folders, of, strict=True))
    parts = tuple(_part(run, _told(name)) for run, name in zip(runs, of, strict=True))
    return Scores(file=digest, metrics=METRICS, simrun=version("simrun"), parts=parts), runs


def _suite(manifest: Manifest, header: Header) -> str:
    """The suite of one run, of which the check has found that it is one."""
    if header.suite == suites.CUSTOM:
        return suites.CUSTOM
    own = suites.suite(header.suite).played
    return min(own, key=lambda name: len(suites.differing(manifest.config, suites.config(name))))


def _told(name: str) -> str:
    return f"{name}@0" if name == suites.CUSTOM else suites.suite(name).told


def _opened(path: Path, name: str) -> Run:
    """A run as its log tells it: what is computed of it and how it is shown is ours to say, not the submitter's."""
    manifest = Manifest.read(path)
    metrics = None if name == suites.CUSTOM else suites.config(name).metrics
    config = manifest.config.model_copy(update={"render": Render(), "metrics": metrics})
    manifest = manifest.told(config=config)
    manifest.write(path)
    folder = path / "tables"
    sealed(path, manifest.plan(), manifest, into=folder)
    return Run(path, tables=folder)


def _part(run: Run, suite: str) -> Part:
    found, manifest = run.scored, run.manifests[0]
    return Part(
        run=manifest.name,
        suite=suite,
        scenario=manifest.scenario.name,
        axes=tuple(factor.name for factor in manifest.factors),
        question=", ".join(manifest.primary),
        episodes=found.played.done,
        measured=tuple(_measured(found)),
        arms=found.arms,
        inabilities=tuple(dict.fromkeys(_unable(found))),
        prompt_tokens=found.played.prompt_tokens,
        cached_tokens=found.played.cached_tokens,
        output_tokens=found.played.output_tokens,
    )


def _measured(run: Scored) -> Iterator[Measured]:
    """The accuracy, where a scenario has one, and each gap of a declared outcome in a main comparison."""
    reference, field = run.arms[0], run.outcome.accuracy
    if field and reference.accuracy is not None:
        seen = run.layout.observed(field, [reference.name])
        yield Measured(
            what=ACCURACY,
            value=reference.accuracy,
            low=reference.accuracy_low,
            high=reference.accuracy_high,
            n=len(seen.value),
            cases=len(np.unique(seen.case)),
            excluded=int(run.layout.planned([reference.name]).sum()) - len(seen.value),
            span=1.0,
            by_case=_by_case(run, seen.value, seen.case),
        )
    compared = {(each.arm, each.reference): each for each in run.manifest.contrasts}
    for each in run.contrasts:
        if each.family == "primary":
            yield _gap(run, each, compared[each.arm, each.reference])


def _gap(run: Scored, found: ContrastResult, contrast: Contrast) -> Measured:
    bounds = run.outcome.span(found.outcome)
    sides = pairs(run.layout, found.outcome, contrast).whole()
    same = next((each for each in run.contrasts if _floor(run, each) and each.outcome == found.outcome), None)
    return Measured(
        what=found.outcome,
        arm=found.arm,
        reference=found.reference,
        axis=contrast.factor,
        better=found.better,
        value=found.difference,
        low=found.low,
        high=found.high,
        n=found.pairs,
        cases=found.cases,
        excluded=found.excluded,
        reasons=found.reasons,
        floor=(same.low, same.high) if same and same.low is not None and same.high is not None else None,
        detectable=found.detectable,
        margin=found.margin,
        verdict=found.verdict.kind,
        span=bounds.high - bounds.low if bounds else None,
        by_case=_by_case(run, sides.difference(), sides.case),
    )


def _floor(run: Scored, each: ContrastResult) -> bool:
    return each.family == "control" and each.arm == run.control("same")


def _by_case(run: Scored, values: Floats, case: Codes) -> dict[str, float]:
    if not len(values):
        return {}
    names = [run.layout.cases[code] for code in np.unique(case)]
    return dict(zip(names, case_means(values, case).tolist(), strict=True))


def _unable(run: Scored) -> Iterator[str]:
    """Why its gaps mean nothing; nothing where they do."""
    for each in inabilities(run):
        yield from (f"{each.engines}: {reason}".removeprefix(": ") for reason in each.reasons)
    query = (
        "SELECT role, count(*) FILTER (problem = 'refused') AS refused, count(*) AS asked FROM turns "
        "WHERE nth IS NOT NULL GROUP BY role ORDER BY role"
    )
    for role, refused, asked in run.tables.sql(query).fetchall():
        if refused >= ALWAYS * asked:
            yield f"{role} refuses {refused} of {asked} turns"
