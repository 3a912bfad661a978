"""Replies that are nothing but an answer, and those that are lines with a label each."""

import re
import unicodedata
from collections.abc import Mapping

from simrun.agents.reading.values import SHORT, WRAPPING

_AROUND = re.compile(
    r"\$*\\boxed\{(?:\\text\{)?([^{}]*)\}?\}\$*|<(answer|final|final_answer|response|output)>([^<]*)</\2>|"
    r"\(([^()]*)\)|\[+([^\[\]]*)\]+|```\w{0,20}\s([^`]*)```",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"(?:(?:so|thus|therefore|hence|ok|okay)[,:]?\s+)?(?:(?:the|my|our|final|overall|correct)\s+){0,3}"
    r"(?:answer|response|choice|decision|verdict|conclusion|output|result)\s*(?::|=|\bis\b:?|\s-\s)\s*",
    re.IGNORECASE,
)
_MARKED = re.compile(
    r"\\boxed\{([^{}]{0,200})\}|<(?:final_)?answer>([^<]{0,200})</(?:final_)?answer>|"
    r"\b(?:the |my )?final answer(?: is)?\s{0,9}[:=]?([^\n]{1,200})(?:\n|$)",
    re.IGNORECASE,
)
_LISTED = re.compile(r"(?:\d{1,2}[.)]\s+|[-*•]\s+)(?=[^\W\d])")
_ENDING = ".!。．"
_LINE = re.compile(r"\s*[-*•]?\s*([^\W\d][\w /]{0,40}?)\s*[:=：]\s*(\S.*)")
_REASONS = frozenset(
    ("reason", "reasons", "reasoning", "rationale", "explanation", "justification", "comment", "comments", "note")
)


def bare(text: str) -> str:
    """A short reply without its usual wrappings: `**Answer:** (A).` as `A`; "" for one that is too long for that."""
    if len(text) > 2 * SHORT:
        return ""
    text = unicodedata.normalize("NFKC", text)
    for _ in range(8):
        before, text = text, text.strip(WRAPPING)
        if around := _AROUND.fullmatch(text):
            text = next(part for index, part in enumerate(around.groups(), 1) if part is not None and index != 2)
        text = _INTRODUCED.sub("", text, count=1) if _INTRODUCED.match(text) else text
        text = _LISTED.sub("", text, count=1) if _LISTED.match(text) else text
        text = text.rstrip(_ENDING) if not text.endswith("..") else text
        if text == before:
            break
    return text


def label(key: object) -> str:
    """What a field is called, in small letters and without underscores."""
    return " ".join(str(key).casefold().replace("_", " ").split())


def labelled(text: str, labels: Mapping[str, str]) -> dict[str, str]:
    """What a reply says line by line, `Score: 8`; of `labels` the label in small letters -> what is labelled.

    Nothing where a line has no label, or one says something else than another of the same label.
    """
    found: dict[str, str] = {}
    for line in re.split(r"[\n;]+", text):
        if not (plain := line.replace("*", "").replace("`", "").strip()):
            continue
        said = _LINE.fullmatch(plain)
        called = label(said[1]) if said else ""
        name = labels.get(called) or labels.get(called.removeprefix("final ").removeprefix("my "))
        if said is None or (name is None and called not in _REASONS):
            return {}
        if name is not None and found.setdefault(name, said[2].strip()) != said[2].strip():
            return {}
    return found


def marked(text: str) -> str:
    """What a longer reply marks as its answer, as in `... Final answer: 8`; "" where it marks none, or several."""
    if "\\boxed" not in text and "nswer" not in text and "NSWER" not in text:
        return ""
    found = {bare(next(filter(None, each.groups()), "")) for each in _MARKED.finditer(text)}
    return found.pop() if len(found) == 1 else ""


def sentence(text: str) -> str:
    """The first sentence of a text, without wrappings; a stop after one or two letters, as in `St.`, ends none."""
    first = re.split(r"(?:(?<=\w{3})|(?<=\d))\.\s+(?=[A-Z])", text, maxsplit=1)[0]
    return first.strip(WRAPPING).rstrip(_ENDING).strip(WRAPPING + "[]")
