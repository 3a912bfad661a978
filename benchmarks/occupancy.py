"""How much of an engine is in use while episodes are played: the runner, against a barrier
for each turn and one episode at a time.

    python benchmarks/occupancy.py [--json] [--small]

The engine is simulated in this process, in real time: it decodes at most 256 sequences, others queue; a reply
takes a time to its first token and a time for each further one, and its length is drawn (log-normal) by the
digest of its chat, so that every way of playing meets the same replies. Consultations of the clinic, of
different lengths, through the public way from config to log; the barrier and the sequential driver play the
same trials on the same Stage, without a log.

Share in use: sequences being decoded, averaged over time, of those that could be: the episodes in flight,
256 at most. It is taken from the moment when all that can be in flight have begun until the last episode
has begun (`share`); what comes after is the tail (`tail_share`), in which nothing is left to fill free
places with. `share_of_engine` counts all 256.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from timed import CONCLUSION, PAIRS, least, main, played

from simrun.agents.backends.scripted import Scripted
from simrun.agents.records import Answer, Chat
from simrun.agents.reply import Reply
from simrun.config.composition import compose
from simrun.config.menus import catalogue
from simrun.plan.design import Plan, planned
from simrun.stage.stage import Stage
from simrun.stage.trial import Trial

SLOTS = 256
FIRST, TOKEN, TOKENS = 0.03, 0.009, 30
"""Seconds to the first token and for each further one; tokens of the median reply."""
RULES = [
    {"role": "doctor", "when": "your last move", "say": CONCLUSION},
    {
        "role": "doctor",
        "say": CONCLUSION,
        "chance": 0.25,
        "otherwise": {"move": "ask", "question": "Since when have you had this?"},
    },
    {"role": "patient", "when": "Answer with a number", "say": {"score": 7}},
    {"role": "patient", "say": "It began about three days ago."},
]
"""The doctor concludes with a chance of one in four at each move: consultations of 1 to 20 moves, 4 on average."""


class Engine:
    """Slots, a queue, and a record of how many slots were in use."""

    def __init__(self, pace: float, in_flight: int):
        self.pace, self.most = pace, min(in_flight, SLOTS)
        self._free = asyncio.Semaphore(SLOTS)
        self._running = 0
        self._seen: set[str] = set()
        self._changes: list[tuple[float, int]] = []
        self._begun: list[float] = []

    async def reply(self, backend: Scripted, chat: Chat) -> Answer:
        """What the rules say, after as long as an engine would take."""
        if chat.session not in self._seen:
            self._seen.add(chat.session)
            self._begun.append(time.perf_counter())
        tokens = TOKENS * random.Random(chat.digest).lognormvariate(0, 0.6)
        async with self._free:
            self._change(1)
            await asyncio.sleep(self.pace * (FIRST + TOKEN * tokens))
            self._change(-1)
        return await ANSWERED(backend, chat)

    def _change(self, by: int) -> None:
        self._running += by
        self._changes.append((time.perf_counter(), self._running))

    def share(self, start: float, end: float) -> float:
        """Slots in use, of those that could be, averaged over a time."""
        area, at, running = 0.0, start, 0
        for when, now in self._changes:
            if when > start:
                area += (min(when, end) - at) * min(running, self.most)
                at = min(when, end)
            running = now
            if when > end:
                break
        return area / (end - start) / self.most

    def told(self, in_flight: int) -> dict[str, Any]:
        """The figures of one way of playing."""
        full, last, end = self._begun[min(in_flight, len(self._begun)) - 1], self._begun[-1], self._changes[-1][0]
        return {
            "share": round(self.share(full, last), 4),
            "share_of_engine": round(self.share(full, last) * self.most / SLOTS, 4),
            "tail_share": round(self.share(last, end), 4),
            "seconds": round(end - self._begun[0], 2),
            "tail_seconds": round(end - last, 2),
            "replies_per_second": round(len(self._changes) / 2 / (end - self._begun[0]), 1),
        }


ANSWERED = Scripted.reply


class Ask:
    """A stage and who answers it, for the drivers below."""

    def __init__(self, plan: Plan, trial: Trial):
        self.stage = plan.stage(trial)
        self.backends = plan.castings[trial.arm].backends

    async def beat(self) -> None:
        """Everybody who is due speaks."""
        stage: Stage = self.stage
        turns = stage.pending()
        chats = [stage.chat(turn) for turn in turns]
        answers = await asyncio.gather(*(self.backends[chat.role].reply(chat) for chat in chats))
        for turn, chat, answer in zip(turns, chats, answers, strict=True):
            stage.say(turn, Reply.of(answer, turn.kinds(), chat.told))


async def sequential(plan: Plan, in_flight: int) -> None:
    """One episode after the other."""
    for trial in plan.trials():
        asked = Ask(plan, trial)
        while not asked.stage.over:
            await asked.beat()


async def barrier(plan: Plan, in_flight: int) -> None:
    """All episodes in flight speak, all are waited for, free places are filled,
    and so on: the kind way to have a barrier."""
    owed = plan.trials()
    live: list[Ask] = []
    while live := [*live, *taken(plan, owed, in_flight - len(live))]:
        await asyncio.gather(*(asked.beat() for asked in live))
        live = [asked for asked in live if not asked.stage.over]


def taken(plan: Plan, owed: Iterator[Trial], number: int) -> list[Ask]:
    """The next trials."""
    return [Ask(plan, trial) for _, trial in zip(range(number), owed, strict=False)]


def measured(driver: str, in_flight: int, episodes: int, pace: float) -> dict[str, Any]:
    """One way of playing so many episodes."""
    engine = Engine(pace, in_flight)
    options: dict[str, Any] = {"backend": {"rules": RULES}}
    asked = (*PAIRS, "backend=scripted", f"repeats={-(-episodes // 8)}", f"concurrency={in_flight}")
    drivers: dict[str, Callable[[Plan, int], Awaitable[None]]] = {"sequential": sequential, "barrier": barrier}

    async def reply(self: Scripted, chat: Chat) -> Answer:
        return await engine.reply(self, chat)

    Scripted.reply = reply  # type: ignore[method-assign]
    try:
        if driver == "simrun":
            with TemporaryDirectory() as out:
                played(Path(out), *asked, **options)
        else:
            config, folders = compose(asked, options)
            asyncio.run(_driven(partial(drivers[driver], planned(config, catalogue(folders)), in_flight)))
    finally:
        Scripted.reply = ANSWERED  # type: ignore[method-assign]
    return {"driver": driver, "in_flight": in_flight, "episodes": len(engine._begun)} | engine.told(in_flight)


async def _driven(drive: Callable[[], Awaitable[None]]) -> None:
    await drive()


def measure(small: bool, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole benchmark."""
    rows = []
    sizes = {1: 2, 32: 96, 128: 384} if small else {1: 6, 64: 512, 256: 2048, 1024: 4096}
    for in_flight, episodes in sizes.items():
        for driver in ("simrun", "barrier") if in_flight > 1 else ("simrun", "sequential"):
            rows.append(measured(driver, in_flight, episodes, 0.3 if small else 1.0))
            tell(str(rows[-1]))
    found = {(row["driver"], row["in_flight"]): row for row in rows}
    goals = {f"{size} in flight: share of slots in use": least(found["simrun", size]["share"], 0.98) for size in sizes}
    for size in sizes:
        if size > 1:
            ratio = found["simrun", size]["replies_per_second"] / found["barrier", size]["replies_per_second"]
            goals[f"{size} in flight: replies/s, of a barrier's"] = least(ratio, 1.0)
    return {"slots": SLOTS, "rows": rows}, goals


if __name__ == "__main__":
    main(__doc__, measure)
