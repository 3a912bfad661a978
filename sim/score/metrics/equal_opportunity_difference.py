"""Equal-opportunity difference."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def equal_opportunity_difference(decisions: ArrayLike, merit: ArrayLike, groups: ArrayLike) -> float | None:
    """Largest difference between groups in the rate at which the qualified are selected.

    max_a - min_a of P(D = 1 | Y = 1, a), computed by fairlearn. `decisions` and `merit` (n,) are 0 or 1, `groups` (n,).
    0 to 1; 0 is fair, higher is worse; None where a group has nobody qualified. ValueError below two groups.
    Source: Hardt, Price and Srebro 2016, arXiv:1610.02413.
    """
    from fairlearn.metrics import true_positive_rate_difference

    taken, worth = arrays.decisions("decisions", decisions), arrays.decisions("merit", merit)
    group = arrays.labels("groups", groups, least=2)
    arrays.aligned(decisions=taken, merit=worth, groups=group)
    if not all(values.any() for values in arrays.by_group(worth, group).values()):
        return None
    return float(true_positive_rate_difference(worth, taken, sensitive_features=group))
