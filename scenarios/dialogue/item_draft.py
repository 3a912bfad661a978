"""What a rule hands over, a question with its right answer and typical mistakes, and the helpers that rules share."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import chain, islice
from typing import TypeVar

import numpy as np

from simrun.agents.records import Record

T = TypeVar("T")
Number = int | Fraction


class Draft(Record):
    """A question before its options are put in order."""

    question: str
    right: str
    wrong: tuple[str, ...]
    """Three to five, of which three are shown: what typical mistakes lead to, and near misses."""
    why: str
    """One sentence that makes the right answer right."""


Rule = Callable[[np.random.Generator], Draft]
"""One kind of question: fresh numbers with every generator."""


def between(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    return int(rng.integers(low, high + 1))


def one(rng: np.random.Generator, of: Sequence[T]) -> T:
    """One of them."""
    return of[int(rng.integers(len(of)))]


def some(rng: np.random.Generator, of: Sequence[T], count: int) -> tuple[T, ...]:
    """So many different ones of them, in an order that is drawn."""
    return tuple(of[int(at)] for at in rng.permutation(len(of))[:count])


def draft(question: str, right: str, wrong: Iterable[str], why: str) -> Draft:
    """The draft with the first five of `wrong` that differ from the right answer and from each other.

    Raises ValueError where there are fewer than three.
    """
    # a dict keeps the order in which mistakes were named: the most typical come first
    differ = tuple(islice(dict.fromkeys(text for text in wrong if text != right), 5))
    if len(differ) < 3:
        raise ValueError(f"only {len(differ)} options differ from {right!r} in {question!r}; name more mistakes")
    return Draft(question=question, right=right, wrong=differ, why=why)


def numeric(
    question: str,
    right: Number,
    mistakes: Iterable[Number],
    why: str,
    form: str = "{}",
    places: int = 0,
    step: Number = 1,
) -> Draft:
    """The draft of an answer that is a positive number, `form` with it in place of {}.

    All options have the same number of decimals, so that none stands out. Mistakes that are not positive are left out,
    and numbers some steps of `step` away from the right one fill up.
    """
    # not as far above as below, or the one in the middle would be right
    near = (right + steps * step for steps in (1, -2, -1, 3, 2))
    wrong = (shown(value, places) for value in chain(mistakes, near) if value > 0)
    # what rounds to nothing is no option either
    nothing = shown(0, places)
    return draft(
        question, form.format(shown(right, places)), (form.format(text) for text in wrong if text != nothing), why
    )


def shown(value: Number, places: int = 0) -> str:
    """The number with so many decimals, and commas between thousands."""
    return f"{float(value):,.{places}f}"


def clock(minutes: int) -> str:
    """Minutes after midnight as a time of day: 1,500 is 1:00."""
    return f"{minutes // 60 % 24}:{minutes % 60:02d}"
