"""What scores have to do with quality, of things whose quality is known."""

from collections.abc import Iterator, Sequence

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.paired import Estimate
from simrun.report.blocks import Block, Column, Finding, Table, row
from simrun.report.breakdown import estimate, observed
from simrun.report.figures import interval
from simrun.report.section import Section
from simrun.score.metric import Figure
from simrun.score.metrics.adjacent_auc import AdjacentAuc
from simrun.score.metrics.merit_correlation import MeritCorrelation
from simrun.score.metrics.quality_slope import QualitySlope
from simrun.score.samples import Located
from simrun.score.scored import Scored
from simrun.score.values import Graded

FEW = 5
"""Cases below which a straight line through all scores shows nothing."""


class Quality(Section):
    """Slopes and levels, and a finding for every arm: a judge that is fair, and blind to quality, is no good one."""

    name, order, title = "quality", 44, "What scores have to do with quality"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where it is not known how good what is judged is, by construction."""
        if not run.outcome.probes:
            return ()
        found = tuple(at for at in Graded.found(run) if isinstance(at.sample, Graded) and _known(at.sample))
        rows = tuple(row(each) for at in found for each in _figures(at))
        levels = tuple(row(each) for each in _levels(run))
        return (
            *(verdict(at, run.manifest.scenario.grades()) for at in found),
            *((Table(key="slopes", about=ABOUT, columns=SLOPES, rows=rows),) if rows else ()),
            *((Table(key="levels", title="By quality", columns=LEVELS, rows=levels),) if levels else ()),
        )


class Level(Record):
    """Things of one quality in one arm."""

    arm: str
    quality: float
    score: Estimate
    spread: float | None
    """Standard deviation of their scores (n - 1)."""
    chosen: Estimate


SLOPES = (
    Column.of("arm", "arm"),
    Column.of("figure", "name"),
    Column.of("value (95 %)", "value", "low", "high", form="interval"),
    Column.of("n (cases)", "n", "cases", form="count", pattern="{} ({})"),
    Column.of("left out", "excluded", form="count"),
    Column.of("why not", "why"),
)
LEVELS = (
    Column.of("arm", "arm"),
    Column.of("quality", "quality", form="figure", about="Share of what makes it up that is sound."),
    estimate("score (95 %)", "score"),
    Column.of("spread", "spread", form="figure", about="Standard deviation of the scores."),
    estimate("accepted (95 %)", "chosen"),
    Column.of("n (cases)", "score.n", "score.clusters", form="count", pattern="{} ({})"),
)
ABOUT = (
    "Quality is known by construction. Scores of a judge that sees it rise with it, over much of the scale; where they "
    "rise over little of it, ratings are compressed."
)
BLIND = (
    "{}: **not shown to see quality**: from the worst to the best that there can be the score rises by {}. Whoever "
    "treats everybody alike and cannot tell good work from bad is no good judge of it."
)
WRONG = "{}: **the better the work, the lower its score**: {} from the worst to the best that there can be."
SEES = "{}: from the worst to the best that there can be the score rises by {}{}."
UNKNOWN = "{}: whether the score rises with quality is not known: {}."


def _known(sample: Graded) -> bool:
    return bool((~np.isnan(sample.merit)).any())


def _figures(at: Located) -> Iterator[Figure]:
    yield QualitySlope().figure(at)
    yield MeritCorrelation().figure(at)
    assert isinstance(at.sample, Graded)
    yield from (each.figure(at) for each in AdjacentAuc.asked(at.sample))


def verdict(at: Located, steps: Sequence[float] | None) -> Finding:
    """What the slope of the score on quality shows of one arm; `steps` is the scale of the scores, where it has one."""
    slope, of = QualitySlope().figure(at), {"outcome": at.outcome, "arm": at.arm}
    low, high = _ends(at, slope)
    if slope.value is None or low is None or high is None:
        why = slope.why or "too few cases for an interval"
        return Finding(text=UNKNOWN.format(at.arm, why), verdict="inconclusive", **of)
    told = interval(slope.value, slope.low, slope.high, signed=True)
    if low > 0:
        part = f", {slope.value / (steps[-1] - steps[0]):.0%} of the scale" if steps else ""
        return Finding(text=SEES.format(at.arm, told, part), verdict="passed", **of)
    return Finding(text=(WRONG if high < 0 else BLIND).format(at.arm, told), verdict="failed", **of)


def _ends(at: Located, slope: Figure) -> tuple[float | None, float | None]:
    """The interval of the slope; of scores that all lie on one line, and so have none, the slope itself."""
    sample = at.sample
    assert isinstance(sample, Graded)
    if slope.low is None and slope.value is not None and slope.cases >= FEW:
        known = ~np.isnan(sample.merit)
        off = sample.score[known] - slope.value * sample.merit[known]
        if np.ptp(off) < 1e-9:
            return slope.value, slope.value
    return slope.low, slope.high


def _levels(run: Scored) -> Iterator[Level]:
    kind, layout = run.outcome, run.layout
    for arm in run.settings:
        merit, score = (layout.table(name, [arm])[:, 0] for name in (kind.merit_field, kind.score_field))
        for level in np.unique(np.round(merit[~np.isnan(merit)], 6))[::-1]:
            rows = np.isclose(merit, level, atol=1e-5)
            known = score[rows & ~np.isnan(score)]
            yield Level(
                arm=arm,
                quality=float(level),
                score=observed(run, kind.score_field, arm, rows),
                spread=float(known.std(ddof=1)) if len(known) > 1 else None,
                chosen=observed(run, kind.decision_field, arm, rows),
            )
