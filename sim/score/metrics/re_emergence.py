"""Re-emergence."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.score.metric import Metric
from simrun.score.repeated import Series


class ReEmergence(Metric):
    """Share of episodes in which it was so, then was not, and then was again.

    yes, no, yes in this order among the valid values, with whatever between them; of all episodes with any valid value.
    """

    needs = Series
    low, high, fair, worse = 0, 1, None, ""
    by_outcome = True
    undefined = "no episode has a valid value"
    source = "Hida et al., DyMT-ESB; rates by turn as in Fan et al. 2024, arXiv:2410.19317 (FairMT-Bench)"
    order = 14

    @classmethod
    def asked(cls, sample: Series) -> Iterator[Self]:
        """Of yes and no at three turns or more."""
        if sample.binary and sample.value.shape[1] > 2:
            yield cls()

    def measure(self, sample: Series) -> float | None:
        """The share."""
        yes, no = sample.value == 1, sample.value == 0
        some = (yes | no).any(axis=1)
        before = np.logical_or.accumulate(yes, axis=1)
        fell = np.logical_or.accumulate(no & before, axis=1)
        return float((yes & fell).any(axis=1)[some].mean()) if some.any() else None
