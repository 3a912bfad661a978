"""What a model's chat template takes, and chats put into a shape that it takes."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from simrun.agents.records import Message, Record

Render = Callable[[Sequence[Mapping[str, Any]]], str]
"""Messages -> the prompt as text; raises where the template refuses them."""

_RULES, _FIRST, _SECOND = "rules-7319", "first-7319", "second-7319"
_REFUSING = r"(?:\bnot\b|n't\b|\bun\w+|\binvalid|\bcannot\b|\bonly\b|\bmust\b)"
NO_SYSTEM = re.compile(
    rf"\bsystem\b['\"`_ ]{{0,3}}(?:role|message|prompt|instruction|turn)s?\b[^\n]{{0,60}}{_REFUSING}"
    rf"|{_REFUSING}[^\n]{{0,60}}\bsystem\b['\"`_ ]{{0,3}}(?:role|message|prompt|instruction|turn)"
    rf"|\broles?\b[^\n]{{0,60}}{_REFUSING}[^\n]{{0,40}}['\"` ]system\b"
    r"|developer instruction is not enabled"
    r"|only (?:the )?(?:roles )?['\"`]?user\b[^\n]{0,40}\bassistant\b[^\n]{0,40}(?:roles?|supported|allowed)",
    re.IGNORECASE,
)
"""How servers say that a template has no system role."""
BY_TURNS = re.compile(
    r"\b(?:roles?|messages?|user|assistant)\b[^\n]{0,120}\balternat(?:e|es|ing|ion)\b"
    r"|\balternat(?:e|es|ing|ion)\b[^\n]{0,80}\b(?:roles?|user)\b"
    r"|\b(?:roles?|messages?)\b[^\n]{0,80}\b(?:in a row|consecutive\w*|in succession)\b"
    r"|\bconsecutive\b[^\n]{0,60}\b(?:roles?|messages?|user|assistant)\b"
    r"|\brole ['\"`]?(\w+)['\"`]? after role ['\"`]?\1\b",
    re.IGNORECASE,
)
"""How they say that user and assistant must speak by turns."""


class Manners(Record):
    """How a template wants to be spoken to, found out by asking it."""

    system: bool = True
    """It shows a system message; some refuse one, some drop it without a word."""
    runs: bool = True
    """It shows two messages of one role in a row."""

    @classmethod
    def of(cls, render: Render) -> "Manners":
        """Ask a template. What it raises at a single user message it would raise at everything."""
        render([_wire("user", _FIRST)])
        return cls(
            system=_shows(render, [_wire("system", _RULES), _wire("user", _FIRST)]),
            runs=_shows(render, [_wire("user", _FIRST), _wire("user", _SECOND)]),
        )

    @classmethod
    def folding(cls) -> Self:
        """What every template takes."""
        return cls(system=False, runs=False)

    def taught(self, refusal: str) -> Self | None:
        """What is known of a template after it refused a chat in these words; None where they say nothing new.

        Some that ask for turns count the system message among them: it goes when joining did not help.
        """
        if self.system and NO_SYSTEM.search(refusal) and not (self.runs and "optional system" in refusal.lower()):
            return self.model_copy(update={"system": False})
        if BY_TURNS.search(refusal) and (self.runs or self.system):
            return self.model_copy(update={"runs": False} if self.runs else {"system": False})
        return None

    def fit(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The same words in messages that the template takes: rules at the head of what the user
        says first, runs joined by a blank line."""
        if self.system and self.runs:
            return tuple(messages)
        roles = [
            (message if self.system or message.role != "system" else message.model_copy(update={"role": "user"}))
            for message in messages
        ]
        fitted: list[Message] = []
        for number, message in enumerate(roles):
            folded = not self.system and number > 0 and messages[number - 1].role == "system"
            if fitted and fitted[-1].role == message.role and (folded or not self.runs):
                last = fitted[-1]
                both = {"content": f"{last.content}\n\n{message.content}", "images": (*last.images, *message.images)}
                fitted[-1] = last.model_copy(update=both)
            else:
                fitted.append(message)
        return tuple(fitted)


def _wire(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _shows(render: Render, messages: Sequence[Mapping[str, str]]) -> bool:
    try:
        text = render(messages)
    except Exception:  # templates raise jinja2's errors, and whatever their code runs into
        return False
    return all(message["content"] in text for message in messages)
