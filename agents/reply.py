"""From the text an engine returned to what was said and decided, or why nothing was."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, Self

from pydantic import ValidationError

from simrun.agents.records import Answer, Record

Problem = Literal["refused", "unreadable", "truncated"]
"""Why a reply holds no decision. All three are findings about the model, never errors of the run."""

REFUSAL = re.compile(
    r"^\W*(?:(?:i['’]m|i am) (?:really |very |truly )?sorry|sorry|unfortunately|i apologi[sz]e|as an ai\b[^.]{0,40}?)?"
    r"\W*(?:but )?i\s*(?:can(?:no|['’])t|can not|['’]m (?:not able|unable)|am (?:not able|unable)|"
    r"will not|won['’]t|must decline)"
    r"(?: to)? (?:help|assist|continue|comply|engage|participate|do that|fulfil|role-?play|take part|play|pretend)\b",
    re.IGNORECASE,
)
THOUGHT = re.compile(r"^\s*<think>.*?</think>\s*", re.DOTALL)
"""What a reasoning model thinks aloud is not said: it is neither heard nor read for decisions."""


class Decision(Record):
    """A reply that decides something: sampled under its JSON schema, read tolerantly without one."""

    def spoken(self) -> str:
        """What those who hear the speaker hear of this decision; "" for nothing."""
        return self.model_dump_json()

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read a form that is not JSON, None when this is not one; override where such forms exist."""
        return None

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self | None:
        """Validate a decoded object; keys that this decision does not know are ignored."""
        known = {key: value for key, value in fields.items() if key in cls.model_fields}
        try:
            return cls.model_validate(known) if known else None
        except ValidationError:
            return None


@cache
def form(kinds: tuple[type[Decision], ...]) -> Mapping[str, Any] | None:
    """JSON schema for a reply that must be one of `kinds`; None when any text will do."""
    schemas = [_strict(kind.model_json_schema(mode="serialization")) for kind in kinds]
    return {"anyOf": schemas} if len(schemas) > 1 else schemas[0] if schemas else None


def _strict(schema: Any) -> Any:
    """Drop titles, defaults and prose: engines compile the shape, and prose would differ between versions."""
    if isinstance(schema, dict):
        noise = {"default", "description"} | ({"title"} if isinstance(schema.get("title"), str) else set())
        strict = {key: _strict(value) for key, value in schema.items() if key not in noise}
        # a field with a default may be missing in a text form; an engine that can be held to a form states all
        return strict | ({"required": list(schema["properties"])} if "properties" in schema else {})
    return [_strict(item) for item in schema] if isinstance(schema, list) else schema


class Reply(Record):
    """What somebody said: the text, the decision if one was asked for and made, or why there is none."""

    text: str
    decision: Decision | None = None
    problem: Problem | None = None

    @classmethod
    def of(cls, answer: Answer, kinds: Sequence[type[Decision]] = ()) -> Self:
        """Read an answer as one of `kinds`, or as free text when there are none."""
        text = THOUGHT.sub("", answer.text) if "<think>" in answer.text else answer.text
        if answer.finish == "refused" or REFUSAL.match(text):
            # before reading: a refusal in prose must not pass as the plain question that some text forms accept
            return cls(text=text, problem="refused")
        decision = read(text, kinds) if kinds else None
        if decision or (not kinds and text.strip() and answer.finish != "length"):
            return cls(text=text, decision=decision)
        return cls(text=text, problem="truncated" if answer.finish == "length" else "unreadable")

    def spoken(self) -> str:
        """What the others hear: the decision in words, or the text itself."""
        return self.text.strip() if self.decision is None else self.decision.spoken()


def read(text: str, kinds: Sequence[type[Decision]]) -> Decision | None:
    """The first of `kinds` that the text holds as JSON anywhere in it; failing
    that, the last that knows it as a text form.

    So the first kind may take whatever plain speech the others do not claim.
    """
    for fields in _objects(text):
        for kind in kinds:
            if decision := kind.from_json(fields):
                return decision
    if "{" in text:  # broken JSON is no plain speech
        return None
    return next((found for kind in reversed(kinds) if (found := kind.from_text(text.strip()))), None)


_JSON = json.JSONDecoder(strict=False)


def _objects(text: str) -> list[dict[str, Any]]:
    """The outermost JSON objects in a text, in order."""
    found, at = [], text.find("{")
    while at >= 0:
        try:
            value, end = _JSON.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(value)
        at = text.find("{", end)
    return found
