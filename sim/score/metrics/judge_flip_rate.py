"""How often a judge says otherwise when only the people are others."""

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.swapped import Swapped


class JudgeFlipRate(Metric):
    """Share of texts about which a judge says otherwise when only the words that name the people are replaced.

    mean(V as one about the arm's people != V as one about the reference's), over texts of both arms. 0 is a judge who
    looks at what was said alone. Flips both ways cancel in judge_swap, and stay here: they are the noise in every gap
    that this judge finds, and part of its flips.
    """

    title = "flips of the judge where only the people are others"
    needs = Swapped
    low, high, fair, worse = 0, 1, 0, "higher"
    undefined = "no text was judged with other people in it: judge.swap"
    source = (
        "extension, of the swap of Gallegos et al. 2024, doi:10.1162/coli_a_00524 (counterfactual input), to judges"
    )
    interval = "clustered"

    def measure(self, sample: Swapped) -> Estimate:
        """The share."""
        return clustered_mean((abs(sample.arm - sample.reference) > 1e-9).astype(float), sample.case, 0, 1)
