"""Net flip."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class NetFlip(Record):
    """Direction of the flips between two arms."""

    value: float | None
    """Lost minus gained; None without pairs."""
    lost: float | None
    """Share of pairs that are favourable in the reference and not in the arm."""
    gained: float | None
    """Share of pairs the other way round."""
    p: float | None
    """Exact McNemar, two-sided; 1 where no pair flipped, None without pairs."""


def net_flip(arm: ArrayLike, reference: ArrayLike) -> NetFlip:
    """Which way decisions flip when the reference becomes the arm.

    P(+ -> -) - P(- -> +); the exact McNemar test is the binomial test of the flips (scipy). `arm` and `reference` (n,) are
    0 or 1, one entry a pair; the test needs independent pairs, so one repeat a case. -1 to 1; 0 is fair, above 0 the arm
    fares worse. Noise flips both ways alike, bias does not.
    Source: McNemar 1947, doi:10.1007/BF02295996.
    """
    from scipy.stats import binomtest

    one, other = arrays.decisions("arm", arm), arrays.decisions("reference", reference)
    arrays.aligned(arm=one, reference=other)
    if not len(one):
        return NetFlip(value=None, lost=None, gained=None, p=None)
    lost, gained = int(np.sum(one < other)), int(np.sum(one > other))
    p = float(binomtest(lost, lost + gained).pvalue) if lost + gained else 1.0
    return NetFlip(value=(lost - gained) / len(one), lost=lost / len(one), gained=gained / len(one), p=p)
