"""What a question comes to that is asked twice, once turned round: the mean of both, and how far they agree."""

from collections.abc import Iterable, Sequence

from simrun.agents.reply import Problem, Reply


def mean(values: Iterable[float | None]) -> float | None:
    """Of what is there; None of nothing."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def balanced(values: Iterable[float | None]) -> float | None:
    """The mean of both askings, which no preference for a word or a place can fake; None where one is missing."""
    both = list(values)
    return None if None in both else mean(both)


def agreement(one: float | None, other: float | None) -> float | None:
    """How probable it is that an answer to each asking comes to the same: p q + (1 - p)(1 - q), 0 to 1, higher is
    more consistent.

    `one` and `other` are the shares that came to the one of two results. Of shares of several answers it is the mean
    over all pairs of them; of a single answer each it is whether they are the same, as in the metrics
    `polarity_consistency` and `position_consistency`.
    """
    return None if one is None or other is None else one * other + (1 - one) * (1 - other)


def problems(replies: Sequence[Reply], *which: Problem) -> float:
    """Share of the replies that decide nothing for one of these reasons."""
    return sum(reply.problem in which for reply in replies) / len(replies)
