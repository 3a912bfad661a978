"""Excess flip rate."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.estimate.paired import Estimate, clustered_mean


def excess_flip_rate(arm: ArrayLike, reference: ArrayLike, again: ArrayLike, cases: ArrayLike) -> Estimate:
    """How much more often the outcome flips between the arms than between two runs of the reference.

    mean((arm != reference) - (again != reference)), `again` being the reference arm under other luck. All are (n,), an entry a pair, labels
    or numbers without gaps. -1 to 1; 0 is fair: the swap changes no more than luck does; higher is worse. The interval is clustered over
    cases. A swap that moves the outcome one way only in close cases can flip less than luck: read it with net_flip.
    Source: extension (defined here), of the flip rate after Kusner et al. 2017, arXiv:1703.06856.
    """
    columns = {
        name: arrays.labels(name, given) for name, given in (("arm", arm), ("reference", reference), ("again", again))
    }
    arrays.aligned(**columns, cases=arrays.labels("cases", cases))
    swapped, repeated = (columns[name] != columns["reference"] for name in ("arm", "again"))
    return clustered_mean(swapped.astype(float) - repeated.astype(float), np.asarray(cases), -1, 1)
