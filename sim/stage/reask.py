"""A decision that could not be read is asked for again, aside: neither what could not be read nor the request stays in
the chat."""

import hashlib
from collections.abc import Mapping
from typing import Any

from simrun.agents.records import Chat, Message
from simrun.agents.reply import Problem, Reply

UNREAD: frozenset[Problem] = frozenset(("unreadable", "truncated"))
"""What is asked again; a refusal is an answer."""
REQUEST = (
    "(Your last message could not be read: {why}. Answer the same again, with nothing but one JSON object of {form}.)"
)
SHOWN = 2000
"""Characters of the unread reply that its speaker sees again."""


def asked_again(chat: Chat, reply: Reply, attempt: int, seed: int) -> Chat:
    """The chat that asks for the same decision once more, after a reply to `chat`, as it was asked first, or again."""
    *before, last = chat.messages
    request = REQUEST.format(why=reply.why or "it was no decision", form=described(chat.form))
    said = reply.text.strip()[:SHOWN].strip()
    if said:  # a template wants words between two messages of the user
        added: tuple[Message, ...] = (Message(role="assistant", content=said), Message(role="user", content=request))
    else:
        last = last.model_copy(update={"content": f"{last.content}\n\n{request}"})
        added = ()
    told = "\x1f".join((chat.digest, said, request))
    return chat.model_copy(
        update={
            "messages": (*before, last, *added),
            "attempt": attempt,
            "seed": seed,
            "digest": hashlib.blake2b(told.encode(), digest_size=12).hexdigest(),
        }
    )


def described(form: Mapping[str, Any] | None) -> str:
    """A form in words: `this form: {"score": <0 to 10>, "invite": <true or false>}`."""
    kinds = (form or {}).get("anyOf", (form or {},))
    return "this form: " + " or ".join(_shape(kind) for kind in kinds)


def _shape(form: Mapping[str, Any]) -> str:
    if "const" in form:
        return f'"{form["const"]}"'
    if "enum" in form:
        return "<" + " or ".join(f'"{option}"' for option in form["enum"]) + ">"
    if "anyOf" in form:
        return " or ".join(_shape(each) for each in form["anyOf"])
    match form.get("type"):
        case "object":
            return (
                "{" + ", ".join(f'"{name}": {_shape(part)}' for name, part in form.get("properties", {}).items()) + "}"
            )
        case "array":
            return f"[{_shape(form.get('items', {}))}, ...]"
        case "boolean":
            return "<true or false>"
        case "integer" | "number" if "minimum" in form and "maximum" in form:
            return f"<{form['minimum']} to {form['maximum']}>"
        case "integer" | "number":
            return "<number>"
        case _:
            return "<text>"
