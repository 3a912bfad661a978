"""What a server's error means. Servers share no codes for it: their bodies are read for codes and for words, and sorted
into the kinds that a run treats differently."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simrun.agents.backends.completions import phrases
from simrun.agents.backends.completions.bodies import decoded

Meaning = Literal["refused", "loading", "rate_limit", "server", "context", "rejected", "request", "auth", "quota"]
"""`refused` is an answer of the model, `loading` passes by itself, all others are kinds of BackendError."""

ECHOES = ("input", "flagged_input", "failed_generation", "messages", "prompt", "body", "request", "ctx", "url")
"""What a body gives back of the request, or links to: nothing that the server says itself."""
CODES = ("code", "type", "error_type", "error_code", "status", "status_code", "reason", "reasons", "blockreason")
PARAMETERS = ("param", "loc")
_UNSHOWN = re.compile(r"<(script|style)\b", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]*>?")
_DEEP, _PAGE, _LONG = 8, 20_000, 8_000
"""How deep a body is read, how many bytes of a page, how many characters of what is said."""


@dataclass(frozen=True)
class Fault:
    """A body of an error, taken apart."""

    status: int
    """Of HTTP, or the one that the body gives where HTTP says that all is well, or only that the gateway failed."""
    codes: tuple[str, ...]
    """Words and numbers that stand for the error."""
    parameters: tuple[str, ...]
    """What in the request it is about, as far as told."""
    text: str
    """All that it says, without what it gives back of the request."""
    draft: str | None = None
    """What the model wrote that could not be held to its form, where a server keeps such a reply back."""

    @classmethod
    def of(cls, status: int, raw: bytes) -> "Fault":
        """The error in a body: JSON of any shape, a page, or plain words."""
        try:
            return cls.within(status, decoded(raw))
        except ValueError:
            page = raw[:_PAGE].decode("utf-8", "replace")
            return cls(status, (), (), " ".join(_TAGS.sub(" ", _shown(page)).split())[:_LONG])

    @classmethod
    def within(cls, status: int, data: Any) -> "Fault":
        """The same, of what was decoded before."""
        told = list(_told(data, "", _DEEP))
        codes = tuple(text for key, text in told if key in CODES)
        inner = [int(code) for code in codes if code.isascii() and code.isdecimal() and 400 <= int(code) <= 599]
        outer = status < 300 or status >= 500
        error = data.get("error") if isinstance(data, Mapping) else None
        draft = error.get("failed_generation") if isinstance(error, Mapping) else None
        return cls(
            draft=draft if isinstance(draft, str) else None,
            status=inner[0] if inner and outer else status,
            codes=codes,
            parameters=tuple(text for key, text in told if key in PARAMETERS and text != "body"),
            text="\n".join(_worded(key, text) for key, text in told if key not in PARAMETERS)[:_LONG],
        )

    def _coded(self, pattern: re.Pattern[str]) -> bool:
        return any(map(pattern.search, self.codes))

    def _another_limit(self) -> bool:
        """Whether it is not what is said that is too long: it is the reply alone, or the wait."""
        if self.status >= 500 and phrases.LATE.search(self.text):
            return True
        asked = phrases.LIMIT.search(f"{self.parameters} {self.text}")
        return bool(asked) and not re.search(r"\b(prompt|inputs?|messages?|context)\b|got -", self.text, re.IGNORECASE)

    def meaning(self, waiting: bool = False) -> Meaning:
        """What this is; `waiting` where it tells when to ask again."""
        return next(meaning for meaning, found in self._tests(waiting) if found)

    def _said(self, pattern: re.Pattern[str]) -> bool:
        return pattern.search(self.text) is not None

    def _tests(self, waiting: bool) -> Iterator[tuple[Meaning, bool]]:
        """In this order: what a code says goes before what the words say, and words before the status."""
        status, coded, said = self.status, self._coded, self._said
        yield "refused", status != 401 and coded(phrases.REFUSED_CODE)
        yield (
            "quota",
            status == 402 or (coded(phrases.QUOTA_CODE) and not (status == 429 and coded(phrases.OVERLOADED))),
        )
        yield "context", status == 413 or coded(phrases.CONTEXT_CODE) or (status == 429 and said(phrases.TOO_LARGE))
        if status == 429:
            yield "quota", self._spent_today(waiting)
            yield "rate_limit", True
        yield "rate_limit", status < 300 and coded(phrases.OVERLOADED)
        yield "auth", status == 401 or coded(phrases.AUTH_CODE)
        if status in (400, 403):
            yield "auth", said(phrases.ACCOUNT) or said(phrases.AUTH)
        yield "refused", (status < 500 or status == 501) and said(phrases.REFUSED)
        yield "quota", status in (400, 403) and said(phrases.QUOTA)
        yield "context", said(phrases.CONTEXT) and not self._another_limit()
        yield "loading", status == 503 and said(phrases.LOADING) and not said(phrases.BUSY)
        yield "server", status in (408, 409, 425, 498) or (status >= 500 and status != 501) or status < 300
        yield "rejected", status == 403 and said(phrases.FIREWALL)
        yield "auth", status == 403 and not said(phrases.NO_MODEL)
        yield "request", status in (404, 405, 410, 501) or said(phrases.NO_MODEL) or said(phrases.NO_PICTURES)
        yield "rejected", True

    def _spent_today(self, waiting: bool) -> bool:
        """Whether a limit is one that no wait of this run outlasts."""
        if phrases.TODAY_GEMINI in self.text:
            return True
        soon = waiting or self._said(phrases.SOON)
        return (not waiting and self._said(phrases.TODAY)) or (not soon and self._said(phrases.QUOTA))


def _shown(page: str) -> str:
    """A page without its scripts and styles."""
    parts, at, lower = list[str](), 0, page.lower()
    while (begun := _UNSHOWN.search(page, at)) and (end := lower.find(f"</{begun[1].lower()}", begun.end())) >= 0:
        parts.append(page[at : begun.start()])
        at = end
    return " ".join((*parts, page[at : begun.start()] if begun else page[at:]))


def _told(data: Any, key: str, depth: int) -> Iterator[tuple[str, str]]:
    """All texts and numbers of a body, each with the key that it stands under."""
    if depth == 0 or data is None or isinstance(data, bool):
        return
    if isinstance(data, Mapping):
        for name, value in data.items():
            if str(name).lower() not in ECHOES:
                yield from _told(value, str(name).replace("_reason", "reason").lower(), depth - 1)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _told(value, key, depth - 1)
    elif isinstance(data, str) and data.lstrip().startswith("{"):
        yield from _told(_inside(data), key, depth - 1)
    else:
        yield key, str(data)


def _worded(key: str, text: str) -> str:
    """What stands under a key, in words where the key alone says what a number is."""
    if key not in ("retrydelay", "retry_after", "retryafter", "retry_after_seconds", "estimated_time"):
        return text
    return f"retry in {text}" + ("" if text[-1:].isalpha() else "s")


def _inside(text: str) -> Any:
    """A gateway quotes the body of the server behind it as text."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return f" {text}"


def named(parameters: Iterable[str], fault: Fault) -> str | None:
    """Which of the parameters of a request a fault refuses, None for none."""
    known = list(parameters)
    about = [part.split(".")[0].split("[")[0] for part in fault.parameters]
    if found := next((name for name in known if name in about), None):
        return found
    refusing = (
        r"unsupported|unknown|unrecogni[sz]ed|unexpected|extra|forbidden|invalid|incompatible|cannot|failed|error|"
        r"not (?:permitted|allowed|supported|implemented|available)|n[o']t support|must|only|too large|no such|"
        r"range|between|at (?:least|most)|(?:less|greater|larger) than|exceed|[<>]"
    )
    for name in known:
        word = rf"(?<![a-z_]){re.escape(name)}(?![a-z_])"
        if re.search(
            rf"(?:{refusing})[^\n]{{0,80}}{word}|{word}[^\n]{{0,80}}(?:{refusing})", fault.text, re.IGNORECASE
        ):
            return name
    return None
