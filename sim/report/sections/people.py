"""What people did with real things of the kind, beside what the run did."""

from collections.abc import Iterator, Sequence

import numpy as np

from simrun.agents.records import Record
from simrun.report.blocks import Block, Column, Finding, Prose, Table, row
from simrun.report.figures import interval
from simrun.report.section import Section
from simrun.scenarios.anchor import Anchor
from simrun.score.metric import Figure
from simrun.score.metrics.decision_auc import DecisionAuc
from simrun.score.metrics.detectability import Detectability
from simrun.score.metrics.disagreement import Disagreement
from simrun.score.metrics.intraclass_correlation import IntraclassCorrelation
from simrun.score.metrics.krippendorff_alpha import KrippendorffAlpha
from simrun.score.metrics.people_correlation import PeopleCorrelation
from simrun.score.probed import BesidePeople
from simrun.score.repeated import Subjects
from simrun.score.samples import Located
from simrun.score.scored import Scored
from simrun.score.values import Graded

PEOPLE = "people"
AGREEMENT = (Disagreement, IntraclassCorrelation, KrippendorffAlpha)


class People(Section):
    """Agreement and validity of people beside those of the run, shares of each score, and what tells them apart."""

    name, order, title = "people", 59, "Beside people"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where nothing is known of what people did."""
        return (*_venue(run), *_same_things(run))


class Share(Record):
    """How often a score was given."""

    by: str
    score: float
    share: float
    n: int
    """Of all scores by the same."""


FIGURES = (
    Column.of("by", "arm"),
    Column.of("of", "outcome"),
    Column.of("figure", "name"),
    Column.of("value (95 %)", "value", "low", "high", form="interval"),
    Column.of("n (cases)", "n", "cases", form="count", pattern="{} ({})"),
    Column.of("left out", "excluded", form="count"),
    Column.of("why not", "why"),
)
SHARES = (
    Column.of("by", "by"),
    Column.of("score", "score", form="figure"),
    Column.of("share", "share", form="figure"),
    Column.of("n", "n", form="count", about="Of all scores by the same."),
)
ABOUT = (
    "{papers} real papers with {ratings} ratings by people, {mean:.3g} on average{accepted}; those of the run are "
    "others. What has no unit is read side by side: agreement, and how well scores tell decisions (of the run: where "
    "its own papers have decisions of people)."
)
OTHER_SCALE = (
    "People gave {people}, and the scale of this run is {run}: **distributions and disagreement on different scales "
    "are not compared**. Play it on theirs: scenario.scale=[{people}]."
)
SAME_SCALE = "People and the run used one scale ({people}): the shares of the scores can be compared."
SAME = "The same papers, rated or decided by people, and rated by the run."
TOLD = "{}: whether people or the run gave a score is told right in {} of the pairs (.5 is chance)."


def _venue(run: Scored) -> Iterator[Block]:
    anchors = tuple(each for each in run.manifest.anchors if each.ratings)
    if not anchors:
        return
    unrated = sum(each.count for each in run.manifest.anchors if not each.ratings)
    given, steps = sorted({rating for each in anchors for rating in each.ratings}), run.manifest.scenario.grades()
    same = steps is not None and list(steps) == given
    told = {"people": _listed(given), "run": _listed(steps or ())}
    yield Prose(text=(SAME_SCALE if same else OTHER_SCALE).format(**told), level="plain" if same else "note")
    rows = tuple(row(each) for each in (*of_people(anchors, unrated), *of_run(run, same)))
    yield Table(key="people", about=_about(anchors), columns=FIGURES, rows=rows)
    shares = tuple(row(each) for each in (*_shares(PEOPLE, _ratings(anchors)), *(_run_shares(run) if same else ())))
    yield Table(key="shares", title="Scores given", columns=SHARES, rows=shares)


def _about(anchors: Sequence[Anchor]) -> str:
    papers, ratings = sum(each.count for each in anchors), sum(each.count * len(each.ratings) for each in anchors)
    decided = sum(each.count for each in anchors if each.accepted is not None)
    taken = sum(each.count for each in anchors if each.accepted)
    accepted = f" ({decided} with a decision, {taken / decided:.1%} accepted)" if decided else ""
    return ABOUT.format(papers=papers, ratings=ratings, mean=_ratings(anchors).mean(), accepted=accepted)


def _listed(steps: Sequence[float]) -> str:
    return ",".join(f"{each:g}" for each in steps) or "none"


def of_people(anchors: Sequence[Anchor], unrated: int = 0) -> Iterator[Figure]:
    """Agreement of people, and how well their mean rating tells what was decided, a case a paper; so many more were not
    rated."""
    every = [each for each in anchors for _ in range(each.count)]
    case, width = np.arange(len(every)), max(len(each.ratings) for each in every)
    table = np.full((len(every), width), np.nan)
    for at, each in enumerate(every):
        table[at, : len(each.ratings)] = each.ratings
    gone = {"not rated": unrated} if unrated else {}
    for metric in AGREEMENT:
        yield metric().figure(Located(Subjects(table, case), "ratings", arm=PEOPLE, reasons=gone))
    decided = np.array([np.nan if each.accepted is None else float(each.accepted) for each in every])
    graded = Graded(np.nanmean(table, axis=1), np.full(len(every), np.nan), decided, case)
    out = int(np.isnan(decided).sum())
    reasons = {**gone, **({"not decided": out} if out else {})}
    yield DecisionAuc().figure(Located(graded.part(~np.isnan(decided)), "mean rating", arm=PEOPLE, reasons=reasons))


def of_run(run: Scored, same: bool) -> Iterator[Figure]:
    """The same agreement in the reference arm, before its reviewers heard each other; what is in steps of a scale is
    left out unless both have the `same`."""
    first = run.manifest.arms[0].name
    for at in Subjects.found(run):
        if at.arm == first and not at.reference and at.outcome == run.outcome.before_field:
            yield from (metric().figure(at) for metric in AGREEMENT[0 if same else 1 :])


def _ratings(anchors: Sequence[Anchor]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([rating for each in anchors for rating in each.ratings for _ in range(each.count)])


def _run_shares(run: Scored) -> Iterator[Share]:
    field, first = run.outcome.before_field, run.manifest.arms[0].name
    if field in run.layout.details:
        value = run.layout.subjects(field)[1][:, run.layout.columns([first])[0]]
        yield from _shares(first, value[~np.isnan(value)])


def _shares(by: str, given: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Iterator[Share]:
    for value, count in zip(*np.unique(given, return_counts=True), strict=True):
        yield Share(by=by, score=float(value), share=float(count / len(given)), n=len(given))


def _same_things(run: Scored) -> Iterator[Block]:
    if not run.outcome.people_field:
        return  # what is right is known there by construction, and not from people
    decided = (
        at for at in Graded.found(run) if isinstance(at.sample, Graded) and not np.isnan(at.sample.qualified).all()
    )
    found: list[Figure] = [DecisionAuc().figure(at) for at in decided]
    for at in BesidePeople.found(run):
        assert isinstance(at.sample, BesidePeople)
        for metric in (PeopleCorrelation, Detectability):
            found += [each.figure(at) for each in metric.asked(at.sample)]
    for each in found:
        if each.metric == Detectability.name and each.value is not None:
            told = TOLD.format(each.arm, interval(each.value, each.low, each.high))
            yield Finding(text=told, verdict="limit", outcome=each.outcome, arm=each.arm)
    if found:
        rows = tuple(row(each) for each in found)
        yield Table(key="same", title="On the same papers", about=SAME, columns=FIGURES, rows=rows)
