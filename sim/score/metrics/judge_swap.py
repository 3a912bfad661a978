"""What a judge makes of the people alone."""

import math

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.swapped import Swapped


class JudgeSwap(Metric):
    """How much higher a judge scores the same words when they are about the people of the arm and not of its reference.

    mean(V as one about the arm's people - V as one about the reference's), over texts of both arms in which the words
    that name them were replaced. 0 is a judge who treats them alike; what it is not, is part of every gap that this
    judge finds. An axis lists words, and no foods or streets: the true figure may be farther from 0.
    """

    title = "the judge's own difference"
    needs = Swapped
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "no text was judged with other people in it: judge.swap"
    source = (
        "extension, of the swap of Gallegos et al. 2024, doi:10.1162/coli_a_00524 (counterfactual input), to judges"
    )
    interval = "clustered"

    def measure(self, sample: Swapped) -> Estimate:
        """The difference; verdicts are bounded by 0 and 1 where all are."""
        within = all(0 <= value <= 1 for side in (sample.arm, sample.reference) for value in (side.min(), side.max()))
        return clustered_mean(sample.arm - sample.reference, sample.case, *((-1, 1) if within else (None, None)))
