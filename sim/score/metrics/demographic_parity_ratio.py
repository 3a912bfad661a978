"""Demographic parity ratio."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def demographic_parity_ratio(decisions: ArrayLike, groups: ArrayLike) -> float | None:
    """Lowest rate of the favourable decision divided by the highest (p %, impact ratio).

    min_a sr_a / max_a sr_a with sr_a = mean(D | a), computed by fairlearn. `decisions` (n,) is 0 or 1, `groups` (n,).
    0 to 1; 1 is parity, lower is worse; None where nobody was selected. ValueError below two groups.
    Source: Feldman et al. 2015, doi:10.1145/2783258.2783311.
    """
    from fairlearn.metrics import demographic_parity_ratio as ratio

    taken, group = arrays.decisions("decisions", decisions), arrays.labels("groups", groups, least=2)
    arrays.aligned(decisions=taken, groups=group)
    return arrays.finite(ratio(taken, taken, sensitive_features=group)) if taken.any() else None
