"""Words by group: what an outcome counts of another, such as the agentic words of a letter, compared as odds."""

from simrun.agents.records import Record
from simrun.report.blocks import Block, Column, Table, row
from simrun.report.section import Section
from simrun.score.counted import Counts
from simrun.score.metrics.odds_ratio import OddsRatio
from simrun.score.samples import Located
from simrun.score.scored import Scored


class Words(Section):
    """One table: each count in each comparison."""

    name, order, title = "words", 70, "Words"

    def compute(self, run: Scored) -> tuple[Block, ...]:
        """Nothing where no outcome counts words."""
        rows = tuple(row(each) for each in words(run))
        return (Table(key="words", about=ABOUT, columns=COLUMNS, rows=rows),) if rows else ()


ABOUT = (
    "Whole words of word lists, as odds against all other words, summed over the pairs: 1 is parity, above 1 the arm "
    "has more."
)
COLUMNS = (
    Column.of("counted", "outcome"),
    Column.of("of", "of"),
    Column.of("arm", "arm"),
    Column.of("against", "reference"),
    Column.of("odds ratio (95 %)", "odds_ratio", "low", "high", form="interval", about="Above 1 the arm has more."),
    Column.of("share", "share", form="figure", about="Of all that is counted in, such as all words."),
    Column.of("share in the reference", "reference_share", form="figure"),
    Column.of("pairs", "n", form="count", about="With the counts in both arms."),
    Column.of("left out", "excluded", form="count", about="Pairs that finished without, such as a refused letter."),
)


class WordsResult(Record):
    """What is counted, in one arm against another, over the pairs that have the counts in both."""

    outcome: str
    of: str
    arm: str
    reference: str
    odds_ratio: float | None
    """(m / (M - m)) / (f / (F - f)), sums over the pairs: 1 is parity, above 1 the arm has more; None where a
    count is 0."""
    low: float | None
    high: float | None
    """95 %, of its logarithm by a delete-a-group jackknife over cases; None where nothing varies."""
    share: float | None
    reference_share: float | None
    """Of all that is counted in, such as all words."""
    n: int
    excluded: int
    """Pairs that both arms finished without a count in both, such as a refused letter."""


def words(run: Scored) -> tuple[WordsResult, ...]:
    """Every count in every comparison that is no control and is between two arms."""
    counts = run.outcome.counts()
    return tuple(_result(at, counts[at.outcome].of) for at in Counts.found(run))


def _result(at: Located, of: str) -> WordsResult:
    assert isinstance(at.sample, Counts)
    ratio = OddsRatio().figure(at)
    counted, total, reference_counted, reference_total = (float(each) for each in at.sample.sums)
    return WordsResult(
        outcome=at.outcome,
        of=of,
        arm=at.arm,
        reference=at.reference,
        odds_ratio=ratio.value,
        low=ratio.low,
        high=ratio.high,
        share=counted / total if total else None,
        reference_share=reference_counted / reference_total if reference_total else None,
        n=ratio.n,
        excluded=ratio.excluded,
    )
