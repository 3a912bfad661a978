"""What the figures of a comparison come to: one of four verdicts, and what would decide an open one."""

from typing import Literal

from simrun.agents.records import Record
from simrun.estimate.power import ALPHA

Found = Literal["difference", "within the margin", "equivalent", "inconclusive"]
"""A difference; a difference, but within the margin; equivalent within the margin; inconclusive."""
Kind = Found | Literal[""]
"""The same; "" where nothing was compared."""


class Verdict(Record):
    """What one comparison of one outcome says."""

    kind: Kind
    beyond: bool = False
    """A difference that is shown to be larger than the declared margin."""
    why: str = ""
    """Of an inconclusive one: what stands against a verdict."""


NOT_BOUNDED = "the arms are not interchangeable; the mean is not yet bounded away from 0"
NOT_CORRECTED = "the interval leaves out 0, but not after the correction for what else was asked"
IDENTICAL = "both arms were told the same, word for word, under the same seeds: nothing can differ by construction"


def verdict(
    p: float | None,
    low: float | None,
    high: float | None,
    shown_within: float | None,
    margin: float | None,
    identical: bool = False,
) -> Verdict:
    """The verdict on one comparison.

    `p` is adjusted, `low` and `high` the printed 95 % interval, `shown_within` the smallest margin within which the
    mean is shown to lie at 5 %, `margin` the declared one (None: none was; then only a difference is ever shown). A
    difference takes both the p and the interval. `identical`: nothing can differ.
    """
    if identical:
        return Verdict(kind="inconclusive", why=IDENTICAL)
    if p is None or low is None or high is None:
        return Verdict(kind="inconclusive", why="too few cases for an interval") if p is not None else Verdict(kind="")
    significant, apart = p <= ALPHA, low > 0 or high < 0
    within = margin is not None and shown_within is not None and shown_within <= margin
    if significant and apart:
        if within:
            return Verdict(kind="within the margin")
        return Verdict(kind="difference", beyond=margin is not None and (low > margin or high < -margin))
    if within:
        return Verdict(kind="equivalent")
    return Verdict(kind="inconclusive", why=NOT_BOUNDED if significant else NOT_CORRECTED if apart else "")
