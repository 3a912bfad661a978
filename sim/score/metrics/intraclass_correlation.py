"""Intraclass correlation, ICC(1)."""

from simrun.estimate.agreement import intraclass
from simrun.score.metric import Metric
from simrun.score.repeated import Subjects


class IntraclassCorrelation(Metric):
    """Share of the variance of one subject's value that lies between episodes, such as
    papers, and not between their reviewers.

    (MSB - MSW) / (MSB + (k0 - 1) MSW), one-way
    (simrun.estimate.agreement.intraclass). 1 is agreement in all, 0 is chance.
    """

    title = "intraclass correlation, ICC(1)"
    needs = Subjects
    low, high, fair, worse = -1, 1, None, "lower"
    undefined = "there are fewer than two episodes, or no second value in any"
    source = "Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420"

    def measure(self, sample: Subjects) -> float | None:
        """The agreement."""
        return intraclass(sample.value)
