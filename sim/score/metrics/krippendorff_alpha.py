"""Krippendorff's alpha (interval)."""

from simrun.estimate.agreement import krippendorff
from simrun.score.metric import Metric
from simrun.score.repeated import Subjects


class KrippendorffAlpha(Metric):
    """How far the subjects of an episode agree beyond chance, such as the reviewers of a paper.

    1 - observed / expected squared distance
    (simrun.estimate.agreement.krippendorff). 1 is agreement in all, 0 is chance.
    """

    title = "Krippendorff's alpha (interval)"
    needs = Subjects
    low, high, fair, worse = -1, 1, None, "lower"
    undefined = "no episode has two values, or all are equal"
    source = "Hayes and Krippendorff 2007, doi:10.1080/19312450709336664"

    def measure(self, sample: Subjects) -> float | None:
        """The agreement."""
        return krippendorff(sample.value)
