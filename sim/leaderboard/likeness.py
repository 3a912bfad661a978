"""How like two submissions are: the share of their replies that are the same, from a sample of fixed size."""

import hashlib
import heapq
from dataclasses import dataclass, field

from simrun.agents.records import Call

LONG = 80
"""Characters from which on a reply tells by itself: shorter ones, such as a decision alone, many models give alike, and
not in the same time."""
SIZE, FEWEST = 1024, 20
"""Replies in a sample, and below which nothing is said."""
ALIKE = 0.9


@dataclass
class Fingerprint:
    """The least hashes of (trial, turn, reply): of two logs, their union's least ones sample all replies of both.

    Broder 1997, doi:10.1109/SEQUEN.1997.666900.
    """

    _least: list[int] = field(default_factory=list)
    _known: set[int] = field(default_factory=set)

    def add(self, call: Call) -> None:
        """A reply."""
        text = call.answer.text if len(call.answer.text) >= LONG else f"{call.answer.text}\x1f{call.seconds}"
        told = "\x1f".join((call.trial, call.role, call.chat, str(call.nth), str(call.attempt), text))
        number = int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest())
        if number in self._known:
            return
        if len(self._least) < SIZE:
            heapq.heappush(self._least, -number)
        elif number < -self._least[0]:
            self._known.discard(-heapq.heapreplace(self._least, -number))
        else:
            return
        self._known.add(number)

    def like(self, other: "Fingerprint") -> float | None:
        """Estimate of the share of replies that both have among those that either has, 0 to 1; None for too few."""
        union = sorted(self._known | other._known)[:SIZE]
        if min(len(self._known), len(other._known)) < FEWEST:
            return None
        return sum(each in self._known and each in other._known for each in union) / len(union)
