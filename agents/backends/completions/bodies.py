"""What stands in the body of a chat completion, in the shapes in which servers send it."""

import json
from collections.abc import Mapping
from typing import Any, Literal

import orjson

from simrun.agents.records import Answer

Ending = Literal["stop", "length", "refused", "broken"]

LENGTH = ("length", "maxtoken", "maxoutput", "tokenlimit", "contextwindow", "maxcontext", "errorlimit", "incomplete")
REFUSED = (
    *(
        "filter",
        "safety",
        "refus",
        "guardrail",
        "blocked",
        "blocklist",
        "blacklist",
        "prohibited",
        "moderation",
        "policy",
    ),
    *("sensitive", "recitation", "spii", "toxic", "jailbreak", "language"),
)
BROKEN = (
    *("error", "abort", "cancel", "fail", "timeout", "timelimit", "insufficient", "interrupt", "overload", "crash"),
    *("notfinished", "other", "unspecified", "unload", "disconnect", "exception"),
)
"""Parts of the words in which servers say why a reply ended; every other word is an end that the model chose."""


def decoded(raw: bytes) -> Any:
    """A body as JSON; ValueError for what is none.

    Servers send a byte order mark, NaN, half of a surrogate pair and bytes that are no UTF-8: none of it is JSON, and
    what stands beside it is a good answer.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        text = raw.decode(json.detect_encoding(raw), "replace")
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def first(data: Any) -> Mapping[str, Any] | None:
    """The first choice of a completion, None where there is none."""
    choices = data.get("choices") if isinstance(data, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) else None


def failure(data: Any) -> Any:
    """What a body tells of a failure although HTTP says that all is well; None where it tells of none.

    A gateway has sent its status before the server behind it fails.
    """
    if not isinstance(data, dict):
        return None
    choice = first(data)
    if choice is not None:
        error = data.get("error") or choice.get("error")
        return {"error": error} if error else None
    told = {key: value for key, value in data.items() if key not in ("choices", "usage", "model", "id", "object")}
    return told if any(told.get(key) for key in FAILURES) else None


FAILURES = (
    *("error", "errors", "code", "detail", "message", "msg", "error_code", "error_msg", "base_resp", "status_code"),
    *("promptFeedback", "prompt_feedback"),
)
"""Keys under which a body without a choice says why."""


def ending(choice: Mapping[str, Any]) -> Ending:
    """Why a reply ended."""
    word = choice.get("finish_reason")
    if word is None or word == "stop":
        return "stop"
    plain = "".join(filter(str.isalnum, str(word).lower()))
    if "malformed" in plain:  # a call of a tool that cannot be read: the model's own doing
        return "stop"
    if any(part in plain for part in REFUSED):
        return "refused"
    if plain == "limit" or any(part in plain for part in LENGTH):
        return "length"
    return "broken" if plain == "load" or any(part in plain for part in BROKEN) else "stop"


def answer(choice: Mapping[str, Any], usage: Any, ended: Literal["stop", "length", "refused"]) -> Answer:
    """A choice as an answer; LookupError or TypeError where it holds no message."""
    message = choice.get("message")
    if not isinstance(message, dict):
        if ended != "refused":
            raise TypeError(f"message is {message!r}")
        message = {}
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    refusal = message.get("refusal")
    return Answer(
        text=refusal if isinstance(refusal, str) and refusal else words(message.get("content")),
        finish="refused" if refusal else ended,
        prompt_tokens=usage.get("prompt_tokens"),
        output_tokens=usage.get("completion_tokens"),
        cached_tokens=details.get("cached_tokens") if isinstance(details, dict) else None,
    )


def thoughtful(choice: Mapping[str, Any]) -> bool:
    """Whether a choice holds a thought apart from what it says."""
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    content = message.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    apart = any(str(part.get("type", "text")) in ("thinking", "reasoning") for part in parts)
    return apart or any(message.get(key) for key in THOUGHTS)


THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks")
"""Keys of a message under which servers put its thought."""


def words(content: Any) -> str:
    """What is said in a content: a text, or parts, of which thoughts are not said. "" for none; TypeError for another
    shape."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, dict):
        return _part(content)
    if isinstance(content, list):
        return "".join(part if isinstance(part, str) else _part(part) for part in content)
    raise TypeError(f"content is {content!r}")


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        raise TypeError(f"a part of the content is {part!r}")
    kind = str(part.get("type", "text"))
    if kind not in ("text", "output_text", "refusal"):
        return ""
    told = part.get("text", part.get("refusal", part.get("content", "")))
    return words(told.get("value") if isinstance(told, dict) and "value" in told else told)
