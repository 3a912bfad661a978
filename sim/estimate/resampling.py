"""Figures that have no formula of their own, without a part of the cases at a time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats


def delete_a_group(
    measure: Callable[[NDArray[np.bool_]], float | None], cases: ArrayLike, value: float | None, parts: int = 40
) -> tuple[float | None, float | None]:
    """A 95 % interval for any smooth figure, by leaving out one part of the cases at a time.

    value +- t x sqrt((G - 1) / G x sum of (value without part g - their mean)^2), with G - 1 degrees of
    freedom; G parts, or as many as there are cases, drawn at random with a fixed seed. `measure` takes the rows
    that are kept, (n,); `cases` (n,). None where the figure is undefined without some part, does not vary, or
    there is one case. With one case a part it is the ordinary jackknife. Source: Kott 2001, The delete-a-group
    jackknife, Journal of Official Statistics 17(4), 521-526.
    """
    names, place = np.unique(np.asarray(cases), return_inverse=True)
    groups = min(parts, len(names))
    if groups < 2 or value is None:
        return None, None
    part = (np.random.default_rng(0).permutation(len(names)) % groups)[place]
    found = np.array([measure(part != left) for left in range(groups)], dtype=float)
    if np.isnan(found).any():
        return None, None
    error = float(np.sqrt((groups - 1) / groups * ((found - found.mean()) ** 2).sum()))
    reach = float(stats.t.ppf(0.975, groups - 1)) * error
    return (value - reach, value + reach) if error > 1e-12 else (None, None)
