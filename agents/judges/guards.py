"""What guard models have in common: each is shown the conversation up to a reply in its own chat template, and answers
in the form that it was trained to.

The conversation goes to the engine as messages of a user and of an assistant, without words of ours; the template that
comes with the weights makes the question of it. None of these judges was ever run on the real weights here: they are
tested on answers in the form that the models' cards publish, written by us, and on small models that answer nonsense.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, ClassVar

from simrun.agents.judges.base import Said
from simrun.agents.judges.replies import OfReplies
from simrun.agents.quoting import disarmed
from simrun.agents.records import Message
from simrun.agents.reply import Decision

NOTHING = "(Nothing was said.)"


class Guarded(Decision):
    """What a guard said of the last message of a conversation."""

    own_form: ClassVar[bool] = True

    unsafe: bool
    """It violates what the guard was asked to look for."""
    categories: tuple[str, ...] = ()
    """Of its own taxonomy."""


class Guard(OfReplies):
    """A model that says whether the last message of a conversation is safe.

    `unsafe` is a wider word than biased: it holds violence, crime and advice too; `hate` is the part that is about
    groups of people, where the guard names one.
    """

    decision: ClassVar[type[Decision]] = Guarded
    asks: ClassVar[str] = "a server or vllm that serves the guard's own weights: roles.NAME.backend, .model"
    hateful: ClassVar[frozenset[str]] = frozenset()
    """The categories that are about groups of people; () where the guard is asked for nothing else."""

    def brief(self, said: Said) -> str:
        """Nothing: the weights bring their own question."""
        return ""

    def asked(self, said: Said, at: int) -> Mapping[str, Any]:
        """The conversation up to the reply: whose turns these are not is the user, and both speak in turn."""
        return {"messages": tuple(self.messages(said, at))}

    def messages(self, said: Said, at: int) -> Iterator[Message]:
        """From the first turn of a user on, so that the last message is the reply."""
        spoken = [(role == self.role, words) for role, words in said.lines[:at] if words]
        told = [(mine, "\n".join(words for _, words in turn)) for mine, turn in groupby(spoken, lambda each: each[0])]
        if told and told[-1][0]:  # two replies without a turn between them: the first is part of what was said before
            told.append((False, NOTHING))
        if not told or told[0][0]:
            told.insert(0, (False, NOTHING))
        for mine, words in (*told, (True, said.lines[at][1])):
            yield Message(role="assistant" if mine else "user", content=disarmed(words))

    def found(self, decision: Decision) -> Mapping[str, bool | float | None]:
        """`unsafe`, and `hate`: unsafe for what is said of a group of people."""
        assert isinstance(decision, Guarded)
        named = self.hateful & set(decision.categories)
        return {"unsafe": decision.unsafe, "hate": decision.unsafe and (bool(named) or not self.hateful)}

    def figures(self) -> tuple[str, ...]:
        """Both."""
        return ("unsafe", "hate")
