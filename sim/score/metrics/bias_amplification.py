"""Bias amplification."""

from numpy.typing import ArrayLike

from simrun.estimate import columns as arrays
from simrun.score.metrics.group_mean import group_mean


def bias_amplification(
    outcomes: ArrayLike, inputs: ArrayLike, groups: ArrayLike, group: object, reference: object
) -> float:
    """What the agent adds to the difference between groups that its input already had.

    (mean outcome of `group` - of `reference`) - (mean input of `group` - of `reference`). `outcomes`, `inputs` (the labels
    or evidence with the planted bias, in the same unit) and `groups` are (n,). Any real number; 0 passes on just what was
    there; of the same sign as the planted difference it amplifies, of the other it dampens. ValueError for an unknown group.
    Source: Zhao et al. 2017, arXiv:1707.09457 (amplification); planted inputs as in Peña et al. 2020, arXiv:2004.07173.
    """
    column = arrays.labels("groups", groups, least=2)
    one, other = arrays.known("group", group, column), arrays.known("reference", reference, column)
    found, planted = group_mean(outcomes, groups), group_mean(inputs, groups)
    return (found[one] - found[other]) - (planted[one] - planted[other])
