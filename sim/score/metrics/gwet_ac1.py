"""Gwet's AC1."""

from simrun.estimate.agreement import ac1
from simrun.score.judged import Judged
from simrun.score.metric import Metric


class GwetAc1(Metric):
    """How far a judge agrees with people beyond chance, steady where one verdict is rare.

    (pa - pe) / (1 - pe), pa the share of equal verdicts, pe = sum_q pi_q (1 - pi_q) / (Q - 1),
    pi_q the mean share of category q over both.
    """

    title = "agreement with people (AC1)"
    needs = Judged
    low, high, fair, worse = -1, 1, 1, "lower"
    undefined = "nobody labelled anything, or all have one category"
    source = "Gwet 2008, doi:10.1348/000711006X126600"

    categories: int | None = None
    """How many there are; by default those that occur."""

    def measure(self, sample: Judged) -> float | None:
        """The agreement."""
        there = sample.labelled
        return ac1(there.verdict, there.label, self.categories)
