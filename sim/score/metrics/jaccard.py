"""Jaccard index of accept sets."""

from collections.abc import Iterator
from typing import Self

from simrun.score.metric import Metric
from simrun.score.pairs import Pairs


class Jaccard(Metric):
    """How alike the sets of those who were chosen in the two arms are.

    J = chosen in both / chosen in either. With equal numbers chosen, a share p, the overlap (Dice) is o = 2J / (1 +
    J), the share of equal decisions 1 - 2p(1 - o) = 1 - flip rate, and Cohen's kappa (that - pe) / (1 - pe), pe =
    p^2 + (1 - p)^2: one number in four dresses.
    """

    title = "Jaccard index of those chosen"
    needs = Pairs
    low, high, fair, worse = 0, 1, 1, "lower"
    undefined = "nobody was chosen in either arm"
    source = "Jin et al. 2024, arXiv:2406.12708 (AgentReview)"
    order = 5

    @classmethod
    def asked(cls, sample: Pairs) -> Iterator[Self]:
        """Of yes and no that choose somebody."""
        if sample.chosen and sample.binary and not sample.averaged:
            yield cls()

    def measure(self, sample: Pairs) -> float | None:
        """The index."""
        either = float(((sample.arm + sample.reference) > 0).sum())
        return float((sample.arm * sample.reference).sum()) / either if either else None
