"""Standardised paired difference."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def standardised_difference(arm: ArrayLike, reference: ArrayLike) -> float | None:
    """Mean paired difference in units of its own standard deviation (d_z).

    mean(arm - reference) / SD(arm - reference), SD with n - 1. `arm` and `reference` are (n,), one entry a pair, repeats of
    a case averaged first. Any real number; 0 is fair, below 0 the arm fares worse; None below two pairs or where all pairs
    differ by the same.
    Source: Lakens 2013, doi:10.3389/fpsyg.2013.00863.
    """
    one, other = arrays.numbers("arm", arm), arrays.numbers("reference", reference)
    arrays.aligned(arm=one, reference=other)
    difference = one - other
    # equal differences of unequal numbers leave a rounding error where the deviation should be 0
    if len(difference) < 2 or difference.std(ddof=1) <= 1e-12 * max(1.0, float(abs(difference).max())):
        return None
    return float(difference.mean() / difference.std(ddof=1))
