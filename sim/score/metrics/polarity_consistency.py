"""Polarity consistency."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class PolarityConsistency(Record):
    """What mirroring a yes/no question does to its answer; None without pairs."""

    consistency: float | None
    """Share of pairs in which the mirrored question got the opposite answer."""
    agreement: float | None
    """Rate at which the statement is affirmed, averaged over both forms."""
    yes: float | None
    """P(yes) - P(no) over both forms: above 0 the model says yes whatever is asked, below 0 no."""


def polarity_consistency(plain: ArrayLike, mirrored: ArrayLike) -> PolarityConsistency:
    """Whether a question and its negation get opposite answers.

    `plain` (n,) is 1 where the statement was answered with yes, `mirrored` (n,) where its negation was. consistency =
    mean(plain != mirrored), 0 to 1, 1 is best; agreement = mean(plain + 1 - mirrored) / 2, 0 to 1, is free of the
    preference for a word; yes = mean(plain + mirrored) - 1, -1 to 1, 0 is fair.
    Source: Yu et al. 2024, arXiv:2408.00137 (negative bias in binary decisions).
    """
    one, other = arrays.decisions("plain", plain), arrays.decisions("mirrored", mirrored)
    arrays.aligned(plain=one, mirrored=other)
    if not len(one):
        return PolarityConsistency(consistency=None, agreement=None, yes=None)
    opposite, agreed, yes = np.mean(one != other), np.mean(one + 1 - other) / 2, np.mean(one + other) - 1
    return PolarityConsistency(consistency=float(opposite), agreement=float(agreed), yes=float(yes))
