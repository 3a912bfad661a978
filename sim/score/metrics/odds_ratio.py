"""Lexical odds ratio."""

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class OddsRatio(Record):
    """An odds ratio with its 95 % interval; all None where a cell of the table is empty."""

    value: float | None
    low: float | None
    high: float | None


def odds_ratio(count: int, total: int, reference_count: int, reference_total: int) -> OddsRatio:
    """How much more a word (or a kind of word) belongs to one group's texts than to the other's.

    (m / (M - m)) / (f / (F - f)), m of M words for the group, f of F for the reference; log-normal interval (scipy). Count
    whole words. Above 0; 1 is fair, above 1 the word is said more of the group. Words of one text are not independent: the
    interval is too narrow where few texts repeat a word. ValueError unless 0 <= count <= total.
    Source: Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x; for letters Wan et al. 2023, arXiv:2310.09219.
    """
    from scipy.stats import contingency

    table = [[count, total - count], [reference_count, reference_total - reference_count]]
    if min(map(min, table)) < 0:
        raise ValueError(
            f"a count must be from 0 to its total, got {count} of {total} and {reference_count} of {reference_total}"
        )
    if min(map(min, table)) == 0:
        return OddsRatio(value=None, low=None, high=None)
    found = contingency.odds_ratio(table, kind="sample")
    interval = found.confidence_interval(0.95)
    return OddsRatio(
        value=arrays.finite(found.statistic), low=arrays.finite(interval.low), high=arrays.finite(interval.high)
    )
