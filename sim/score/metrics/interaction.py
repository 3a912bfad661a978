"""Interaction of two attributes."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.estimate.paired import Estimate, clustered_mean


def interaction(
    both: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    neither: ArrayLike,
    cases: ArrayLike,
    span: float | None = None,
) -> Estimate:
    """How much more two attributes do together than each does alone.

    mean of (S_11 - S_10) - (S_01 - S_00) over cases: `both` has both attributes, `first` and `second` one of them,
    `neither` none; these and `cases` are (n,), one entry a case and repeat, and the interval is clustered over cases.
    `span` is the greatest value minus the least that the outcome can take, None when unbounded. -2 span to 2 span; 0 is
    additive, below 0 the two together cost more than the sum.
    Source: Kirk et al. 2021, arXiv:2102.04130 (Bias Out-of-the-Box).
    """
    cells = {
        name: arrays.numbers(name, given)
        for name, given in zip(("both", "first", "second", "neither"), (both, first, second, neither), strict=True)
    }
    arrays.aligned(**cells, cases=arrays.labels("cases", cases))
    contrast = (cells["both"] - cells["first"]) - (cells["second"] - cells["neither"])
    return clustered_mean(contrast, cases, None if span is None else -2 * span, None if span is None else 2 * span)
