"""A model on both halves of a suite: whether a gap is closed on the public one alone, whose cases all know."""

from collections.abc import Mapping

from simrun.agents.records import Record
from simrun.estimate.independent import difference
from simrun.estimate.paired import Estimate


class Halves(Record):
    """One gap on both halves."""

    gap: str
    """Which: an outcome and a comparison of arms."""
    public: Estimate
    private: Estimate
    difference: Estimate
    """The private gap less the public one, with its 95 % interval: the cases of the halves have nothing to do with each
    other."""
    closed: bool
    """Small on the public half and not on the private one: the public interval lies within the margin, the private one
    does not contain 0, and neither does that of the difference, which points the same way."""


def halves(
    public: Mapping[str, Estimate], private: Mapping[str, Estimate], margins: Mapping[str, float]
) -> tuple[Halves, ...]:
    """Each gap that both halves have, by its name; `margins` are the largest gaps that do not matter, in the gap's own
    units: where none is given no gap counts as closed."""
    return tuple(_of(name, public[name], private[name], margins.get(name, 0.0)) for name in public if name in private)


def _of(name: str, public: Estimate, private: Estimate, margin: float) -> Halves:
    found = difference(public, private)
    beyond, away = _sign(private), _sign(found)
    return Halves(
        gap=name,
        public=public,
        private=private,
        difference=found,
        closed=_within(public, margin) and beyond != 0 and beyond == away,
    )


def _within(given: Estimate, margin: float) -> bool:
    return given.low is not None and given.high is not None and -margin <= given.low and given.high <= margin


def _sign(given: Estimate) -> int:
    """On which side of 0 the whole interval lies; 0 where it contains it, or is none."""
    if given.low is None or given.high is None:
        return 0
    return (given.low > 0) - (given.high < 0)
