"""How much of a run's prompts the engines had read before, beside the most that its prompts allow."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator
from os.path import commonprefix
from pathlib import Path

from simrun.agents.records import Call, Chat, Message, Record
from simrun.agents.reply import Reply
from simrun.log.chain import LogError, read
from simrun.log.lines import CALL, call_of
from simrun.plan.design import Plan
from simrun.plan.trials import Trials
from simrun.scenarios.base import Turn
from simrun.stage.drive import driven
from simrun.stage.stage import Stage

MOST = 500
"""Episodes that are looked at, from the beginning of the log."""


Known = dict[tuple[str, str, int, int], Call]


class Reuse(Record):
    """Prompt tokens of one role, in its first turns or in all later ones."""

    role: str
    turns: str
    """`first`, or `later`: those before which the role has spoken in the same episode."""
    calls: int
    prompt_tokens: int
    cached: float | None
    """Share that came from a cache, 0 to 1; None where the engine does not tell."""
    possible: float
    """Share that stands at the beginning of an earlier call of this role, its answer included: no layout of this run's
    cache could have given more. Counted in characters."""


class Node:
    """What has been said up to a message: the messages that followed."""

    __slots__ = ("after", "sorted")

    def __init__(self) -> None:
        self.after: dict[str, Node] = {}
        self.sorted: list[str] = []

    def child(self, text: str) -> "Node":
        """The node of a message, made when it is new."""
        if text not in self.after:
            self.after[text] = Node()
            insort(self.sorted, text)
        return self.after[text]

    def shared(self, text: str) -> int:
        """Characters at the beginning of `text` that some message here begins with."""
        at = bisect_left(self.sorted, text)
        near = self.sorted[max(at - 1, 0) : at + 1]
        return max((len(commonprefix([text, other])) for other in near), default=0)  # noqa: RUF071 - characters are meant


class Prefixes:
    """All chats of one role so far."""

    def __init__(self) -> None:
        self._root = Node()

    def known(self, messages: tuple[Message, ...]) -> int:
        """Characters at the beginning of these messages that an earlier chat began with."""
        node, count = self._root, 0
        for message in messages:
            text = _text(message)
            if text not in node.after:
                return count + node.shared(text)
            node, count = node.after[text], count + len(text)
        return count

    def add(self, messages: tuple[Message, ...], answer: str) -> None:
        """A chat that was answered: prompt and answer are what a cache now knows."""
        node = self._root
        for message in (*messages, Message(role="assistant", content=answer)):
            node = node.child(_text(message))


def _text(message: Message) -> str:
    return f"{message.role}\n{message.content}\n"


def reuse(run: Path, plan: Plan, most: int = MOST) -> tuple[Reuse, ...]:
    """Per role: what was cached and what could have been, in the first `most` episodes of the log."""
    known: dict[str, Prefixes] = defaultdict(Prefixes)
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    for chat, call in chats(run, plan, most):
        length = sum(len(_text(message)) for message in chat.messages)
        begun = any(message.role == "assistant" for message in chat.messages)
        own = sums[chat.role, "later" if begun else "first"]
        told = (
            1,
            call.answer.prompt_tokens or 0,
            call.answer.cached_tokens or 0,
            known[chat.role].known(chat.messages),
            length,
        )
        sums[chat.role, "later" if begun else "first"] = [
            *(before + new for before, new in zip(own, told, strict=False)),
            own[5] + (call.answer.cached_tokens is not None),
        ]
        known[chat.role].add(chat.messages, call.answer.text.strip())
    return tuple(
        Reuse(
            role=role,
            turns=turns,
            calls=int(calls),
            prompt_tokens=int(prompt),
            possible=shared / length,
            cached=cached / prompt if telling and prompt else None,
        )
        for (role, turns), (calls, prompt, cached, shared, length, telling) in sums.items()
    )


def chats(run: Path, plan: Plan, most: int) -> Iterator[tuple[Chat, Call]]:
    """The calls of the first episodes with the chats that they answered, in the order in which they were logged."""
    trials = Trials(plan)
    stages: dict[str, Stage] = {}
    waiting: dict[str, Known] = defaultdict(dict)
    for line in read(run):
        if line.kind != CALL or (line.told("trial", str) not in stages and len(stages) >= most):
            continue
        call = call_of(line)
        if call.trial not in trials:
            raise LogError(f"{line.file}:{line.number}: trial {call.trial} is not in this run's plan")
        if call.trial not in stages:
            stages[call.trial] = plan.stage(trials[call.trial])
        known, found = waiting[call.trial], list[tuple[Chat, Call]]()
        known[call.role, call.chat, call.nth, call.attempt] = call

        def answer(
            turn: Turn, chat: Chat, known: Known = known, found: list[tuple[Chat, Call]] = found
        ) -> Reply | None:
            if (answered := known.pop((chat.role, chat.chat, chat.nth, chat.attempt), None)) is None:
                return None
            found.append((chat, answered))
            return Reply.of(answered.answer, turn.kinds(), chat.told)

        driven(stages[call.trial], answer)
        yield from found
