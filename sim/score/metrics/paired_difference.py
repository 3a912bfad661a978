"""Mean paired difference."""

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate.paired import Estimate, clustered_mean


def paired_difference(arm: ArrayLike, reference: ArrayLike, cases: ArrayLike, span: float | None = None) -> Estimate:
    """Mean over pairs of the arm's value minus the reference's, of the same case and repeat.

    `arm`, `reference` and `cases` are (n,), one entry a pair; `span` is the greatest value minus the least that the
    outcome can take, None when unbounded. -span to span; 0 is no effect. The interval is clustered over cases.
    Source: Gallegos et al. 2024, doi:10.1162/coli_a_00524 (counterfactual pairs); the estimator is that of a paired experiment.
    """
    difference = np.asarray(arm, dtype=float) - np.asarray(reference, dtype=float)
    return clustered_mean(difference, cases, None if span is None else -span, span)
