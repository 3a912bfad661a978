"""Where calls should go when there are several replicas: the router of
simrun.agents.backends.routing in a simulated fleet, and then over HTTP.

    python benchmarks/routing.py [--json] [--small]

`rows`: nothing real is served: four replicas are simulated step by step, as an engine with continuous batching and a
prefix cache works. A step decodes one token of every running sequence and reads a chunk of the prompts that
wait to be read; blocks of 16 tokens that nobody uses stay cached until others need their room, the one longest
unused first, the end of a chat before its beginning. Episodes are like the clinic's: two roles whose chats only
grow, three questions aside at once at the end, few long consultations and many short ones, the arms of a pair
side by side, sharing each prompt up to the difference. A fixed number of episodes is in flight. Every policy
sees the same episodes; figures are means over seeds. `http`: a run on real servers that count (routed.py).
"""

import heapq
import random
import statistics
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, product
from typing import Any, Protocol
from zlib import crc32

import routed
from timed import least, main, most

from simrun.agents.backends.routing import Router

REPLICAS, RUNNING, BLOCK = 4, 64, 16
CHUNK = 512
"""Prompt tokens that one step reads at most."""
BASE, EACH, READ = 0.012, 0.00006, 0.000125
"""Seconds of a step: in itself, for each running sequence, for each prompt token read (8,000 a second)."""
SETTINGS = {
    "light": (64, 240_000, 1.0),
    "full": (256, 240_000, 1.0),
    "queued": (512, 240_000, 1.0),
    "little memory": (256, 45_000, 1.0),
    "one slow": (256, 240_000, 2.0),
}
"""Episodes in flight, tokens that a replica's cache holds, and how much longer the first replica's steps take."""

Part = tuple[str, int]
"""A piece of a prompt: what it is, and its tokens."""


class Policy(Protocol):
    """What a router does."""

    def place(self, session: str, pair: str = "") -> int: ...
    def done(self, replica: int) -> None: ...
    def release(self, session: str) -> None: ...


class RoundRobin:
    """The next replica, whoever asks."""

    def __init__(self) -> None:
        self.turn = count()

    def place(self, session: str, pair: str = "") -> int:
        return next(self.turn) % REPLICAS

    def done(self, replica: int) -> None: ...
    def release(self, session: str) -> None: ...


class Hashed(RoundRobin):
    """A session's replica is decided by its name."""

    def place(self, session: str, pair: str = "") -> int:
        return crc32(session.encode()) % REPLICAS


class Header(RoundRobin):
    """As a session router does by the header that backend.session_header names: the arms of a pair have one key."""

    def place(self, session: str, pair: str = "") -> int:
        return crc32(pair.encode()) % REPLICAS


class LeastLoaded(RoundRobin):
    """The replica with the fewest calls in flight, whoever asks."""

    def __init__(self) -> None:
        self.load = [0] * REPLICAS

    def place(self, session: str, pair: str = "") -> int:
        chosen = self.load.index(min(self.load))
        self.load[chosen] += 1
        return chosen

    def done(self, replica: int) -> None:
        self.load[replica] -= 1


POLICIES: dict[str, Callable[[], Policy]] = {
    "ours": lambda: Router(REPLICAS),
    "round_robin": RoundRobin,
    "hash": Hashed,
    "header": Header,
    "least_loaded": LeastLoaded,
}
BOUNDS: dict[str, Callable[[], Policy]] = {
    "ours, spilling at once": lambda: Router(REPLICAS, 0, 0),
    "ours, spill 4": lambda: Router(REPLICAS, 4, 0),
    "ours, spill 8": lambda: Router(REPLICAS, 8, 0),
    "ours, spill 16, share .25": lambda: Router(REPLICAS, 16, 0.25),
    "ours, never spilling": lambda: Router(REPLICAS, 10**9),
}
"""The same router with other bounds: what its own were chosen from."""


@dataclass(eq=False)
class Request:
    """One call."""

    session: str
    prompt: tuple[Part, ...]
    said: Part
    """What will be answered."""
    left: int = 0
    """Tokens still to be read, then to be written."""
    blocks: tuple[int, ...] = ()


