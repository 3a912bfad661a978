"""What a server's error means. Servers share no codes for it: their bodies are read for codes and for words, and sorted
into the kinds that a run treats differently."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simrun.agents.backends.completions.bodies import decoded

Meaning = Literal["refused", "loading", "rate_limit", "server", "context", "rejected", "request", "auth", "quota"]
"""`refused` is an answer of the model, `loading` passes by itself, all others are kinds of BackendError."""

ECHOES = ("input", "flagged_input", "failed_generation", "messages", "prompt", "body", "request", "ctx", "url")
"""What a body gives back of the request, or links to: nothing that the server says itself."""
CODES = ("code", "type", "error_type", "error_code", "status", "status_code", "reason", "reasons", "blockreason")
PARAMETERS = ("param", "loc")
_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_DEEP, _PAGE, _LONG = 8, 20_000, 8_000
"""How deep a body is read, how many bytes of a page, how many characters of what is said."""


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts), re.IGNORECASE)


CONTEXT_CODE = _pattern(
    r"context_?(length|window|size)_?exceed|exceed_context_size|request_too_large|tokens_limit_reached",
    r"string_above_max_length|input_too_long|prompt_too_long|^(40303|1261|1039)$",
)
CONTEXT = _pattern(
    r"context[ _-]?(length|window|size|limit)[^.\n]{0,80}(exceed|overflow|not enough|too (small|short)|only|limit)",
    r"(exceed|overflow|longer|larger|greater|beyond|too (long|large|big|many))[^.\n]{0,80}"
    r"\bcontext[ _-]?(length|window|size|limit)",
    r"max(imum)?[ _](context|model|prompt|input|sequence)[ _]len",
    r"context the overflows|(mid-generation )?context (overflow|is (full|exceeded)|limit reached)",
    r"reached context length",
    r"(prompt|inputs?|messages?|conversation|chat)\b[^.\n]{0,40}\btoo (long|large|big)\b",
    r"too many (input |prompt |total )?tokens|tokens? (count|limit)[^.\n]{0,80}exceed",
    r"exceed[^.\n]{0,80}\btokens? (limit|count|length|budget)",
    r"exceed[^.\n]{0,40}max(imum)? (number of )?(input )?tokens",
    r"input tokens? exceed|(prompt|input) length[^.\n]{0,40}(exceed|should be \[|>)",
    r"`?inputs`?[^\n]{0,60}must (have less|be <=)|max_new_tokens`? must be <=",
    r"tokens to keep|max_(completion_)?tokens must be at least \d+, got -",
    r"reduce (the length of )?(the|your) (messages|prompt|input)|tokens must be reduced",
    r"(request|payload|entity|body|content)( entity| body| content| size)?( is)? too large|超长",
)
"""How they say that a chat is too long. Not `context deadline exceeded`, which is a timeout, and not `in context=...`,
which is a place in a schema."""
LIMIT = _pattern(r"max(_completion|_output|_new)?_tokens|maxOutputTokens")
TOO_LARGE = _pattern(r"request too large|tokens must be reduced")
"""Said with a rate limit that no waiting would ever meet."""
REFUSED_CODE = _pattern(
    r"content_?(filter|policy|moderat|safety|violat)|moderation|guardrail|polic(y|ies)_?violation|data_?inspection",
    r"^invalid_prompt$|prohibited_content|^(safety|blocklist|spii|sensitive|jailbreak)|safety_(block|violation|check)",
    r"unsafe|^(1301|1026|1027|2016|2017)$",
)
REFUSED = _pattern(
    r"content[ _-]?(filter|polic(?!y_fallback)|moderat|management polic|safety|violat)|ResponsibleAIPolicy",
    r"\bflagged\b|moderation|guardrail|jailbreak|prompt (attack|injection) (was )?detected",
    r"(violat|breach)[^.\n]{0,60}(polic|guideline|terms|rules)",
    r"(prompt|input|content|request|response|output|message)s?\b[^.\n]{0,40}(blocked|filtered|rejected)[^.\n]{0,80}"
    r"(polic|safety|filter|risk|security|harm|sensitive|inappropriate|prohibited)",
    r"content exists risk|considered high risk|safety (system|filter|polic|setting|check)",
    r"(harmful|unsafe|inappropriate|prohibited|sensitive) content|敏感|违规|不安全",
)
"""How they say that a policy stopped this chat."""
ACCOUNT = _pattern(
    r"(account|organi[sz]ation|project|workspace|api[ _-]?key)s?\b[^.\n]{0,60}"
    r"(disabled|deactivated|suspended|banned|terminated|restricted|not active)",
    r"(country|region|location|territory)[^.\n]{0,60}not (supported|available|allowed)",
)
"""It is whoever asks that is shut out, and not what was asked."""
AUTH_CODE = _pattern(
    r"invalid_api_key|incorrect_api_key|api_key_invalid|authentication_?error|^unauthenticated$",
    r"account_deactivated|organization_restricted|^(1004|token_expired)$",
)
AUTH = _pattern(
    r"api[ _-]?key[^.\n]{0,40}(invalid|incorrect|not valid|missing|expired|revoked|not found|required)",
    r"(invalid|incorrect|missing|no|wrong|malformed|expired)[^.\n]{0,20}\b(api[ _-]?key|access token|credentials)\b",
)
QUOTA_CODE = _pattern(
    r"insufficient_?(user_)?(quota|credit|balance|fund)|billing|payment_required|exceeded_current_quota|arrear",
    r"credit_?balance|freetieronly|^(1113|1008)$",
)
QUOTA = _pattern(
    r"insufficient[ _](quota|credit|balance|fund)",
    r"(credit|balance)s?[^.\n]{0,40}(too low|exhausted|depleted|used up|empty)|spending limit",
    r"out of credit|used all available credit|exceeded your (current|monthly)[^.\n]{0,20}(quota|credits)",
    r"more credits|payment required|can only afford|arrear|overdue[ -]payment|余额不足|欠费",
)
"""How they say that nothing is left to pay with."""
TODAY = re.compile(r"\b(per|a)[ -]?day\b|\bdaily\b[^.\n]{0,30}(limit|quota)|\b(TPD|RPD)\b", re.IGNORECASE)
TODAY_GEMINI = "PerDay"
"""Stands in the name of a quota, beside a delay of seconds that would not help."""
OVERLOADED = _pattern(r"rate_?limit|too_many_requests|resource_exhausted|throttl")
LOADING = _pattern(
    r"\bloading\b|still load|(is|being) (loaded|downloaded)|not (been )?loaded yet|warm(ing)?[ -]up|cold[ -]start",
    r"(is|are|still) (starting|initiali[sz]ing|waking|scaling)|scal(ing|ed?) (up|from)|not (yet )?ready",
)
FIREWALL = _pattern(r"you have been blocked|triggered the security|security service to protect itself")
"""A page of a firewall before the server: it reads prompts, and takes some for attacks."""
NO_MODEL = _pattern(
    r"model_?not_?found|no such model|(unknown|invalid|unsupported) model|could ?n.?t find[^.\n]{0,20}model",
    r"\bmodels?\b[^\n]{0,100}(not found|not exist|n't exist|unknown\b|not (a )?valid|not available|decommissioned|"
    r"deprecated|not (been )?loaded|not served|no access|not have access)",
    r"model=[^\n]{0,100}no healthy deployments|not a valid model|multiple models are loaded",
    r"no (models? loaded|endpoints found)",
)
NO_PICTURES = _pattern(
    r"(image|vision|multi-?modal)[^.\n]{0,60}(not|n't|un)[ -]?support|(not|n't) (support|accept|take)[^.\n]{0,30}image",
    r"not a multi-?modal|image_url[^\n]{0,60}(invalid|unknown|expected|not)",
)


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
            return cls(status, (), (), " ".join(_TAGS.sub(" ", page).split())[:_LONG])

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

    def _too_long_a_reply(self) -> bool:
        """Whether it is the reply alone, and not what is said before it, that would leave the context."""
        asked = any(LIMIT.fullmatch(name) for name in self.parameters)
        return asked and not re.search(r"\b(prompt|inputs?|messages?)\b", self.text, re.IGNORECASE)

    def meaning(self, waiting: bool = False) -> Meaning:
        """What this is; `waiting` where it tells when to ask again."""
        return next(meaning for meaning, found in self._tests(waiting) if found)

    def _tests(self, waiting: bool) -> Iterator[tuple[Meaning, bool]]:
        """In this order: what a code says goes before what the words say, and words before the status."""
        status, text = self.status, self.text
        ours = status < 500 or status == 501
        yield "refused", self._coded(REFUSED_CODE) and status != 401
        yield "quota", status == 402 or (self._coded(QUOTA_CODE) and (status != 429 or not self._coded(OVERLOADED)))
        yield "quota", status in (400, 403, 429) and not waiting and bool(QUOTA.search(text))
        yield "quota", status == 429 and (TODAY_GEMINI in text or (not waiting and bool(TODAY.search(text))))
        yield "context", status == 413 or self._coded(CONTEXT_CODE) or (status == 429 and bool(TOO_LARGE.search(text)))
        yield "rate_limit", status == 429 or (status < 300 and self._coded(OVERLOADED))
        yield "auth", status == 401 or self._coded(AUTH_CODE)
        yield "auth", status in (400, 403) and bool(ACCOUNT.search(text) or AUTH.search(text))
        yield "refused", ours and bool(REFUSED.search(text))
        yield "context", bool(CONTEXT.search(text)) and not self._too_long_a_reply()
        yield "loading", status == 503 and bool(LOADING.search(text))
        yield "server", status in (408, 409, 425, 498) or (status >= 500 and status != 501) or status < 300
        yield "rejected", status == 403 and bool(FIREWALL.search(text))
        yield "auth", status == 403 and not NO_MODEL.search(text)
        yield "request", status in (404, 405, 410, 501) or bool(NO_MODEL.search(text))
        yield "request", bool(NO_PICTURES.search(text))
        yield "rejected", True


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
        r"not (?:permitted|allowed|supported|implemented|available)|n[o']t support|must|only|too large|no such"
    )
    for name in known:
        word = rf"(?<![a-z_]){re.escape(name)}(?![a-z_])"
        if re.search(
            rf"(?:{refusing})[^\n]{{0,80}}{word}|{word}[^\n]{{0,80}}(?:{refusing})", fault.text, re.IGNORECASE
        ):
            return name
    return None
