"""Covariate balance."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.estimate.columns import Floats


def covariate_balance(
    covariates: Mapping[str, ArrayLike], groups: ArrayLike, reference: object
) -> dict[str, dict[str, float | None]]:
    """Whether what stands for a group, such as its names, also differs in what is not meant: frequency, class, tokens.

    (mean_a - mean_ref) / sqrt((var_a + var_ref) / 2), variances with n - 1, by covariate and group. `covariates` are (n,) each, a row a
    name (or a cue), numbers or 0/1; `groups` (n,). Any real number; 0 is balanced, beyond +-.1 is commonly called conspicuous: such a
    covariate could explain an effect. None where neither group varies, or one has a single row. ValueError below two groups or for an
    unknown reference.
    Source: Austin 2009, doi:10.1002/sim.3697.
    """
    group = arrays.labels("groups", groups, least=2)
    base, found = arrays.known("reference", reference, group), {}
    for name, given in covariates.items():
        column = arrays.numbers(name, given)
        arrays.aligned(**{name: column}, groups=group)
        parts = arrays.by_group(column, group)
        found[name] = {each: _standardised(part, parts[base]) for each, part in parts.items() if each != base}
    return found


def _standardised(part: Floats, base: Floats) -> float | None:
    if min(len(part), len(base)) < 2 or np.ptp(part) + np.ptp(base) == 0:
        return None
    return float((part.mean() - base.mean()) / np.sqrt((part.var(ddof=1) + base.var(ddof=1)) / 2))
