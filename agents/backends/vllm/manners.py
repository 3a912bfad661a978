"""What a model's chat template takes, and chats put into a shape that it takes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simrun.agents.records import Message, Record

Render = Callable[[Sequence[Mapping[str, Any]]], str]
"""Messages -> the prompt as text; raises where the template refuses them."""

_RULES, _FIRST, _SECOND = "rules-7319", "first-7319", "second-7319"


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

    def fit(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The same words in messages that the template takes: rules at the head of what the user
        says first, runs joined by a blank line."""
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
