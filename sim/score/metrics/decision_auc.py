"""Decision AUC."""

from simrun.estimate.ranking import area
from simrun.score.metric import Metric
from simrun.score.values import Graded


class DecisionAuc(Metric):
    """How well a score separates those who are qualified (or accepted in truth) from the others.

    P(score of a qualified > score of another), ties counting half: the area under the ROC curve. .5 is chance.
    """

    title = "AUC of the score for who is qualified"
    needs = Graded
    low, high, fair, worse = 0, 1, None, "lower"
    undefined = "all are qualified or none, or it is not known"
    source = "Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747"

    def measure(self, sample: Graded) -> float | None:
        """The area."""
        taken, others = sample.qualified == 1, sample.qualified == 0
        return area(sample.score[taken], sample.score[others])
