"""The one loop over a stage; who answers is the only difference between those who drive it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from simrun.agents.records import Chat
from simrun.agents.reply import Reply
from simrun.scenarios.base import Turn
from simrun.stage.stage import Stage

T = TypeVar("T")
Asked = Coroutine[Any, Any, Reply | None]
Ask = Callable[[Turn, Chat], Asked]
"""Answers a turn; None where nobody will."""
Replies = Sequence[Reply | BaseException | None]


async def gathered(asked: Sequence[Asked]) -> Replies:
    """All at the same time, and all of them awaited even when one fails: what
    is answered can be kept by whoever asked."""
    return await asyncio.gather(*asked, return_exceptions=True)


async def one_by_one(asked: Sequence[Asked]) -> Replies:
    """One after the other, for answers that are there already."""
    return [await each for each in asked]


async def drive(
    stage: Stage, ask: Ask, together: Callable[[Sequence[Asked]], Coroutine[Any, Any, Replies]] = gathered
) -> bool:
    """Let everybody who is due speak until the play is over; whether it is.

    Those who are due together are asked together. It ends early, with False, where turns are left for which
    `ask` gave None; the others of them are said.
    """
    while not stage.over:
        turns = stage.pending()
        if len(turns) == 1:  # the usual case, and the quickest
            if (only := await _said(stage, ask, turns[0])) is None:
                return False
            stage.say(turns[0], only)
            continue
        replies = await together([_said(stage, ask, turn) for turn in turns])
        for failed in replies:
            if isinstance(failed, BaseException):
                raise failed
        for turn, reply in zip(turns, replies, strict=True):
            if isinstance(reply, Reply):
                stage.say(turn, reply)
        if any(reply is None for reply in replies):
            return False
    return True


async def _said(stage: Stage, ask: Ask, turn: Turn) -> Reply | None:
    """What somebody says, asked again as often as the stage wants where it could not be read."""
    chat = stage.chat(turn)
    reply = await ask(turn, chat)
    attempt = 0
    while reply is not None and reply.problem and (again := stage.again(turn, chat, reply, attempt := attempt + 1)):
        reply = await ask(turn, again)
    return reply


def driven(stage: Stage, answer: Callable[[Turn, Chat], Reply | None]) -> bool:
    """`drive` where answers are there already, such as those of a log: no event loop is needed."""

    async def ask(turn: Turn, chat: Chat) -> Reply | None:
        return answer(turn, chat)

    return at_once(drive(stage, ask, one_by_one))


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits. RuntimeError where it does."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        value: T = end.value
        return value
    coroutine.close()
    raise RuntimeError("what must answer at once has waited")


def anywhere(coroutine: Coroutine[Any, Any, T], run: Callable[[Coroutine[Any, Any, T]], T] = asyncio.run) -> T:
    """Run a coroutine to its end, from a script or from within a notebook's loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run(coroutine)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run, coroutine).result()
