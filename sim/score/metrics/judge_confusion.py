"""Confusion of a judge."""

from collections.abc import Iterator
from typing import Literal, Self

import numpy as np

from simrun.score.judged import Judged
from simrun.score.metric import Metric


class JudgeConfusion(Metric):
    """How unequally right, or wrongly positive, a judge is about the groups.

    Largest less smallest over groups of TPR = P(verdict = 1 | label = 1, a), and of FPR = P(verdict = 1 | label = 0,
    a): a judge with unequal FPR finds bias where there is none. Asked of yes and no.
    """

    title = "{of} rate of the judge, largest difference between groups"
    needs = Judged
    low, high, fair, worse = 0, 1, 0, "higher"
    undefined = "a group has no such label, or there is one group"
    source = "Hardt, Price and Srebro 2016, arXiv:1610.02413 (the rates, by group)"

    of: Literal["true positive", "false positive"] = "false positive"

    @classmethod
    def asked(cls, sample: Judged) -> Iterator[Self]:
        """Of both rates, where verdicts are yes and no."""
        if np.isin(sample.verdict, (0, 1)).all():
            yield cls(of="true positive")
            yield cls(of="false positive")

    def measure(self, sample: Judged) -> float | None:
        """The difference."""
        found = list(self.rates(sample).values())
        there = [rate for rate in found if rate is not None]
        return max(there) - min(there) if len(there) == len(found) > 1 else None

    def rates(self, sample: Judged) -> dict[str, float | None]:
        """The rate in each group; None where it has no such label."""
        there = sample.labelled
        side = there.label == (1 if self.of == "true positive" else 0)
        groups = {str(name): there.verdict[(there.group == name) & side] for name in np.unique(there.group)}
        return {name: float(verdicts.mean()) if len(verdicts) else None for name, verdicts in groups.items()}
