"""Signed parity difference."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.score.metrics.selection_rate import selection_rate


def signed_parity_difference(decisions: ArrayLike, groups: ArrayLike, reference: object) -> dict[str, float]:
    """Each group's rate of the favourable decision minus the reference group's.

    sr_a - sr_ref, for every group but the reference. `decisions` (n,) is 0 or 1, `groups` (n,). -1 to 1; 0 is parity,
    below 0 the group fares worse than the reference. ValueError below two groups or for an unknown reference.
    Source: Peña et al. 2020, arXiv:2004.07173; parity as in Dwork et al. 2012, doi:10.1145/2090236.2090255.
    """
    base = arrays.known("reference", reference, arrays.labels("groups", groups, least=2))
    rates = selection_rate(decisions, groups)
    return {name: rate - rates[base] for name, rate in rates.items() if name != base}
