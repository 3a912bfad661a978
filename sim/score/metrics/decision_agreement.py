"""Agreement of decisions."""

from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays


class Agreement(Record):
    """How alike two sets of accepted papers are."""

    jaccard: float | None
    """Accepted by both / accepted by either; None where neither accepts any."""
    overlap: float | None
    """Accepted by both / mean number accepted; None as above."""
    agreement: float | None
    """Share of papers with the same decision; None without papers."""
    kappa: float | None
    """Agreement beyond chance; None where both accept all or none."""


def decision_agreement(first: ArrayLike, second: ArrayLike) -> Agreement:
    """How alike the decisions of two arms on the same papers are.

    Jaccard J, overlap o = 2J / (1 + J) (Dice), share of equal decisions, Cohen's kappa; all by scikit-learn. `first` and
    `second` (n,) are 0 or 1. 0 to 1, kappa -1 to 1; 1 is the same decisions. With equal accept shares p, agreement =
    1 - 2p(1 - o) and kappa = (agreement - pe) / (1 - pe), pe = p^2 + (1 - p)^2: one number in four dresses.
    Source: Cohen 1960, doi:10.1177/001316446002000104; for accept sets Jin et al. 2024, arXiv:2406.12708 (AgentReview).
    """
    from sklearn import metrics

    one, other = arrays.decisions("first", first), arrays.decisions("second", second)
    arrays.aligned(first=one, second=other)
    if not len(one):
        return Agreement(jaccard=None, overlap=None, agreement=None, kappa=None)
    some, varied = bool((one + other).any()), len({*one, *other}) > 1
    return Agreement(
        jaccard=float(metrics.jaccard_score(one, other)) if some else None,
        overlap=float(metrics.f1_score(one, other)) if some else None,
        agreement=float(metrics.accuracy_score(one, other)),
        kappa=float(metrics.cohen_kappa_score(one, other)) if varied else None,
    )
