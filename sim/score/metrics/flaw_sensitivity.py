"""Sensitivity to flaws."""

import math
from typing import Literal

import numpy as np

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.metric import Metric
from simrun.score.probed import Flawed


class FlawSensitivity(Metric):
    """By how much a planted flaw lowers the outcome, beyond what other words for the same do to it.

    mean of (S_sound - S_flawed) - (S_sound - S_reworded) over the same things. 0 is blind to the flaw, below 0 the
    flawed version is preferred; what words alone move is taken out. The interval is clustered over cases. Extension
    (defined here).
    """

    title = "flaw sensitivity: lost by a flaw, less what is lost by rewording"
    needs = Flawed
    low, high, fair, worse = -math.inf, math.inf, None, "lower"
    undefined = "nothing was played as it was, with a flaw and reworded"
    source = "extension, after contrast sets: Gardner et al. 2020, arXiv:2004.02709"
    interval = "clustered"

    def measure(self, sample: Flawed) -> Estimate:
        """The mean and its interval."""
        return lost(sample, "both")


def lost(sample: Flawed, by: Literal["flaw", "rewording", "both"]) -> Estimate:
    """What the flaw costs, what the rewording costs, or the first less the second."""
    flaw, rewording = sample.sound - sample.flawed, sample.sound - sample.reworded
    value = {"flaw": flaw, "rewording": rewording, "both": flaw - rewording}[by]
    there = ~np.isnan(value)
    span = None if sample.low is None or sample.high is None else sample.high - sample.low
    return clustered_mean(value[there], sample.case[there], None if span is None else -span, span)
