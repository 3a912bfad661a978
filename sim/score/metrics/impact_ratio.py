"""Impact ratio."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.score.metrics.selection_rate import selection_rate


def impact_ratio(decisions: ArrayLike, groups: ArrayLike, reference: object) -> dict[str, float | None]:
    """Each group's rate of the favourable decision divided by the reference group's.

    sr_a / sr_ref, for every group but the reference. `decisions` (n,) is 0 or 1, `groups` (n,). 0 upwards; 1 is parity,
    below 1 the group fares worse; None where nobody of the reference was selected. ValueError below two groups or for an
    unknown reference.
    Source: Wang et al. 2024, arXiv:2406.15484 (JobFair); Feldman et al. 2015, doi:10.1145/2783258.2783311.
    """
    base = arrays.known("reference", reference, arrays.labels("groups", groups, least=2))
    rates = selection_rate(decisions, groups)
    return {name: rate / rates[base] if rates[base] else None for name, rate in rates.items() if name != base}
