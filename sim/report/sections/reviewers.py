"""What several who rate the same are worth: how far they agree, name the same, and follow each other."""

from collections.abc import Iterator

from simrun.report.blocks import Block, Column, Finding, Row, Table, row
from simrun.report.breakdown import estimate, observed
from simrun.report.figures import figure, interval
from simrun.report.section import Section
from simrun.score.metric import Metric
from simrun.score.metrics.conformity import Conformity
from simrun.score.metrics.disagreement import Disagreement
from simrun.score.metrics.disagreement_change import DisagreementChange
from simrun.score.metrics.effective_raters import EffectiveRaters
from simrun.score.metrics.intraclass_correlation import IntraclassCorrelation
from simrun.score.metrics.krippendorff_alpha import KrippendorffAlpha
from simrun.score.metrics.pairwise_kappa import PairwiseKappa
from simrun.score.metrics.score_shift import ScoreShift
from simrun.score.repeated import Shifts, Subjects
from simrun.score.samples import Located
from simrun.score.scored import Scored


class Reviewers(Section):
    """Agreement before and after, what a discussion does, and how many independent ones they are worth."""

    name, order, title = "reviewers", 56, "Those who rate, among each other"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where not several rate the same, and name things."""
        kind = run.outcome
        if not kind.overlap_field or not kind.before_field:
            return ()
        alone = tuple(_told(at, AGREEMENT) for at in _own(run, Subjects))
        talked = tuple(_told(at, DISCUSSION) for at in _own(run, Shifts))
        named = tuple({"arm": arm, "overlap": row(observed(run, kind.overlap_field, arm))} for arm in run.settings)
        tables = (
            Table(key="agreement", about=ABOUT, columns=_columns(AGREEMENT), rows=alone),
            Table(key="discussion", title="Discussion", about=TALK, columns=_columns(DISCUSSION), rows=talked),
            Table(key="overlap", title="Overlap", about=OVERLAP, columns=NAMED, rows=named),
        )
        return (*_worth(run), *(each for each in tables if each.rows))


AGREEMENT: tuple[tuple[str, Metric], ...] = (
    ("disagreement", Disagreement()),
    ("ICC(1)", IntraclassCorrelation()),
    ("alpha", KrippendorffAlpha()),
    ("weighted kappa", PairwiseKappa()),
    ("effective number, of scores", EffectiveRaters(of="values")),
    ("of errors", EffectiveRaters(of="errors")),
)
DISCUSSION: tuple[tuple[str, Metric], ...] = (
    ("shift", ScoreShift()),
    ("disagreement, relative change", DisagreementChange()),
    ("conformity", Conformity()),
)
NAMED = (
    Column.of("arm", "arm"),
    estimate("overlap (95 %)", "overlap"),
    Column.of("n (cases)", "overlap.n", "overlap.clusters", form="count", pattern="{} ({})"),
)
ABOUT = (
    "Of the scores that reviewers of one paper gave, before they heard each other and after. The effective number of "
    "reviewers is out of as many as there are; of errors, where quality is known."
)
TALK = "What the discussion does. Conformity is how far a reviewer moves to the others: 0 not at all, 1 all the way."
OVERLAP = "How far two reviewers name the same weaknesses: mean Jaccard index of what they name, 1 all the same."
WORTH = "{arm}: {size} reviewers are worth {told} independent ones, by the correlation of their {of}{hint}."


def _columns(metrics: tuple[tuple[str, Metric], ...]) -> tuple[Column, ...]:
    return (
        Column.of("arm", "arm"),
        Column.of("of", "outcome"),
        *(estimate(f"{head} (95 %)", f"figure_{at}") for at, (head, _) in enumerate(metrics)),
        Column.of("n (cases)", "figure_0.n", "figure_0.cases", form="count", pattern="{} ({})"),
    )


def _told(at: Located, metrics: tuple[tuple[str, Metric], ...]) -> Row:
    """A figure of each metric on one sample."""
    figures = {f"figure_{nth}": row(metric.figure(at)) for nth, (_, metric) in enumerate(metrics)}
    return {"arm": at.arm, "outcome": at.outcome, **figures}


def _own(run: Scored, kind: type[Subjects]) -> Iterator[Located]:
    fields = (run.outcome.before_field, run.outcome.after_field)
    yield from (at for at in kind.found(run) if at.arm in run.settings and not at.reference and at.outcome in fields)


def _worth(run: Scored) -> Iterator[Finding]:
    """Of the first scores, which nobody was heard before: of errors where quality is known."""
    for at in _own(run, Subjects):
        if at.outcome == run.outcome.before_field and isinstance(at.sample, Subjects):
            metric = list(EffectiveRaters.asked(at.sample))[-1:]
            found = metric[0].figure(at) if metric else None
            if found and found.value is not None:
                of = "errors" if metric[0].of == "errors" else "scores"
                hint = "" if of == "errors" else ", and so at least: those who are right agree too"
                told = figure(found.value) if found.low is None else interval(found.value, found.low, found.high)
                size = at.sample.value.shape[1]
                yield Finding(text=WORTH.format(arm=at.arm, size=size, told=told, of=of, hint=hint), verdict="limit")