@dataclass(frozen=True)
class Episode:
    """A consultation, as far as an engine can tell."""

    case: int
    repeat: int
    arm: int
    turns: tuple[tuple[int, int], ...]
    """Tokens that the doctor says, and the patient."""

    @property
    def pair(self) -> str:
        return f"{self.case}/{self.repeat}"

    @property
    def session(self) -> str:
        return f"{self.pair}/{self.arm}"

    def play(self) -> Iterator[list[Request]]:
        """Calls that are made together, one group after another."""
        doctor = [("doctor", 160), (f"doctor {self.case}", 90), (f"doctor {self.case} {self.arm}", 40)]
        patient = [("patient", 70), (f"patient {self.case}", 330), (f"patient {self.case} {self.arm}", 60)]
        heard = ("nothing", 4)
        for turn, (asked, answered) in enumerate(self.turns):
            question, answer = (f"{self.session} asks {turn}", asked), (f"{self.session} answers {turn}", answered)
            # the countdown is said for this turn only: the question behind it is read again, as part of the next prompt
            yield [Request(self.session, (*doctor, heard, (f"countdown {turn}", 14)), question)]
            doctor += [heard, question]
            yield [Request(self.session, (*patient, question), answer)]
            patient += [question, answer]
            heard = answer
        yield [
            Request(self.session, (*patient, (f"aside {aside}", 30)), (f"{self.session} rates {aside}", 8))
            for aside in range(3)
        ]


