"""Paraphrase variance."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.estimate import mixed


class ParaphraseVariance(Record):
    """How much hangs on the wording of a prompt."""

    share: float | None
    """Of the variance of one value; None where it cannot be told."""
    reason: str
    """Why not, "" where it can."""
    means: dict[str, float]
    """By wording."""
    spread: float
    """Largest minus smallest mean; above 0 by chance alone, the more wordings the more."""


def paraphrase_variance(values: ArrayLike, wordings: ArrayLike, cases: ArrayLike) -> ParaphraseVariance:
    """How much of the variance of an outcome comes from which of several equivalent wordings its prompt had.

    v_wording / (v_case + v_wording + v_residual), crossed random effects by restricted maximum likelihood (simrun.estimate.mixed); beside it the
    spread of the wordings' means. `values`, `wordings` and `cases` are (n,), of one arm. 0 to 1; 0 is best, higher is worse: the result is
    that of a wording. With three wordings the share is rough. ValueError below two wordings.
    Source: extension (defined here), of Baayen, Davidson and Bates 2008, doi:10.1016/j.jml.2007.12.005; spread as in Sclar et al. 2023,
    arXiv:2310.11324.
    """
    value, wording = arrays.numbers("values", values), arrays.labels("wordings", wordings, least=2)
    case = arrays.labels("cases", cases)
    arrays.aligned(values=value, wordings=wording, cases=case)
    means = {name: float(each.mean()) for name, each in arrays.by_group(value, wording).items()}
    random = mixed.random_effects(np.zeros(len(value)), case, {"wording": wording})
    found = random.left_out.get("wording") or mixed.fit(value, np.ones((len(value), 1)), random)
    return ParaphraseVariance(
        share=None if isinstance(found, str) else found.shares()["wording"],
        reason=found if isinstance(found, str) else "",
        means=means,
        spread=max(means.values()) - min(means.values()),
    )
