"""Demographic parity difference."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def demographic_parity_difference(decisions: ArrayLike, groups: ArrayLike) -> float:
    """Largest difference between groups in the rate of the favourable decision.

    max_a sr_a - min_a sr_a with sr_a = mean(D | a), computed by fairlearn. `decisions` (n,) is 0 or 1, `groups` (n,).
    0 to 1; 0 is parity, higher is worse. Without a sign: see signed_parity_difference. ValueError below two groups.
    Source: Dwork et al. 2012, doi:10.1145/2090236.2090255.
    """
    from fairlearn.metrics import demographic_parity_difference as difference

    taken, group = arrays.decisions("decisions", decisions), arrays.labels("groups", groups, least=2)
    arrays.aligned(decisions=taken, groups=group)
    return float(difference(taken, taken, sensitive_features=group))
