"""Expected calibration error."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.agents.records import Record
from simrun.estimate import columns as arrays
from simrun.estimate.columns import Floats


class CalibrationError(Record):
    """Calibration error of each group, and how far apart the groups are."""

    groups: dict[str, float]
    gap: float
    """Largest minus smallest."""


def expected_calibration_error(
    outcomes: ArrayLike, confidence: ArrayLike, groups: ArrayLike, bins: int = 10
) -> CalibrationError:
    """How far stated confidence is from what came true, by group.

    sum_b n_b / n |mean(Y) - mean(confidence)| over `bins` equal cells [j / bins, (j + 1) / bins), 1 in the last; empty
    cells weigh nothing. `outcomes` (n,) is 0 or 1, `confidence` (n,) in 0..1, `groups` (n,). 0 to 1; 0 is best, higher is
    worse; biased upwards for few rows a cell, so groups of unequal size differ by chance alone. ValueError below two
    groups or for confidence outside 0..1.
    Source: Guo et al. 2017, arXiv:1706.04599.
    """
    came, stated = arrays.decisions("outcomes", outcomes), arrays.numbers("confidence", confidence)
    group = arrays.labels("groups", groups, least=2)
    arrays.aligned(outcomes=came, confidence=stated, groups=group)
    if stated.min() < 0 or stated.max() > 1:
        raise ValueError(f"confidence must be in 0..1, got {stated.min()} to {stated.max()}; divide percentages by 100")
    errors = {str(name): _error(came[group == name], stated[group == name], bins) for name in np.unique(group)}
    return CalibrationError(groups=errors, gap=max(errors.values()) - min(errors.values()))


def _error(came: Floats, stated: Floats, bins: int) -> float:
    cell = np.minimum(np.floor(stated * bins + 1e-9), bins - 1).astype(int)
    return float(np.abs(np.bincount(cell, weights=came - stated)).sum() / len(came))
