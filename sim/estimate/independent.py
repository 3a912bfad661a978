"""The difference of two means of cases that have nothing to do with each other, such as two halves of a suite."""

from math import hypot

from simrun.estimate.paired import Estimate


def difference(one: Estimate, other: Estimate) -> Estimate:
    """The second less the first, with an interval out of theirs; None where one of them has none.

    Its lower end is as far below the difference as the second's is below its mean and the first's is above its own,
    as two sides of a right angle; the upper end likewise. Approximate, and as good as the two intervals are. Source:
    Zou and Donner 2008, doi:10.1002/sim.3095.
    """
    n, clusters = one.n + other.n, one.clusters + other.clusters
    if one.value is None or other.value is None:
        return Estimate(value=None, n=n, clusters=clusters)
    value = other.value - one.value
    low = high = None
    if one.low is not None and one.high is not None and other.low is not None and other.high is not None:
        low = value - hypot(other.value - other.low, one.high - one.value)
        high = value + hypot(other.high - other.value, one.value - one.low)
    return Estimate(value=value, low=low, high=high, n=n, clusters=clusters, approximate=True)
