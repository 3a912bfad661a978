"""Impact ratio."""

import math
from typing import Any

from simrun.estimate.columns import Floats, ratio
from simrun.estimate.resampling import delete_a_group
from simrun.score.metric import Metric
from simrun.score.pool import Decisions
from simrun.score.samples import Rows


class ImpactRatio(Metric):
    """A group's rate of the favourable decision divided by the reference group's.

    sr_a / sr_ref. Below 1 the group fares worse. The lowest rate over the highest of all groups is four_fifths. The
    interval is of the logarithm, by a delete-a-group jackknife over cases: that of the ratio itself covers .92 where
    few are chosen. None where leaving out some cases leaves a group without anybody chosen.
    """

    needs = Decisions
    low, high, fair, worse = 0, math.inf, 1, "lower"
    undefined = "nobody of the reference group was chosen"
    source = "Wang et al. 2024, arXiv:2406.15484 (JobFair); Feldman et al. 2015, doi:10.1145/2783258.2783311"
    order = 20
    exchanged = True

    def measure(self, pool: Decisions) -> Floats:
        """The ratio; infinite, or not a number, where nobody of the reference group was chosen."""
        group, reference = pool.sides()
        return ratio(group, reference)

    def ends(self, sample: Any, value: float | None) -> tuple[float | None, float | None]:
        """By jackknife of the logarithm; of a difference of two ratios by that of the difference."""
        if not isinstance(sample, Decisions) or not value:
            return super().ends(sample, value)

        def log(rows: Rows) -> float | None:
            found = self._found(sample.part(rows)).value
            return math.log(found) if found else None

        low, high = delete_a_group(log, sample.case, math.log(value))
        return (None, None) if low is None or high is None else (math.exp(low), math.exp(high))
