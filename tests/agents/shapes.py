"""What servers really send when something is wrong, in shapes.jsonl: a line each, with the kind that it has to be taken
for. Bodies have the shapes of public documentation, bug reports and servers that were run here, with made-up names and
numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from stub import Fault, completion, raw

CUT = (
    *("length", "max_tokens", "model_length", "MAX_TOKENS", "max_output_tokens", "token_limit", "max-tokens"),
    *("model_context_window_exceeded", "MaxTokens", "length_limit", "ERROR_LIMIT", "max_length"),
)
"""Words for the token limit."""
STOPPED = (
    *(None, "stop", "STOP", "eos", "eos_token", "stop_sequence", "end_turn", "COMPLETE", "tool_calls", "done", ""),
    *("function_call", "function_call_filter: MALFORMED_FUNCTION_CALL", "null"),
)
"""Words for an end that the model chose."""
WITHHELD = (
    *("content_filter", "SAFETY", "safety", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "refusal"),
    *("sensitive", "guardrail_intervened", "content_filtered", "content_filter: SAFETY", "ERROR_TOXIC", "blocked"),
)
"""Words for a policy that took the reply back."""
BROKEN = (
    *("error", "abort", "aborted", "ERROR", "network_error", "cancelled", "timeout", "time_limit", "failed", "load"),
    *("insufficient_system_resource", "not_finished", "engine_error", "FINISH_REASON_UNSPECIFIED", "OTHER", "unload"),
    *("USER_CANCEL", "generation_failed", "internal-error", "server error"),
)
"""Words for a reply that the server did not end."""


class Shape(NamedTuple):
    """A reply of a server."""

    name: str
    status: int
    body: str
    way: str = ""
    """`request`: the option that the error has to name. `roles`: what the template lacks, `system`, `runs` or `all`."""

    def fault(self) -> Fault:
        """As the stub sends it."""
        return raw(self.body.encode(), self.status)


def _read() -> Mapping[str, list[Shape]]:
    shapes: dict[str, list[Shape]] = {}
    for line in Path(__file__).with_suffix(".jsonl").read_bytes().splitlines():
        told = orjson.loads(line)
        body = told["body"] if isinstance(told["body"], str) else orjson.dumps(told["body"]).decode()
        shapes.setdefault(told["kind"], []).append(Shape(told["name"], told["status"], body, told.get("way", "")))
    return shapes


ALL = _read()


def rows(*kinds: str) -> Any:
    """All shapes of some kinds, as parameters of a test."""
    return pytest.mark.parametrize(
        "shape", [pytest.param(shape, id=f"{kind}: {shape.name}") for kind in kinds for shape in ALL[kind]]
    )


def one(kind: str, name: str) -> Shape:
    """One of them."""
    return next(shape for shape in ALL[kind] if shape.name == name)


def openai(message: str, code: Any = None, **more: Any) -> str:
    """The envelope that most use."""
    return orjson.dumps({"error": {"message": message, "type": None, "param": None, "code": code, **more}}).decode()


def ended(word: str | None, text: str | None = "It hurt", **more: Any) -> Fault:
    """HTTP 200 with this finish_reason."""
    body = completion(text)
    body["choices"][0] |= {"finish_reason": word, **more}
    return raw(orjson.dumps(body))
