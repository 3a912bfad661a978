"""Selection rate."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def selection_rate(decisions: ArrayLike, groups: ArrayLike) -> dict[str, float]:
    """Share of each group that got the favourable decision.

    sr_a = mean(D | a). `decisions` (n,) is 0 or 1, `groups` (n,) any labels. 0 to 1; fair where groups are equal, a lower
    rate is worse for that group. ValueError for other values or unequal lengths.
    Source: Dwork et al. 2012, doi:10.1145/2090236.2090255 (statistical parity compares these rates).
    """
    taken, group = arrays.decisions("decisions", decisions), arrays.labels("groups", groups)
    arrays.aligned(decisions=taken, groups=group)
    return {name: float(values.mean()) for name, values in arrays.by_group(taken, group).items()}
