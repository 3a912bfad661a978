"""A person at the terminal."""

import asyncio
import sys
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.records import Answer, Chat


class Human(Backend):
    """A person plays this role: reads what it hears on the terminal and types what it says."""

    name: ClassVar[str] = "human"

    concurrency: int = Field(1, ge=1, le=1)
    """One person plays one episode at a time."""

    _seen: dict[str, int] = PrivateAttr(default_factory=dict)

    async def open(self) -> None:
        """Refuse to start where nobody can type."""
        if sys.stdin is None or sys.stdin.closed:
            raise BackendError("request", "backend=human needs a terminal to type in")

    async def reply(self, chat: Chat) -> Answer:
        """Show what is new to this role, and read a line."""
        self._show(chat)
        try:
            print(f"{chat.role}> ", end="", file=sys.stderr, flush=True)  # stdout is for results
            typed = await asyncio.to_thread(input)
        except EOFError:
            raise BackendError("connection", f"the person who played {chat.role!r} left") from None
        return Answer(text=typed.strip())

    def _show(self, chat: Chat) -> None:
        key = f"{chat.session}/{chat.role}"
        for message in chat.messages[self._seen.get(key, 0) :]:
            if message.role != "assistant":
                print(f"\n[{'you are told' if message.role == 'system' else 'you hear'}]\n{message.content}", file=sys.stderr)
        # the last message may still grow by what is heard meanwhile, so it is shown again next time only if it was cut short
        self._seen[key] = len(chat.messages)
        if chat.form:
            print(f"[answer with] {_shape(dict(chat.form))}", file=sys.stderr)

    def release(self, session: str) -> None:
        """Forget what was shown of a trial that is over."""
        self._seen = {key: seen for key, seen in self._seen.items() if key.rpartition("/")[0] != session}


def _shape(form: dict[str, Any]) -> str:
    """A JSON schema as a person would like to read it."""
    if "anyOf" in form:
        return "  or  ".join(_shape(option) for option in form["anyOf"])
    match form.get("type"):
        case "object":
            return "{" + ", ".join(f'"{key}": {_shape(part)}' for key, part in form.get("properties", {}).items()) + "}"
        case "array":
            return f"[{_shape(form['items'])}, ...]"
        case "integer" if "minimum" in form:
            return f"{form['minimum']}-{form['maximum']}"
        case kind:
            return f'"{form["const"]}"' if "const" in form else str(kind)
