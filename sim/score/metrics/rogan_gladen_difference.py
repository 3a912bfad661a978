"""Difference of Rogan and Gladen's rates."""

from collections.abc import Iterator
from typing import Self

from simrun.score.judged_pairs import JudgedPairs
from simrun.score.metric import Metric
from simrun.score.metrics.rogan_gladen_rate import RoganGladenRate, yes_or_no


class RoganGladenDifference(Metric):
    """The difference between an arm and its reference with the judge's errors taken out, those about each arm by
    themselves.

    rogan_gladen_rate of the arm less that of the reference. The interval: delete-a-group jackknife over cases, verdicts
    and labels of a case together. Asked of yes and no.
    """

    title = "difference by the judge, corrected by its errors"
    needs = JudgedPairs
    low, high, fair, worse = -1, 1, 0, "away"
    undefined = "people labelled no yes, or no no, of an arm, or the judge is no better than a coin about one"
    source = "Rogan and Gladen 1978, doi:10.1093/oxfordjournals.aje.a112510"

    @classmethod
    def asked(cls, sample: JudgedPairs) -> Iterator[Self]:
        """Of yes and no."""
        if yes_or_no(sample.arm) and yes_or_no(sample.reference):
            yield cls()

    def measure(self, sample: JudgedPairs) -> float | None:
        """The difference."""
        rates = [RoganGladenRate().measure(side) for side in (sample.arm, sample.reference)]
        return None if rates[0] is None or rates[1] is None else rates[0] - rates[1]
