"""Net flip."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.paired import clustered_mean
from simrun.score.metric import Metric, Numbers, Worse
from simrun.score.pairs import Pairs
from simrun.score.samples import WORSE, distinct


class NetFlip(Metric):
    """Which way yes and no flip when the reference becomes the arm.

    P(yes -> no) - P(no -> yes). Noise flips both ways alike, bias does not. `p` is the exact McNemar test, the binomial
    test of the flips (scipy); it needs independent pairs, and is given for one repeat a case.
    """

    needs = Pairs
    low, high, fair, worse = -1, 1, 0, "higher"
    undefined = "no pair has a value in both arms"
    source = "McNemar 1947, doi:10.1007/BF02295996"
    interval = "clustered"
    order = 4

    @classmethod
    def asked(cls, sample: Pairs) -> Iterator[Self]:
        """Of yes and no."""
        if sample.binary and not sample.averaged:
            yield cls()

    def measure(self, sample: Pairs) -> Numbers:
        """Lost less gained, with its interval and test."""
        from scipy.stats import binomtest

        found = clustered_mean(sample.reference - sample.arm, sample.case, -1, 1)
        lost, gained = int(np.sum(sample.arm < sample.reference)), int(np.sum(sample.arm > sample.reference))
        independent = distinct(sample.case) == len(sample.case)
        p = (float(binomtest(lost, lost + gained).pvalue) if lost + gained else 1.0) if independent else None
        return Numbers(value=found.value, low=found.low, high=found.high, p=p)

    def direction(self, sample: Pairs) -> Worse:
        """Losing is worse where yes is better."""
        return "lower" if WORSE[sample.better] == "higher" else "higher"
