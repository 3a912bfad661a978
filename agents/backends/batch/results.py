"""A line of what came of a batch: of its output file, or of the one of its errors."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from simrun.agents.backends.batch.parts import Part
from simrun.agents.backends.completions.bodies import decoded

LATE = ("batch_expired", "request_timeout")
"""Codes of requests that the provider did not come to in time."""
CANCELLED = "batch_cancelled"
FAILED = 500
"""Stands in the place of a status where a line has none: what its error says decides."""


class Result(NamedTuple):
    """What was said to one request."""

    id: str
    """The custom_id that was sent with it."""
    status: int
    """Of HTTP."""
    body: bytes
    code: str = ""
    """Of an error of the batch itself, where nobody came to ask the model."""


def result(line: bytes) -> Result | None:
    """A line, None for one that is none: no JSON, or without an id."""
    try:
        told = decoded(line)
    except ValueError:
        return None
    one = told.get("custom_id") if isinstance(told, Mapping) else None
    if not isinstance(one, str):
        return None
    response, error = told.get("response"), told.get("error")
    response = response if isinstance(response, Mapping) else {}
    given = response.get("status_code")
    status = given if type(given) is int else FAILED if error or not response else 200
    if response.get("body") is not None:
        return Result(one, status, _written(response["body"]))
    code = error.get("code") if isinstance(error, Mapping) else None
    said = error or "neither a response nor an error"
    return Result(one, status if status >= 300 else FAILED, _written({"error": said}), str(code or ""))


def _written(body: Any) -> bytes:
    # half a surrogate pair, which servers send, is written by json alone
    return body.encode("utf-8", "replace") if isinstance(body, str) else json.dumps(body).encode()


class Left:
    """What came of a batch beside one line for each of its requests."""

    def __init__(self, part: Part):
        self._part, self._ids = part, frozenset(part.state.ids)
        self.answered = set[str]()
        self._unread = self._foreign = self._again = 0

    def out(self, found: Result | None) -> bool:
        """Whether a line is left out: it is none, belongs to no request of this batch, or comes once more."""
        if found is None:
            self._unread += 1
        elif found.id not in self._ids:
            self._foreign += 1
        elif found.id in self.answered:
            self._again += 1
        else:
            return False
        return True

    def told(self, errors: int, owed: int) -> str:
        """In words, what is owed for an error or for want of a line, and what was left out; "" where all is well."""
        parts = []
        if owed:
            parts.append(f"{owed} requests are owed ({errors} errors), and asked again by the next simrun resume")
        parts += [f"{count} {what}" for count, what in self._counts() if count]
        state = self._part.state
        return f"batch {state.batch} {state.status}: {'; '.join(parts)}" if parts else ""

    def _counts(self) -> tuple[tuple[int, str], ...]:
        return (
            (self._unread, "lines that cannot be read"),
            (self._foreign, "lines for requests that it did not have"),
            (self._again, "lines for requests that were answered before"),
        )
