"""Self-preference."""

import math
from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.paired import Estimate, clustered_mean
from simrun.score.judged import Judged
from simrun.score.metric import Metric


class SelfPreference(Metric):
    """How much higher a judge scores its own model's texts than others', on the same items.

    mean over items of mean(S | own) - mean(S | others), S the score, less what people gave the same text where all
    texts are labelled. Items without texts of both kinds are left out. Above 0 the judge favours itself, or
    (without labels) its model writes better.
    """

    needs = Judged
    low, high, fair, worse = -math.inf, math.inf, 0, "away"
    undefined = "no item has texts of both kinds"
    source = "Panickssery, Bowman and Feng 2024, arXiv:2404.13076"
    interval = "clustered"

    @classmethod
    def asked(cls, sample: Judged) -> Iterator[Self]:
        """Where it is known whose texts are whose."""
        if not np.isnan(sample.own).any():
            yield cls()

    def measure(self, sample: Judged) -> Estimate:
        """The difference, each item being independent."""
        given = np.zeros(len(sample.case)) if np.isnan(sample.label).any() else sample.label
        code = np.unique(sample.item, return_inverse=True)[1]
        sums, counts = (
            [np.bincount(code, mask * by) for mask in (sample.own, 1 - sample.own)]
            for by in (sample.verdict - given, np.ones(len(sample.case)))
        )
        both = (counts[0] > 0) & (counts[1] > 0)
        return clustered_mean(sums[0][both] / counts[0][both] - sums[1][both] / counts[1][both], np.flatnonzero(both))
