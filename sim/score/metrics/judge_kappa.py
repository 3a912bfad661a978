"""Cohen's kappa of a judge and people."""

from simrun.estimate.agreement import kappa
from simrun.score.judged import Judged
from simrun.score.metric import Metric


class JudgeKappa(Metric):
    """How far a judge agrees with people beyond chance.

    (pa - pe) / (1 - pe), pa the share of equal verdicts, pe that of two who judge independently at the same rates. Low
    where one verdict is rare, however often they agree: read it with gwet_ac1.
    """

    title = "agreement with people (kappa)"
    needs = Judged
    low, high, fair, worse = -1, 1, 1, "lower"
    undefined = "nobody labelled anything, or all have one category"
    source = "Cohen 1960, doi:10.1177/001316446002000104"

    def measure(self, sample: Judged) -> float | None:
        """Kappa."""
        there = sample.labelled
        return kappa(there.verdict, there.label)
