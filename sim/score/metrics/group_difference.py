"""Difference between a group and the reference group."""

import math
from typing import Any

import numpy as np

from simrun.estimate.bounded import case_means
from simrun.estimate.columns import Floats
from simrun.estimate.paired import interval
from simrun.score.metric import Metric
from simrun.score.pool import Decisions, Pool


class GroupDifference(Metric):
    """A group's rate of the favourable decision, or its mean score, minus the reference group's.

    sr_a - sr_ref of decisions (signed parity difference), mean(S_a) - mean(S_ref) of scores (level bias). In the unit
    of the values; below 0 the group fares worse. Of versions of the same people, equally many a case, the interval is
    that of a paired difference: a jackknife is too narrow where few of them differ (docs/calibration.md).
    """

    needs = Pool
    low, high, fair, worse = -math.inf, math.inf, 0, "lower"
    undefined = "one of the two groups has no value"
    source = "Dwork et al. 2012, doi:10.1145/2090236.2090255 (parity); Wang et al. 2024, arXiv:2406.15484 (level bias)"
    order = 10
    exchanged = True

    def measure(self, pool: Pool) -> Floats:
        """The difference."""
        group, reference = pool.sides()
        return group - reference

    def ends(self, sample: Any, value: float | None) -> tuple[float | None, float | None]:
        """Of versions within bounds those of a paired difference, else by jackknife."""
        if not isinstance(sample, Pool) or not sample.versions or sample.low is None or sample.high is None:
            return super().ends(sample, value)
        case, reach = sample.case[sample.member], sample.high - sample.low
        if len(np.unique(np.unique(case, return_counts=True)[1])) > 1:  # the mean over people is not that over cases
            return super().ends(sample, value)
        return interval(case_means(sample.group - sample.reference, case), -reach, reach)

    def told(self, pool: Pool) -> str:
        """What it is a difference of."""
        return "selection rate, difference" if isinstance(pool, Decisions) else "score, difference"
