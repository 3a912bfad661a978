"""What the parts of the calibration share: randomness, shares over audits, the interval that everybody uses."""

from collections.abc import Iterable, Mapping
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


def rng_of(cell: object, seed: int) -> np.random.Generator:
    """Randomness of this cell alone, so that it can be played alone."""
    return np.random.default_rng([seed, crc32(repr(cell).encode())])


def shares_of(told: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Means over audits of what each says; NaN is not counted."""
    means = pd.DataFrame(list(told)).astype(float).replace([np.inf, -np.inf], np.nan).mean().dropna()
    return {str(name): round(float(mean), 6) for name, mean in means.items()}


def ended(low: float | None, high: float | None) -> tuple[float, float]:
    """Ends as numbers: no interval holds nothing."""
    return (np.nan, np.nan) if low is None or high is None else (low, high)


def t_interval(means: Array) -> tuple[float, float]:
    """Mean of case means (cases,) and as much either way as a t quantile of standard errors: the rival of ours."""
    count = len(means)
    if count < 2:
        return np.nan, np.nan
    reach = float(stats.t.ppf(0.975, count - 1)) * float(means.std(ddof=1)) / count**0.5
    return float(means.mean()) - reach, float(means.mean()) + reach
