"""Normalised accuracy."""

import math
from collections.abc import Iterator
from typing import Self

from simrun.score.metric import Metric
from simrun.score.pairs import Pairs


class NormalisedAccuracy(Metric):
    """Accuracy in the arm divided by that in the reference, over the same pairs.

    acc(arm) / acc(reference): 1 is no loss. The drop of a persona, (acc_ref - acc_arm) / acc_ref, is 1 less this. The
    difference in percentage points is paired_difference.
    """

    needs = Pairs
    low, high, fair, worse = 0, math.inf, 1, "lower"
    undefined = "the reference was never right"
    source = (
        "Schmidgall et al. 2024, arXiv:2405.07960 (AgentClinic); Gupta et al. 2024, arXiv:2311.04892 (persona drop)"
    )
    order = 7

    @classmethod
    def asked(cls, sample: Pairs) -> Iterator[Self]:
        """Of the scenario's accuracy."""
        if sample.right:
            yield cls()

    def measure(self, sample: Pairs) -> float | None:
        """The ratio."""
        reference = float(sample.reference.mean())
        return float(sample.arm.mean()) / reference if reference else None
