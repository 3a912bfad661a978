"""Slurs, of which people are shown the first letter: in a terminal, in reports, on pages. Logs keep what was said."""

import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

MARK = "•"
"""Stands for each further letter: an asterisk would be a sign of Markdown."""
_WRITTEN: Mapping[str, str] = {
    "a": "a4@áàâäãå*",
    "b": "b8",
    "e": "e3éèêë*€",
    "g": "g9q",
    "i": "i1!|íìîïl*",
    "l": "l1|",
    "o": "o0óòôöõ*",
    "s": "s5$z",
    "t": "t7+",
    "u": "uúùûüv*",
    "z": "z2s",
}
"""Signs that people write in the place of a letter."""
_BETWEEN = r"(?:[^\w\s\\\"]|_)?"
"""What may stand between two letters: a dot, a dash, what is not to be seen."""
_BEGINS = r"(?<![^\W_])"
_ESCAPED = r"(?:(?<![^\W_])|(?<=\\[nrtbf])|(?<=\\u[0-9a-f]{4}))"
"""A word begins; in JSON also after an escape."""
_ENDS = r"(?:['’]?[sz5$])?(?![^\W_])"
_SIBILANT = re.compile(r"(?:ch|sh|[sxzo])$")
SHORT = 2000
"""Characters of a text up to which it is remembered how it is shown."""
_SHOWN: ContextVar[bool] = ContextVar("slurs_shown", default=False)


def show(shown: bool = True) -> None:
    """From now on slurs are shown as they are, or no more."""
    _SHOWN.set(shown)


def masked(text: str, escaped: bool = False) -> str:
    """The text with the first letter of each slur of agents/data/slurs.yaml, and a mark for each further sign.

    `escaped`: it is JSON, in which a letter may belong to an escape.
    """
    if _SHOWN.get():
        return text
    return _again(text, escaped) if len(text) <= SHORT else _slurs(escaped).sub(_mask, text)


@lru_cache(4096)
def _again(text: str, escaped: bool) -> str:
    """The same of what is likely to be shown again: names, questions, what both hear of an answer."""
    return _slurs(escaped).sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    word = found[0]
    if 2 * sum(map(str.isalpha, word)) < sum(map(str.isalnum, word)):
        return word  # a number, or a digest
    return word[0] + "".join(each if each.isspace() else MARK for each in word[1:])


@cache
def _slurs(escaped: bool) -> re.Pattern[str]:
    text = files("simrun.agents").joinpath("data/slurs.yaml").read_text(encoding="utf-8")
    begin = _ESCAPED if escaped else _BEGINS
    groups: dict[str, list[str]] = {}
    for word, unless in sorted(_listed(yaml.safe_load(text)), key=lambda each: -len(each[0])):
        groups.setdefault(word[0], []).append(_pattern(word, unless))
    # most places of a text are dismissed by one look at their letter, and the rest are held against few words
    signs = re.escape("".join(_WRITTEN.get(first, first) for first in groups))
    words = "|".join(f"(?={_letter(first)})(?:{'|'.join(own)})" for first, own in groups.items())
    return re.compile(f"(?=[{signs}]){begin}(?:{words}){_ENDS}", re.IGNORECASE)


def _listed(groups: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each word, and what may follow it where it is none."""
    for each in (word for words in groups.values() for word in words):
        yield (each, ()) if isinstance(each, str) else (each["word"], tuple(each["unless"]))


def _pattern(word: str, unless: tuple[str, ...]) -> str:
    joined = r"[\s_-]*".join(_BETWEEN.join(map(_letter, part)) for part in word.split())
    if word.endswith("y"):
        joined = f"{joined[: -len(_letter('y'))]}(?:{_letter('y')}|{_BETWEEN.join(map(_letter, 'ies'))})"
    elif _SIBILANT.search(word):
        joined = f"{joined}(?:es)?"
    return f"{joined}(?!{'|'.join(map(re.escape, unless))})" if unless else joined


def _letter(letter: str) -> str:
    return f"[{re.escape(_WRITTEN.get(letter, letter))}]+"
