"""Which of several replicas answers a call: least loaded at first, then where the
chat's prefix is cached, within a bound."""

import re
from collections import OrderedDict
from hashlib import blake2b

from simrun.agents.records import Chat

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What names a header: a token of RFC 9110, section 5.6.2."""
TAKEN = (
    *("accept", "accept-encoding", "authorization", "connection", "content-encoding", "content-length", "content-type"),
    *("cookie", "host", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
)
"""Headers that mean something else to whoever is on the way."""

REMEMBERED = 4096
"""Pairs whose replica is known, the latest; one that was forgotten costs its next arm a cold start and nothing else."""


def key(chat: Chat) -> str:
    """What is the same for chats that are best answered by one server: 16 hexadecimal digits of a hash, since what a
    case is called may be no business of whoever is on the way."""
    return blake2b((chat.pair or chat.session).encode(), digest_size=8).hexdigest()


class Router:
    """Places calls on replicas 0 .. replicas-1, each of which caches the prefixes that it has read.

    A session stays on its replica, since there lies the KV cache of what was said. A new one goes where the other arms
    of its pair went, else to the least loaded. Either holds while that replica has at most `spill` calls, and `share`
    of the least loaded's, more in flight than the least loaded; beyond, the session moves there for good: a cold prefix
    is read once, a queue is waited in at every turn. Ties go to the replica with the fewest sessions, then to the
    first. Not safe for threads; one event loop drives it.
    """

    def __init__(self, replicas: int, spill: int = 8, share: float = 0.25):
        if replicas < 1:
            raise ValueError(f"replicas={replicas}: give at least 1")
        self.spill, self.share = spill, share
        self.in_flight = [0] * replicas
        """Calls that each replica is answering."""
        self.sessions = [0] * replicas
        """Sessions that each replica is home to."""
        self._home: dict[str, int] = {}
        self._pairs: OrderedDict[str, int] = OrderedDict()

    def place(self, session: str, pair: str = "") -> int:
        """The replica for this session's next call, which is in flight there until
        `done`; pair "" for a session without one."""
        least = min(
            range(len(self.in_flight)), key=lambda replica: (self.in_flight[replica], self.sessions[replica], replica)
        )
        known = self._home.get(session)
        wished = known if known is not None else self._pairs.get(pair, least)
        chosen = wished if self.in_flight[wished] <= self.in_flight[least] * (1 + self.share) + self.spill else least
        if chosen != known:
            self._settle(session, known, chosen)
        if pair:
            self._remember(pair, chosen)
        self.in_flight[chosen] += 1
        return chosen

    def _settle(self, session: str, known: int | None, chosen: int) -> None:
        if known is not None:
            self.sessions[known] -= 1
        self.sessions[chosen] += 1
        self._home[session] = chosen

    def _remember(self, pair: str, chosen: int) -> None:
        # an arm that moves does not take its siblings along: what they share is cached where they are
        self._pairs.setdefault(pair, chosen)
        self._pairs.move_to_end(pair)
        if len(self._pairs) > REMEMBERED:
            self._pairs.popitem(last=False)

    def done(self, replica: int) -> None:
        """A placed call has ended, however it ended; ValueError when none was in flight there."""
        if self.in_flight[replica] == 0:
            raise ValueError(f"replica {replica} has no call in flight: done() was called more often than place()")
        self.in_flight[replica] -= 1

    def release(self, session: str) -> None:
        """A session is over; one that was never placed is none to forget."""
        home = self._home.pop(session, None)
        if home is not None:
            self.sessions[home] -= 1
