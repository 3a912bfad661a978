"""A model on both halves of a suite: whether a gap is closed on the public one alone, whose cases all know."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from simrun.agents.records import Record
from simrun.estimate.independent import difference
from simrun.estimate.paired import Estimate
from simrun.leaderboard.board import PRIVATE
from simrun.leaderboard.scores import Measured
from simrun.leaderboard.standings import Standing


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


def matched(standings: Sequence[Standing]) -> Mapping[str, tuple[tuple[str, Halves], ...]]:
    """Id of an entry -> the suite of each run, and a gap of it on both halves: of every entry of a private half and the
    newest of the public one that the same people handed in for models of the same names."""
    found = {}
    for each in standings:
        for twin in _twins(each, standings)[-1:]:
            found[each.entry.id] = found[twin.entry.id] = tuple(_both(twin, each))
    return found


def _twins(private: Standing, standings: Sequence[Standing]) -> list[Standing]:
    if private.entry.withdrawn or not private.suite.endswith(PRIVATE):
        return []
    due = (private.suite.removesuffix(PRIVATE), private.name, private.who and private.who.name)
    return [each for each in standings if not each.entry.withdrawn and (each.suite, each.name, _named(each)) == due]


def _named(each: Standing) -> str | None:
    return each.who.name if each.who else None


def _both(public: Standing, private: Standing) -> Iterator[tuple[str, Halves]]:
    other = {part.suite: part.measured for part in private.now.parts}
    for part in public.now.parts:
        for each in halves(part.measured, other.get(part.suite, ())):
            yield part.suite, each


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
