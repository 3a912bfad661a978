"""When a log says that things happened: one process writes its lines one after the other, and asks before it hears."""

import math
from collections.abc import Iterable, Iterator

from simrun.agents.records import Call
from simrun.leaderboard.faults import Fault

STEPS = 3
"""So many times are needed: a clock may be set once or twice while a run is played."""
ALLOWED = 5.0
"""Seconds by which clocks may differ."""
LONGEST, LATEST = 10.0**6, 5 * 365 * 86_400.0
"""Seconds that an answer takes at most, and that a run takes from its beginning."""
REQUESTS = 1_000
"""That an answer takes at most."""
FASTEST = 50_000
"""Tokens a second in one reply, far above what any engine writes."""


class Clock:
    """The times of one chain, in the order of its lines."""

    def __init__(self, where: str, created: float):
        self._where, self._created = where, created
        self._before, self._began = -math.inf, -math.inf
        self._back = self._same = self._early = 0

    def possible(self, at: float) -> bool:
        """Whether a line can have been written then, with a clock that is wrong by any constant."""
        return -ALLOWED <= at - self._created <= LATEST

    def written(self, call: Call) -> bool:
        """Whether simrun can have written a call so: a single one is enough."""
        return self.possible(call.at) and 0 <= call.seconds <= LONGEST and 1 <= call.answer.attempts <= REQUESTS

    def opened(self, at: float) -> None:
        """A process begins to play."""
        self._began = at
        self._early += at < self._created - ALLOWED
        self._step(at)

    def answered(self, call: Call) -> None:
        """A call, as its answer was written."""
        self._same += call.at == self._before
        begun = call.at - call.seconds
        self._early += begun < self._began - ALLOWED
        self._step(call.at)

    def _step(self, at: float) -> None:
        self._back += not at >= self._before
        self._before = at

    def faults(self) -> Iterator[Fault]:
        """What no process can have written."""
        for code, count, what in (
            ("times.backwards", self._back, "times go back {} times from a line to the next"),
            ("times.repeated", self._same, "{} answers came at the very same time as the one before"),
            (
                "times.impossible",
                self._early,
                "{} calls began before the process that asked",
            ),
        ):
            if count >= STEPS:
                yield Fault(code=code, where=self._where, what=what.format(count))


def overlaps(calls: Iterable[Call]) -> int:
    """How many calls of an episode were asked before the one before them in the same chat was answered."""
    last: dict[tuple[str, str], float] = {}
    found = 0
    for call in sorted(calls, key=lambda call: (call.role, call.chat, call.nth, call.attempt)):
        key = call.role, call.chat
        found += call.at - call.seconds < last.get(key, -math.inf) - ALLOWED
        last[key] = call.at
    return found


def too_fast(call: Call) -> bool:
    """Whether no engine can have written an answer in its time."""
    tokens = call.answer.output_tokens or 0
    return tokens > 0 and tokens > FASTEST * call.seconds
