"""What was told and said in an episode as one conversation: each chat's prompt where it first speaks, then in order
what each was asked and what it answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from simrun.agents.records import Message
from simrun.play.transcripts import Asked, Transcript


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message."""

    role: Literal["system", "user", "assistant"]
    speaker: str
    """Whose chat it stands in."""
    content: str
    asked: Asked | None = None
    """Of an answer: the call. None for what was told."""
    images: tuple[str, ...] = ()
    """Digests of what was shown with it: where the files lie is told to nobody."""


def spoken(transcript: Transcript) -> Iterator[Spoken]:
    """All messages of an episode, each once, judges' included.

    A chat grows by what its speaker heard and said, so that of each call only what is new is told.
    """
    private = {(each.role, each.chat, each.nth) for each in transcript.stage.transcript if each.kind == "private"}
    known: dict[str, int] = {}
    for asked in transcript.asked:
        chat = asked.chat
        if chat.priority:
            yield from (_told(chat.speaker, each) for each in chat.messages)
        elif chat.attempt:
            yield _told(chat.speaker, chat.messages[-1])
        else:
            yield from (_told(chat.speaker, each) for each in chat.messages[known.get(chat.speaker, 0) :])
            # what is asked aside is not kept; else the chat goes on after what was heard and what is now said
            aside = (chat.role, chat.chat, chat.nth) in private
            known[chat.speaker] = len(chat.messages) + (-1 if aside else 1)
        yield Spoken("assistant", chat.speaker, asked.call.answer.text, asked)


def _told(speaker: str, message: Message) -> Spoken:
    return Spoken(message.role, speaker, message.content, None, tuple(each.digest for each in message.images))


def about(asked: Asked) -> dict[str, Any]:
    """What is known of an answer beside its text: only what there is."""
    answer, reply = asked.call.answer, asked.reply
    told = {
        "nth": asked.chat.nth,
        "attempt": asked.chat.attempt,
        "seed": asked.call.seed,
        "prompt_digest": asked.call.digest,
        "problem": reply.problem or "",
        "why": reply.why,
        "decision": reply.decision.model_dump(mode="json") if reply.decision else {},
        "option_probabilities": dict(reply.options or {}),
        "option_mass": answer.mass,
        "unweighed": answer.unweighed or "",
    }
    return {key: value for key, value in told.items() if key == "nth" or value not in ("", 0, None, {})}
