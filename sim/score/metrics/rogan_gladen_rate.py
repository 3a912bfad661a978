"""Rogan and Gladen's rate."""

from collections.abc import Iterator
from typing import Self

import numpy as np

from simrun.estimate.misclassified import rogan_gladen
from simrun.score.judged import Judged
from simrun.score.metric import Metric


class RoganGladenRate(Metric):
    """The rate that people would have found, from a judge's rate and how often it errs either way.

    (rate + Sp - 1) / (Se + Sp - 1), cut to 0..1; Se and Sp of the labelled texts. Right where the judge errs as often
    about labelled texts that are so (and that are not) as about others: labels may be chosen by what people said, as
    where they were given first. Of a random part of all texts prediction_powered_rate is narrower. Asked of yes and no.
    """

    title = "rate by the judge, corrected by its errors"
    needs = Judged
    low, high, fair, worse = 0, 1, None, ""
    undefined = "people labelled no yes, or no no, or the judge is no better than a coin"
    source = "Rogan and Gladen 1978, doi:10.1093/oxfordjournals.aje.a112510"

    @classmethod
    def asked(cls, sample: Judged) -> Iterator[Self]:
        """Of yes and no, where people labelled something."""
        if not np.isnan(sample.label).all() and yes_or_no(sample):
            yield cls()

    def measure(self, sample: Judged) -> float | None:
        """The rate."""
        there = sample.labelled
        found, passed = (there.verdict[there.label == so] == so for so in (1, 0))
        if not len(found) or not len(passed):
            return None
        return rogan_gladen(float(sample.verdict.mean()), float(found.mean()), float(passed.mean()))


def yes_or_no(sample: Judged) -> bool:
    """Whether all verdicts and labels are yes or no."""
    return bool(np.isin(sample.verdict, (0, 1)).all() and np.isin(sample.labelled.label, (0, 1)).all())
