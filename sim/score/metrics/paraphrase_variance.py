"""Paraphrase variance."""

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np

from simrun.agents.records import Record
from simrun.estimate import mixed
from simrun.estimate.columns import by_group
from simrun.score.metric import Metric
from simrun.score.values import Worded

MOST = 20_000
"""Episodes up to which the model is fitted: a second or two."""


class Wordings(Record):
    """How much hangs on the wording of a prompt."""

    value: float | None
    """Of the variance of one value; None where it cannot be told."""
    reason: str
    """Why not, "" where it can."""
    means: Mapping[str, float]
    """By wording."""
    spread: float
    """Largest minus smallest mean; above 0 by chance alone, the more wordings the more."""


class ParaphraseVariance(Metric):
    """How much of the variance of an outcome comes from which of several equivalent wordings its prompt had.

    v_wording / (v_case + v_wording + v_residual), crossed random effects by restricted maximum likelihood
    (simrun.estimate.mixed). 0 is best: otherwise the result is that of a wording. With three wordings the
    share is rough. Extension (defined here).
    """

    title = "share of the variance that is the wording's"
    needs = Worded
    low, high, fair, worse = 0, 1, 0, "higher"
    undefined = "cases and wordings cannot be told apart"
    source = (
        "extension, of Baayen, Davidson and Bates 2008, doi:10.1016/j.jml.2007.12.005; spread as in Sclar et al. 2023, "
        "arXiv:2310.11324"
    )
    interval = ""

    @classmethod
    def asked(cls, sample: Worded) -> Iterator[Self]:
        """Of several wordings, in as many episodes as can be fitted."""
        if len(sample.case) <= MOST and len(np.unique(sample.wording)) > 1:
            yield cls()

    def measure(self, sample: Worded) -> Wordings:
        """The share, and the means."""
        means = {name: float(each.mean()) for name, each in by_group(sample.value, sample.wording).items()}
        random = mixed.random_effects(
            np.zeros(len(sample.value)), sample.case.astype(str), {"wording": sample.wording.astype(str)}
        )
        left_out = random.left_out.get("wording")
        fitted = left_out or mixed.fit(sample.value, np.ones((len(sample.value), 1)), random)
        return Wordings(
            value=None if isinstance(fitted, str) else fitted.shares()["wording"],
            reason=fitted if isinstance(fitted, str) else "",
            means=means,
            spread=max(means.values()) - min(means.values()),
        )
