"""AUC of sound against flawed."""

from simrun.estimate.ranking import area
from simrun.score.metric import Metric
from simrun.score.probed import Flawed


class FlawAuc(Metric):
    """How well an outcome tells things as they were from things with a planted flaw.

    P(outcome of a sound one > outcome of a flawed one) over all pairs of different things too, ties counting half. 1
    always, .5 blind. What differs between papers anyway stands against it, so that it is below the share of pairs of
    one paper that are told apart.
    """

    title = "AUC of sound against flawed"
    needs = Flawed
    low, high, fair, worse = 0, 1, None, "lower"
    undefined = "nothing was played as it was and with a flaw"
    source = "Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747"

    def measure(self, sample: Flawed) -> float | None:
        """The area."""
        return area(sample.sound, sample.flawed)