def episodes(number: int, seed: int) -> Iterator[Episode]:
    """Cases by two repeats by two arms; a consultation has 3 turns most often, 5 on average, 20 at most."""
    rng = random.Random(seed)
    for index in range(number):
        turns = min(20, 1 + int(rng.lognormvariate(1.1, 0.8)))
        said = [(rng.randint(12, 45), min(160, int(rng.lognormvariate(3.6, 0.5)))) for _ in range(turns)]
        yield Episode(index // 4, index // 2 % 2, index % 2, tuple(said))


class Cache:
    """Blocks by the prefix that they end; those in use cannot be put out."""

    def __init__(self, tokens: int):
        self.room = tokens // BLOCK
        self.used: Counter[int] = Counter()
        self.idle: OrderedDict[int, None] = OrderedDict()

    def take(self, blocks: tuple[int, ...]) -> int | None:
        """Hold a prompt's blocks; how many were there already, None when there is no room."""
        known = next(
            (place for place, block in enumerate(blocks) if block not in self.used and block not in self.idle),
            len(blocks),
        )
        free = self.room - len(self.used) - sum(block in self.idle for block in blocks[:known])
        if free < len(blocks) - known:
            return None
        for block in blocks:
            self.idle.pop(block, None)
            self.used[block] += 1
        while len(self.used) + len(self.idle) > self.room:
            self.idle.popitem(last=False)
        return known

    def give(self, blocks: tuple[int, ...]) -> None:
        """Let go: the end of a chat is the first to be put out."""
        for block in reversed(blocks):
            self.used[block] -= 1
            if not self.used[block]:
                del self.used[block]
                self.idle[block] = None


class Replica:
    """One engine: a queue, what is being read, what is being written."""

    def __init__(self, tokens: int, slow: float = 1.0):
        self.cache, self.slow = Cache(tokens), slow
        self.waiting: deque[Request] = deque()
        self.reading: deque[Request] = deque()
        self.writing: list[Request] = []
        self.asked = self.cached = 0

    def admit(self) -> None:
        while self.waiting and len(self.reading) + len(self.writing) < RUNNING:
            request = self.waiting[0]
            request.blocks = request.blocks or chained((*request.prompt, request.said))
            known = self.cache.take(request.blocks)
            if known is None:
                return
            self.waiting.popleft()
            tokens = sum(size for _, size in request.prompt)
            cached = min(known * BLOCK, tokens - 1)
            self.asked, self.cached = self.asked + tokens, self.cached + cached
            request.left = tokens - cached
            self.reading.append(request)

    def step(self) -> tuple[float, list[Request]]:
        """Seconds that one step takes, and who is answered after it."""
        self.admit()
        room, read = CHUNK, 0
        for request in self.writing:
            request.left -= 1
        ready = [request for request in self.writing if request.left <= 0]
        self.writing = [request for request in self.writing if request.left > 0]
        seconds = BASE + EACH * (len(self.writing) + len(ready))
        while self.reading and room:
            request = self.reading[0]
            bite = min(room, request.left)
            request.left, room, read = request.left - bite, room - bite, read + bite
            if not request.left:
                self.reading.popleft()
                request.left = request.said[1]
                self.writing.append(request)
        for request in ready:
            self.cache.give(request.blocks)
        return self.slow * (seconds + READ * read), ready

    @property
    def busy(self) -> bool:
        return bool(self.waiting or self.reading or self.writing)


def chained(parts: tuple[Part, ...]) -> tuple[int, ...]:
    """The full blocks of a text, each named by all that stands before its end."""
    names, before, start = [], 0, 0
    for what, size in parts:
        first = (start // BLOCK + 1) * BLOCK
        names += [hash((before, what, end)) for end in range(first, start + size + 1, BLOCK)]
        before, start = hash((before, what)), start + size
    return tuple(names)


def fleet(policy: Policy, owed: Iterator[Episode], in_flight: int, tokens: int, slow: float = 1.0) -> dict[str, float]:
    """Play all episodes: seconds until the last answer, and the share of prompt tokens that a cache held."""
    replicas = [Replica(tokens, 1.0 if index else slow) for index in range(REPLICAS)]
    steps: list[tuple[float, int, list[Request]]] = []
    stepping: set[int] = set()
    plays: dict[str, tuple[str, Iterator[list[Request]]]] = {}
    open_calls: Counter[str] = Counter()
    clock = 0.0

    def ask(session: str) -> None:
        pair, play = plays[session]
        calls = next(play, None)
        if calls is None:
            del plays[session]
            policy.release(session)
            begin()
            return
        open_calls[session] = len(calls)
        for call in calls:
            chosen = policy.place(session, pair)
            replicas[chosen].waiting.append(call)
            if chosen not in stepping:
                stepping.add(chosen)
                heapq.heappush(steps, (clock, chosen, []))

    def begin() -> None:
        if (episode := next(owed, None)) is not None:
            plays[episode.session] = (episode.pair, episode.play())
            ask(episode.session)

    for _ in range(in_flight):
        begin()
    while steps:
        clock, index, answered = heapq.heappop(steps)
        for call in answered:
            policy.done(index)
            open_calls[call.session] -= 1
            if not open_calls[call.session]:
                ask(call.session)
        if replicas[index].busy:
            seconds, ready = replicas[index].step()
            heapq.heappush(steps, (clock + seconds, index, ready))
        else:
            stepping.discard(index)
    return {"makespan": clock, "hit": sum(each.cached for each in replicas) / sum(each.asked for each in replicas)}


def compared(
    policies: dict[str, Callable[[], Policy]], small: bool, tell: Callable[[str], None]
) -> list[dict[str, Any]]:
    """A row for each setting and policy: means over seeds."""
    rows = []
    for (name, (in_flight, tokens, slow)), (policy, made) in product(SETTINGS.items(), policies.items()):
        found = [
            fleet(made(), episodes((2 if small else 3) * in_flight, seed), in_flight, tokens, slow)
            for seed in range(1 if small else 4)
        ]
        means = {what: round(statistics.fmean(each[what] for each in found), 4) for what in ("makespan", "hit")}
        rows.append({"setting": name, "in_flight": in_flight, "cache_tokens": tokens, "policy": policy, **means})
        tell(str(rows[-1]))
    return rows


def measure(small: bool, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole benchmark."""
    rows = compared(POLICIES | ({} if small else BOUNDS), small, tell)
    found = {(row["setting"], row["policy"]): row for row in rows}
    goals = {}
    for setting, other in product(SETTINGS, [name for name in POLICIES if name != "ours"]):
        ratio = found[setting, "ours"]["makespan"] / found[setting, other]["makespan"]
        goals[f"{setting}: makespan, of {other}'s"] = most(ratio, 1.0)
    for setting in SETTINGS:
        goals[f"{setting}: hit share, less hash's"] = least(
            found[setting, "ours"]["hit"] - found[setting, "hash"]["hit"], -0.02
        )
    for setting in () if small else SETTINGS:
        best = min(found[setting, name]["makespan"] for name in BOUNDS)
        goals[f"{setting}: makespan, of the best other bound's"] = most(found[setting, "ours"]["makespan"] / best, 1.02)
    over_http, met = routed.measure(small, tell)
    return {"rows": rows, **over_http}, goals | {f"http, {name}": goal for name, goal in met.items()}


if __name__ == "__main__":
    main(__doc__, measure)
