"""Equalised odds difference."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def equalized_odds_difference(decisions: ArrayLike, merit: ArrayLike, groups: ArrayLike) -> float | None:
    """The larger of the gaps between groups in the true and in the false positive rate.

    max(gap of P(D = 1 | Y = 1, a), gap of P(D = 1 | Y = 0, a)), a gap being max_a - min_a; computed by fairlearn.
    `decisions` and `merit` (n,) are 0 or 1, `groups` (n,). 0 to 1; 0 is fair, higher is worse; None where a group has
    nobody qualified or nobody unqualified. ValueError below two groups.
    Source: Hardt, Price and Srebro 2016, arXiv:1610.02413.
    """
    from fairlearn.metrics import equalized_odds_difference as difference

    taken, worth = arrays.decisions("decisions", decisions), arrays.decisions("merit", merit)
    group = arrays.labels("groups", groups, least=2)
    arrays.aligned(decisions=taken, merit=worth, groups=group)
    if not all(0 < values.mean() < 1 for values in arrays.by_group(worth, group).values()):
        return None
    return float(difference(worth, taken, sensitive_features=group))
