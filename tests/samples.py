"""Small samples for metrics: what their tests share."""

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from simrun.estimate.paired import Estimate
from simrun.score.counted import Counts, EventPairs, Events
from simrun.score.judged import Judged
from simrun.score.metrics.paired_difference import PairedDifference
from simrun.score.pairs import Pairs
from simrun.score.pool import Decisions, Pool, Scores
from simrun.score.repeated import Reasoned, Series, Shifts, Subjects
from simrun.score.values import Graded, Groups, Right

P = TypeVar("P", bound=Pairs)
K = TypeVar("K", bound=Pool)
NONE = float("nan")


def numbers(values: ArrayLike) -> Any:
    """As floats; None is NaN."""
    return np.asarray(values, dtype=float)


def codes(labels: Sequence[Any] | np.ndarray[Any, Any] | range | None, n: int) -> Any:
    """Whole numbers for labels; a case each where there are none."""
    return np.arange(n) if labels is None else np.unique(np.asarray(list(labels)), return_inverse=True)[1]


def pairs(arm: ArrayLike, reference: ArrayLike, cases: Any = None, kind: type[P] = Pairs, **more: Any) -> P:
    """Pairs of yes and no unless `low` and `high` say otherwise."""
    one = numbers(arm)
    given = {"low": 0.0, "high": 1.0, **more}
    if "again" in given:
        given["again"] = numbers(given["again"])
    return kind(one, numbers(reference), codes(cases, len(one)), **given)


def paired(arm: ArrayLike, reference: ArrayLike, cases: Any, span: float | None = None) -> Estimate:
    """The mean paired difference of an outcome of this range."""
    low, high = (None, None) if span is None else (0.0, float(span))
    return PairedDifference().measure(pairs(arm, reference, cases, low=low, high=high))


def right(values: ArrayLike, cases: Any = None) -> Right:
    """Episodes that came out right or not."""
    one = numbers(values)
    return Right(one, codes(cases, len(one)), 0, 1)


def pool(
    score: ArrayLike,
    member: Collection[Any],
    merit: Any = None,
    qualified: Any = None,
    kind: type[K] = Scores,  # type: ignore[assignment]
    cases: Any = None,
    **more: Any,
) -> K:
    """Different people of two groups, a case each; `member` is truth values, or letters of which `w` is the group."""
    value = numbers(score)
    unknown = np.full(len(value), np.nan)
    given = np.array([each == "w" if isinstance(each, str) else bool(each) for each in member])
    return kind(
        value,
        given,
        unknown if merit is None else numbers(merit),
        unknown if qualified is None else numbers(qualified),
        codes(cases, len(value)),
        **{"versions": False, **more},
    )


def decided(taken: ArrayLike, member: Collection[Any], qualified: Any = None, **more: Any) -> Decisions:
    """A pool of decisions."""
    return pool(taken, member, qualified=qualified, kind=Decisions, low=0.0, high=1.0, **more)


def versions(arm: ArrayLike, reference: ArrayLike, merit: Any = None, kind: type[K] = Scores, **more: Any) -> K:  # type: ignore[assignment]
    """The same people as members of the group, and of the reference group; a case each."""
    one, other = numbers(arm), numbers(reference)
    empty = np.full(len(one), np.nan) if merit is None else numbers(merit)
    return kind(
        np.concatenate([one, other]),
        np.repeat([True, False], len(one)),
        np.tile(empty, 2),
        np.full(2 * len(one), np.nan),
        np.tile(np.arange(len(one)), 2),
        **more,
    )


def graded(score: ArrayLike, merit: ArrayLike, cases: Any = None) -> Graded:
    """Scores beside merit, in one arm."""
    one = numbers(score)
    return Graded(one, numbers(merit), np.full(len(one), np.nan), codes(cases, len(one)))


def groups(
    values: ArrayLike, names: Any, cases: Any = None, low: Any = None, high: Any = None, better: str = "higher"
) -> Groups:
    """One outcome over several groups, a case each unless they are named."""
    one = numbers(values)
    every, group = np.unique(np.asarray(list(names)).astype(str), return_inverse=True)
    return Groups(one, group, codes(cases, len(one)), tuple(every.tolist()), low, high, better)


def rated(values: ArrayLike, names: Any, cases: Any = None) -> Groups:
    """The same of yes and no."""
    return groups(values, names, cases, 0.0, 1.0)


def counts(m: float, total: float, f: float, reference: float) -> Counts:
    """Two pairs that have these sums."""
    halves = [np.array([each / 2, each / 2]) for each in (m, total, f, reference)]
    return Counts(*halves, np.arange(2))


def events(event: ArrayLike, observed: ArrayLike, cases: Any, horizon: int) -> Events:
    """Turns of an event in one arm."""
    one = numbers(event)
    return Events(one, numbers(observed), codes(cases, len(one)), horizon)


def event_pairs(arm: Any, reference: Any, cases: tuple[Any, Any], horizon: int) -> EventPairs:
    """Events in two arms, each (turns, observed)."""
    return EventPairs(events(*arm, cases[0], horizon), events(*reference, cases[1], horizon))


def series(rows: Sequence[str]) -> Series:
    """An episode a row, a turn a letter: 1 biased, 0 not, - refused; where a row is shorter the dialogue had ended."""
    width = max(map(len, rows))
    value = np.array([[{"1": 1.0, "0": 0.0}.get(letter, NONE) for letter in row.ljust(width)] for row in rows])
    return Series(value, np.array([len(row) for row in rows]), np.arange(len(rows)), 0.0, 1.0, "lower")


def subjects(rows: ArrayLike) -> Subjects:
    """An episode a row, a subject a column."""
    value = numbers(rows)
    return Subjects(value, np.arange(len(value)))


def shifts(before: ArrayLike, after: ArrayLike) -> Shifts:
    """The same before and after a discussion."""
    value = numbers(after)
    return Shifts(value, np.arange(len(value)), numbers(before))


def reasoned(decisions: Any, reasons: Any, amounts: Any) -> Reasoned:
    """Each is (arm, reference); reasons are strings of letters, a reason each."""
    known = sorted({letter for side in reasons for each in side for letter in each})
    given = [
        np.array([[float(name in each) for name in known] for each in side]).reshape(len(side), -1) for side in reasons
    ]
    n = len(reasons[0])
    (one, other), (much, more) = ([numbers(side) for side in sides] for sides in (decisions, amounts))
    return Reasoned(one, other, given[0], given[1], much, more, np.arange(n))


def judged(
    verdict: ArrayLike,
    label: Any = None,
    group: Any = None,
    words: Any = None,
    own: Any = None,
    item: Any = None,
    cases: Any = None,
    **more: Any,
) -> Judged:
    """Verdicts, and what is known beside them."""
    found = numbers(verdict)
    n, empty = len(found), np.full(len(found), np.nan)
    return Judged(
        found,
        empty if label is None else numbers(label),
        np.array(["all"] * n if group is None else list(group)),
        codes(cases, n),
        empty if words is None else numbers(words),
        empty if own is None else numbers(own),
        codes(item, n),
        **more,
    )
