"""A person at the terminal."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from simrun.agents.backends.base import Backend, BackendError
from simrun.agents.printable import printable
from simrun.agents.records import Answer, Chat

LEAVE = ("quit", "exit")
"""Typed alone on a line, as good as Ctrl-D."""


class Human(Backend):
    """A person plays this role: reads what it hears on the terminal and types what it says.

    Plain text is said as it is. Where a decision is asked for, the name of a move and its first field will
    do (`test blood count`), a lone value where there is one field (`7`), or JSON. Ctrl-D or `quit` leaves;
    `simrun resume` goes on at the same place.
    """

    name: ClassVar[str] = "human"
    asked_again: ClassVar[bool] = False  # who types is asked again by the terminal itself

    concurrency: int = Field(1, ge=1, le=1)
    """One person plays one episode at a time."""

    _shown: dict[str, tuple[int, str]] = PrivateAttr(default_factory=dict)
    """Session and role -> how many messages were shown, and the last one."""

    async def open(self) -> None:
        """Refuse to start where nobody can type."""
        if sys.stdin is None or sys.stdin.closed:
            raise BackendError("request", "backend=human needs a terminal to type in")

    async def reply(self, chat: Chat) -> Answer:
        """Show what is new to this role, and read a line."""
        self._show(chat)
        typed, again = "", ""
        while not typed or (again != typed and _strays(chat.form, typed)):
            again = typed
            typed = await self._typed(chat, f"{chat.role}> ")
            if typed and again != typed and _strays(chat.form, typed):
                print(
                    f"[not understood; answer with] {shape(chat.form or {})}\n[or say the same "
                    "again, to have it said as it is]",
                    file=sys.stderr,
                )
        option, given = chosen(chat.form, typed)
        for field, part in _optional(option, given).items():
            given = given | value(
                field, part, await self._typed(chat, f"  {field} ({shape(part)}; Enter leaves it out)> ")
            )
        return Answer(text=json.dumps(given, ensure_ascii=False) if given else typed)

    async def _typed(self, chat: Chat, prompt: str) -> str:
        print(prompt, end="", file=sys.stderr, flush=True)  # stdout is for results
        try:
            typed = (await asyncio.to_thread(input)).strip()
        except EOFError:
            typed = LEAVE[0]
        if typed.lower() in LEAVE:
            raise BackendError("connection", f"the person who played {chat.role!r} left")
        return typed

    def _show(self, chat: Chat) -> None:
        key = f"{chat.session}/{chat.speaker}"
        seen, last = self._shown.get(key, (0, ""))
        if not seen:
            print(
                f"\n=== You are the {chat.role}. (Ctrl-D or quit leaves, and simrun resume goes on.)", file=sys.stderr
            )
        new = [message.content for message in chat.messages[seen:] if message.role != "assistant"]
        # asides are not remembered: the next question comes in the place of the last, after the same words
        if chat.messages[-1].content not in new:
            new.append(chat.messages[-1].content)
        print("\n" + printable("\n\n".join(_fresh(text, last) for text in new)), file=sys.stderr)
        self._shown[key] = len(chat.messages), chat.messages[-1].content
        if chat.form:
            several = "anyOf" not in chat.form and len(chat.form.get("properties", {})) > 1
            print(
                f"[answer with] {printable(shape(chat.form))}{', one after the other' if several else ''}",
                file=sys.stderr,
            )

    def release(self, session: str) -> None:
        """Forget what was shown of a trial that is over."""
        self._shown = {key: shown for key, shown in self._shown.items() if key.rpartition("/")[0] != session}


def _fresh(text: str, last: str) -> str:
    """A text without the lines that it begins with like the last one."""
    lines, old = text.splitlines(), last.splitlines()
    same = 0
    while same < min(len(lines), len(old)) and lines[same] == old[same]:
        same += 1
    return "\n".join(lines[same:]).strip() or text


def chosen(form: Mapping[str, Any] | None, typed: str) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The form that a typed line begins to fill, and what it fills of it; both empty for text that is said as it is."""
    if not form or typed.startswith("{"):
        return {}, {}
    options = form.get("anyOf", [form])
    word, _, rest = typed.partition(" ")
    for option in options:
        fields = dict(option.get("properties", {}))
        fixed = {field: part["const"] for field, part in fields.items() if "const" in part}
        free = {field: part for field, part in fields.items() if field not in fixed}
        if fixed and word.lower().strip(":") in map(str, fixed.values()) and bool(rest.strip()) == bool(free):
            return option, fixed | (value(*next(iter(free.items())), rest.strip()) if free else {})
        if not fixed and free and len(options) == 1:
            field, part = next(iter(free.items()))
            return option, value(field, part, typed)
    return {}, {}


def _strays(form: Mapping[str, Any] | None, typed: str) -> bool:
    """Whether a line fills nothing of the one form that is asked for; where there
    are several, plain text may be one of them."""
    return bool(form) and "anyOf" not in (form or {}) and not typed.startswith("{") and not chosen(form, typed)[1]


def _optional(option: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a form that are not filled yet."""
    return {field: part for field, part in option.get("properties", {}).items() if field not in given} if given else {}


def value(field: str, part: Mapping[str, Any], typed: str) -> dict[str, Any]:
    """A typed value of a field, empty where it is left out or is none of its kind."""
    if not typed:
        return {}
    match part.get("type"):
        case "integer":
            return {field: int(typed)} if typed.lstrip("-").isdigit() else {}
        case "number":
            try:
                return {field: float(typed)}
            except ValueError:
                return {}
        case "boolean":
            words = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
            return {field: words[typed.lower()]} if typed.lower() in words else {}
        case "array":
            return {field: [item.strip() for item in typed.split(",") if item.strip()]}
        case _ if options := part.get("enum"):
            known = {str(option).lower(): option for option in options}
            return {field: known[typed.lower()]} if typed.lower() in known else {}
        case _:
            return {field: typed}


def shape(form: Mapping[str, Any]) -> str:
    """A JSON schema as a person would like to read it."""
    if "anyOf" in form:
        return "  or  ".join(shape(option) for option in form["anyOf"])
    match form.get("type"):
        case "object":
            fields = form.get("properties", {}).items()
            return " ".join(
                str(part["const"]) if "const" in part else f"{field.upper()}({shape(part)})" for field, part in fields
            )
        case "array":
            return f"{shape(form['items'])}, ..."
        case "integer" if "minimum" in form:
            return f"{form['minimum']}-{form['maximum']}"
        case "boolean":
            return "yes/no"
        case "string":
            return " or ".join(form["enum"]) if "enum" in form else "text"
        case kind:
            return str(form.get("const", kind))
