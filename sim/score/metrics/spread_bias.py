"""Spread bias."""

import math

from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class SpreadBias(Record):
    """A log variance ratio and the test that it is 0."""

    value: float | None
    p: float | None
    """Two-sided, of Pitman and Morgan; None below three pairs or where the test is undefined."""


def spread_bias(arm: ArrayLike, reference: ArrayLike) -> SpreadBias:
    """How much more the scores of the arm vary than those of the reference, over the same cases.

    ln(var(arm) / var(reference)), variances with n - 1. The test is that of the correlation between sum and difference of
    the pairs (scipy). `arm` and `reference` are (n,), one entry a pair, pairs independent. Any real number; 0 is fair,
    above 0 the arm is judged more erratically or gets more extreme scores; None where either does not vary.
    Source: Wang et al. 2024, arXiv:2406.15484 (spread bias); Morgan 1939, doi:10.1093/biomet/31.1-2.13 (test).
    """
    from scipy import stats

    one, other = arrays.numbers("arm", arm), arrays.numbers("reference", reference)
    arrays.aligned(arm=one, reference=other)
    if len(one) < 2 or not one.var() or not other.var():
        return SpreadBias(value=None, p=None)
    total, difference = one + other, one - other
    testable = len(one) > 2 and total.var() > 0 and difference.var() > 0
    p = arrays.finite(float(stats.pearsonr(total, difference).pvalue)) if testable else None
    return SpreadBias(value=math.log(one.var(ddof=1) / other.var(ddof=1)), p=p)
