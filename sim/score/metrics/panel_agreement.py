"""How far the judges of a panel agree."""

from collections.abc import Iterator
from itertools import combinations
from typing import Literal, Self

import numpy as np

from simrun.estimate.agreement import ac1, kappa, krippendorff
from simrun.estimate.columns import Floats
from simrun.score.metric import Metric
from simrun.score.panel import Panel


class PanelAgreement(Metric):
    """How far the judges of a panel agree beyond chance.

    AC1 and kappa: the mean over pairs of judges, of the texts that both judged; alpha (interval): over all at once. 1
    is agreement in all, 0 is chance. Judges may agree because they are wrong alike: read it with effective_judges.
    """

    title = "agreement of the judges ({of})"
    needs = Panel
    low, high, fair, worse = -1, 1, None, "lower"
    undefined = "no two judges judged one text, or all have one category"
    source = (
        "Gwet 2008, doi:10.1348/000711006X126600; Cohen 1960, doi:10.1177/001316446002000104; "
        "Hayes and Krippendorff 2007, doi:10.1080/19312450709336664"
    )

    of: Literal["AC1", "kappa", "alpha"] = "AC1"

    @classmethod
    def asked(cls, sample: Panel) -> Iterator[Self]:
        """All three."""
        yield from (cls(of="AC1"), cls(of="kappa"), cls(of="alpha"))

    def measure(self, sample: Panel) -> float | None:
        """The agreement."""
        if self.of == "alpha":
            return krippendorff(sample.verdict)
        pairs = combinations(range(sample.verdict.shape[1]), 2)
        found = [self.two(sample.verdict[:, one], sample.verdict[:, other]) for one, other in pairs]
        there = [each for each in found if each is not None]
        return sum(there) / len(there) if there else None

    def two(self, one: Floats, other: Floats) -> float | None:
        """Of two judges."""
        both = ~np.isnan(one + other)
        return kappa(one[both], other[both]) if self.of == "kappa" else ac1(one[both], other[both])
