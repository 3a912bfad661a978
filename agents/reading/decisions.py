"""Which decision a reply holds: the last one that it does not take back, quote or put in doubt, or none."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self, TypeVar

from simrun.agents.reading.bare import label
from simrun.agents.reading.objects import Found, objects

WANTING = 64
"""Objects, from the last, that are looked at in one reply."""


class Kind(Protocol):
    """What a reader needs of a decision."""

    @classmethod
    def labels(cls) -> Mapping[str, str]:
        """By what its fields are called, in small letters -> the field."""

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self | None:
        """As an object."""

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """As a reply that is nothing else."""


K = TypeVar("K", bound=Kind)


class Read(NamedTuple):
    """A decision, or why there is none."""

    decision: Any = None
    why: str = ""


NONE = "it held no decision in the form that was asked for"
BROKEN = "what it held was not a whole JSON object"
QUOTED = "it only quoted what had been written before"
DOUBTFUL = "it was not clear which of what it held was the decision"
WRONG = "a field was missing, or had a value that it cannot have"

_PROSE = " \t\r\n*_`\"'“”‘’.,:;!)(>#-–—"
_GOES_ON = frozenset(("because", "since", "as", "for", "given", "due", "json"))
"""Small words with which an explanation begins; any other makes the object a part of a sentence about it."""
_WITHOUT_ORDER = frozenset(
    ("or", "and", "oder", "und", "ou", "et", "o", "y", "e", "и", "или", "或", "和", "json", "vs", "versus")
)
_DENIED = re.compile(r"\b(?:not|never|cannot|than|instead of|either|neither|nor|unless|if)\b|n['’]t\b", re.IGNORECASE)
"""Right before an object."""
_SUPPOSED = re.compile(
    r"\be\.\s?g\b|\b(?:example|for instance|such as|initially|at first|first thought|draft|wrote|"
    r"writes|says|claims|claimed|states|told me|worst|lowest)\b",
    re.IGNORECASE,
)
"""In the sentence before it."""
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<!\be\.g)[.!?;]\s|\}")
_CLAUSE = re.compile(r"[,:]\s")
_FENCE = re.compile(r"```\w{0,20}")


def decided(text: str, kinds: Sequence[type[K]], told: Callable[[], str] = str) -> Read:
    """The decision of a reply whose thoughts are taken out.

    `told` gives what its chat was told: an object that stands there word for word counts only where the reply is
    nothing else.
    """
    if "{" not in text:
        return Read(why=NONE)
    found = [each for each in objects(text)[-WANTING:] if _about(each, kinds)]
    return _last(text, found, kinds, told) if found else Read(why=BROKEN)


def plain(text: str, kinds: Sequence[type[K]]) -> Read:
    """The decision of a reply that is nothing but an answer in words.

    Of several kinds the last that knows it: the first may take whatever plain speech the others do not claim.
    """
    found = next((made for kind in reversed(kinds) if (made := kind.from_text(text.strip()))), None)
    return Read(found) if found else Read(why=NONE)


def whole(text: str, kinds: Sequence[type[K]]) -> Read:
    """The decision of a reply that was cut off: only one that is nothing but an object, whole, and blanks after it."""
    found = objects(text) if text.lstrip()[:1] == "{" and text.rstrip()[-1:] == "}" else []
    if len(found) == 1 and found[0].text == text.strip() and (made := _made(found[0], kinds)):
        return Read(made)
    return Read(why="it was cut off")


def _about(found: Found, kinds: Sequence[type[K]]) -> bool:
    """Whether an object is about what was asked."""
    if found.fields is None:
        text = label(found.text)
        return any(name in text for kind in kinds for name in kind.labels())
    return _fields(found.fields, kinds) is not None


def _fields(given: Mapping[str, Any], kinds: Sequence[type[K]], depth: int = 3) -> Mapping[str, Any] | None:
    """The object that has the fields of a decision: this one, or the only one in it."""
    if _known(given, kinds):
        return given
    parts = [part[0] if isinstance(part, list) and len(part) == 1 else part for part in given.values()]
    inner = [part for part in parts if isinstance(part, Mapping)]
    found = [each for part in inner if depth and (each := _fields(part, kinds, depth - 1)) is not None]
    return found[0] if len(found) == 1 else None


def _known(given: Mapping[str, Any], kinds: Sequence[type[K]]) -> bool:
    for kind in kinds:
        labels = kind.labels()
        for key in given:
            if key in labels or label(key) in labels:
                return True
    return False


def _made(found: Found, kinds: Sequence[type[K]]) -> K | None:
    fields = _fields(found.fields, kinds) if found.fields is not None else None
    return next((made for kind in kinds if fields is not None and (made := kind.from_json(fields))), None)


def _last(text: str, found: list[Found], kinds: Sequence[type[K]], told: Callable[[], str]) -> Read:
    # an object that is all there is needs no second look
    if len(found) > 1 or (len(found[0].text) < len(text.strip()) and _rest(text, found[0])):
        meant = [each for each in found if not _doubtful(text, each)]
        heard = told() if meant else ""
        said = [each for each in meant if not _stands(_squeezed(each.text), heard)]
        if not said:
            return Read(why=QUOTED if meant else DOUBTFUL)
        if len(found) > 1 and not _after_all(text, _rivals(found, meant, said[-1]), said[-1]):
            return Read(why=DOUBTFUL)
        found = said
    made = _made(found[-1], kinds)
    return Read(made) if made else Read(why=WRONG if found[-1].fields is not None else BROKEN)


def _rivals(found: list[Found], meant: list[Found], last: Found) -> list[Found]:
    """What the last object must stand in an order to: what comes after it, and what is meant before it."""
    return [each for each in found if each.start > last.start or (each in meant and each.fields is not None)]


def _rest(text: str, found: Found) -> str:
    """What a reply says beside an object."""
    before, after = text[: found.start], text[found.end :]
    if "```" in text:
        before, after = _FENCE.sub("", before), _FENCE.sub("", after)
    return before.strip(_PROSE) + after.strip(_PROSE)


def _doubtful(text: str, found: Found) -> bool:
    """Whether the sentence around an object denies it, supposes it, or goes on about it."""
    after = text[found.end : found.end + 80].partition("\n")[0].lstrip(" \t`\"'”*)")
    if after.startswith("?"):
        return True
    word = _WORD.match(after)
    if word and word[0].islower() and word[0] not in _GOES_ON and word[0] not in _WITHOUT_ORDER:
        return True
    begin = found.start - 80 if found.start > 80 else 0
    before = text[begin : found.start].rpartition("\n")[2]
    if not before.strip():
        return False
    sentence = _SENTENCE.split(before)[-1]
    return bool(_SUPPOSED.search(sentence) or _DENIED.search(_CLAUSE.split(sentence)[-1]))


def _stands(words: str, told: str) -> bool:
    """Whether an object stands in a text: looked for where one begins, blanks left out as far as they go."""
    at = told.find("{")
    for _ in range(WANTING):
        if at < 0:
            return False
        here = _squeezed(told[at : at + 4 * len(words)])
        if here.startswith(words):
            return True
        if len(here) < len(words) and at + 4 * len(words) < len(told):
            break  # many blanks: all of it is read
        at = told.find("{", at + 1)
    return words in _squeezed(told)


def _squeezed(text: str) -> str:
    """Without blanks and capitals: whoever quotes an object may set it otherwise."""
    return text.replace(" ", "").replace("\n", "").replace("\t", "").replace("\r", "").lower()


def _after_all(text: str, found: list[Found], last: Found) -> bool:
    """Whether an object comes after the others, and not merely beside them; equal ones do not contradict it."""
    for other in found:
        if other is last or other.fields == last.fields is not None:
            continue
        first, second = sorted((other, last), key=lambda each: each.start)
        between = _FENCE.sub("", text[first.end : second.start])
        ordered = ":" in between or "→" in between or "=>" in between
        if not ordered and not {*re.findall(r"[^\W\d_]+", between.lower())} - _WITHOUT_ORDER:
            return False
    return True
