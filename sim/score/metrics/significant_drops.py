"""Share of significant drops."""

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np

from simrun.agents.records import Record
from simrun.estimate.families import holm
from simrun.estimate.power import ALPHA
from simrun.estimate.signs import sign_flip
from simrun.score.levels import Levels
from simrun.score.metric import Metric


class Drops(Record):
    """Which levels are less often right than the reference, beyond chance."""

    note: str
    """Their names."""
    value: float | None
    p: float | None = None
    adjusted: Mapping[str, float]
    """Level -> p after Holm over all of these levels."""


class SignificantDrops(Metric):
    """Share of the levels of an axis at which accuracy falls below the reference's, beyond chance.

    #{level : mean(arm - reference) < 0 and p < .05} / #levels, p two-sided by flipping the signs of whole cases and
    adjusted by Holm over the levels, so that without any drop the share is above 0 in at most 5 % of runs. The source
    tests each by itself.
    """

    title = "share of the levels that drop significantly"
    needs = Levels
    low, high, fair, worse = 0, 1, 0, "higher"
    undefined = "no level was observed"
    source = "Gupta et al. 2024, arXiv:2311.04892 (the share); Holm over the levels: an extension"
    interval = ""

    @classmethod
    def asked(cls, sample: Levels) -> Iterator[Self]:
        """Of several levels."""
        if sample.several:
            yield cls()

    def measure(self, sample: Levels) -> Drops:
        """The share, and which levels they are."""
        difference = sample.arm - sample.reference
        rows = {name: sample.level == place for place, name in enumerate(sample.names)}
        seen = {name: at for name, at in rows.items() if at.any()}
        chances = [sign_flip(difference[at], sample.case[at]) or 0.0 for at in seen.values()]
        adjusted = dict(zip(seen, holm(chances), strict=True))
        dropped = [name for name, p in adjusted.items() if p < ALPHA and np.mean(difference[seen[name]]) < 0]
        value = len(dropped) / len(seen) if seen else None
        return Drops(note=", ".join(dropped), value=value, adjusted=adjusted)
