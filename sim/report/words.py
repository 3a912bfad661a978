"""Words by group: what an outcome counts of another, such as the agentic words of a letter, compared as odds."""

from collections.abc import Sequence

import numpy as np

from simrun.agents.records import Record
from simrun.log.manifest import Manifest
from simrun.report.figures import figure, interval
from simrun.scenarios.outcome import Outcome
from simrun.score.compared import compared
from simrun.score.counted import Counts
from simrun.score.layout import Layout
from simrun.score.metrics.odds_ratio import OddsRatio
from simrun.score.samples import Located

HEAD = ("counted", "of", "arm", "against", "odds ratio (95 %)", "share", "share in the reference", "pairs", "left out")


class WordsResult(Record):
    """What is counted, in one arm against another, over the pairs that have the counts in both."""

    outcome: str
    of: str
    arm: str
    reference: str
    odds_ratio: float | None
    """(m / (M - m)) / (f / (F - f)), sums over the pairs: 1 is parity, above 1 the arm has more; None where a count is 0."""
    low: float | None
    high: float | None
    """95 %, of its logarithm by a delete-a-group jackknife over cases; None where nothing varies."""
    share: float | None
    reference_share: float | None
    """Of all that is counted in, such as all words."""
    n: int
    excluded: int
    """Pairs that both arms finished without a count in both, such as a refused letter."""


def words(manifest: Manifest, layout: Layout, kind: type[Outcome]) -> tuple[WordsResult, ...]:
    """Every count in every comparison that is no control and is between two arms."""
    pairs = [each for each in compared(manifest) if not each.control and not each.note]
    return tuple(
        _result(layout, name, count.of, each.arm, each.reference)
        for name, count in kind.counts().items()
        for each in pairs
    )


def _result(layout: Layout, name: str, of: str, arm: str, reference: str) -> WordsResult:
    done = layout.done([arm, reference])
    table = np.hstack([layout.table(field, [arm, reference])[done] for field in (name, of)])
    there = ~np.isnan(table).any(axis=1)
    sums, case = table[there], layout.case[done][there]
    ratio = OddsRatio().figure(Located(Counts(sums[:, 0], sums[:, 2], sums[:, 1], sums[:, 3], case)))
    counts = sums.sum(axis=0)
    return WordsResult(
        outcome=name,
        of=of,
        arm=arm,
        reference=reference,
        odds_ratio=ratio.value,
        low=ratio.low,
        high=ratio.high,
        share=float(counts[0] / counts[2]) if len(sums) and counts[2] else None,
        reference_share=float(counts[1] / counts[3]) if len(sums) and counts[3] else None,
        n=len(sums),
        excluded=int((~there).sum()),
    )


def word_rows(results: Sequence[WordsResult]) -> list[list[object]]:
    """The rows of the report's table under HEAD."""
    return [
        [
            each.outcome,
            each.of,
            each.arm,
            each.reference,
            interval(each.odds_ratio, each.low, each.high),
            figure(each.share),
            figure(each.reference_share),
            each.n,
            each.excluded,
        ]
        for each in results
    ]
