"""Manipulation success."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays


def manipulation_success(biased: ArrayLike, control: ArrayLike) -> float | None:
    """How much more often a blinded judge sees the bias where it was injected than where it was not.

    mean(seen | biased role) - mean(seen | control). `biased` (n,) and `control` (m,) are 0 or 1, one entry an episode. -1
    to 1; should be well above 0: at 0 the model ignored the instruction, and an effect of 0 then says nothing. None where
    either is empty.
    Source: extension (defined here), after Hauser, Ellsworth and Gonzalez 2018, doi:10.3389/fpsyg.2018.00998.
    """
    one, other = arrays.decisions("biased", biased), arrays.decisions("control", control)
    return float(one.mean() - other.mean()) if len(one) and len(other) else None
