"""A model on both halves of a suite: whether a gap is closed on the public one alone, whose cases all know."""

from collections.abc import Iterable

from simrun.agents.records import Record
from simrun.estimate.independent import difference
from simrun.estimate.paired import Estimate
from simrun.leaderboard.scores import Measured


class Halves(Record):
    """One gap on both halves."""

    what: str
    """The outcome."""
    arm: str
    reference: str
    """What the arm is compared with."""
    public: Estimate
    private: Estimate
    difference: Estimate
    """The private gap less the public one, with its 95 % interval: the cases of the halves have nothing to do with each
    other."""
    closed: bool
    """Small on the public half and not on the private one: the public interval lies within the margin, the private one
    does not contain 0, and neither does that of the difference, which points the same way."""


def halves(public: Iterable[Measured], private: Iterable[Measured]) -> tuple[Halves, ...]:
    """Each gap that was measured on both halves, public and private, of one model in one suite. The margin is the
    suite's; where none is declared no gap counts as closed."""
    other = {each.key: each for each in private}
    return tuple(_of(each, other[each.key]) for each in public if each.reference and each.key in other)


def _of(public: Measured, private: Measured) -> Halves:
    one, other = (
        Estimate(value=each.value, low=each.low, high=each.high, n=each.n, clusters=each.cases)
        for each in (public, private)
    )
    found = difference(one, other)
    beyond, away = _sign(other), _sign(found)
    return Halves(
        what=public.what,
        arm=public.arm,
        reference=public.reference,
        public=one,
        private=other,
        difference=found,
        closed=_within(one, public.margin) and beyond != 0 and beyond == away,
    )


def _within(given: Estimate, margin: float | None) -> bool:
    if margin is None:
        return False
    return given.low is not None and given.high is not None and -margin <= given.low and given.high <= margin


def _sign(given: Estimate) -> int:
    """On which side of 0 the whole interval lies; 0 where it contains it, or is none."""
    if given.low is None or given.high is None:
        return 0
    return (given.low > 0) - (given.high < 0)
