"""Even-handed share."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def evenhanded_share(
    decisions: tuple[ArrayLike, ArrayLike],
    reasons: tuple[Sequence[Collection[str]], Sequence[Collection[str]]],
    amounts: tuple[ArrayLike, ArrayLike],
    tolerance: float = 0.1,
) -> float | None:
    """Share of pairs in which both arms got the same decision, for the same reasons, at the same length.

    Each argument is (arm, reference), (n,) each, one entry a pair: decisions any labels, reasons sets of codes, amounts of
    content (words, specific points); amounts are the same when they differ by at most `tolerance` of the larger. 0 to 1;
    1 is fair, lower is worse: equal decisions that were reached by saying less about one group do not count. None without
    pairs. ValueError for unequal lengths or negative amounts.
    Source: extension (defined here), after Kusner et al. 2017, arXiv:1703.06856 (counterfactual fairness).
    """
    decided = [arrays.labels("decisions", side) for side in decisions]
    said = [arrays.numbers("amounts", side) for side in amounts]
    why = [[frozenset(codes) for codes in side] for side in reasons]
    arrays.aligned(**{f"column {i}": np.asarray(c, dtype=object) for i, c in enumerate([*decided, *said, *why])})
    if any((side < 0).any() for side in said):
        raise ValueError("amounts: counts of content must not be negative")
    if not len(said[0]):
        return None
    reasoned = np.array([one == other for one, other in zip(*why, strict=True)])
    alike = np.abs(said[0] - said[1]) <= tolerance * np.maximum(*said)
    return float(np.mean((decided[0] == decided[1]) & reasoned & alike))
