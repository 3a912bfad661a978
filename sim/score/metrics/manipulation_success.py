"""Manipulation success."""

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.controlled import Shown
from simrun.score.metric import Metric


class ManipulationSuccess(Metric):
    """How much more often a blinded observer sees the bias where it was injected than where it was not, within pairs.

    mean(seen in the arm - seen in the reference). Should be well above 0: at 0 the model ignored the instruction, and
    an effect of 0 then says nothing. Extension (defined here).
    """

    needs = Shown
    low, high, fair, worse = -1, 1, None, "lower"
    undefined = "the observer gave no verdict on both arms of a pair"
    source = "extension, after Hauser, Ellsworth and Gonzalez 2018, doi:10.3389/fpsyg.2018.00998"
    interval = "clustered"

    def measure(self, sample: Shown) -> Estimate:
        """The difference and its interval."""
        return clustered_mean(sample.arm - sample.reference, sample.case, -1, 1)
