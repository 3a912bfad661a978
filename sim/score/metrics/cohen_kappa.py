"""Cohen's kappa of decisions."""

from collections.abc import Iterator
from typing import Self

from simrun.estimate.agreement import kappa
from simrun.score.metric import Metric
from simrun.score.pairs import Pairs


class CohenKappa(Metric):
    """How often the two arms decide the same, beyond chance.

    (pa - pe) / (1 - pe), pa the share of equal decisions, pe = p_a p_ref + (1 - p_a)(1 - p_ref).
    """

    title = "Cohen's kappa of the decisions"
    needs = Pairs
    low, high, fair, worse = -1, 1, 1, "lower"
    undefined = "both arms decide the same of everybody"
    source = "Cohen 1960, doi:10.1177/001316446002000104"
    order = 6

    @classmethod
    def asked(cls, sample: Pairs) -> Iterator[Self]:
        """Of yes and no that choose somebody."""
        if sample.chosen and sample.binary and not sample.averaged:
            yield cls()

    def measure(self, sample: Pairs) -> float | None:
        """Kappa."""
        return kappa(sample.arm, sample.reference)
