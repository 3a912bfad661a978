"""Word lists for letters: how often a text praises in agentic or communal words, as
outstanding, able or diligent, or doubts."""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import orjson

from simrun.agents.records import Record

_WORD = re.compile(r"\w+(?:['’-]\w+)*")


class Lexicon(Record):
    """Words of one kind; * stands for any letters, or none: `excellen*`, `*n't`."""

    name: str
    about: str
    words: tuple[str, ...]
    source: str


class Counts(Record):
    """How often the words of a lexicon stand in a text."""

    hits: Mapping[str, int]
    """Word, as found and in lower case -> times."""
    words: int
    """Of the whole text: m / (M - m), for odds ratios, is total / (words - total)."""

    @property
    def total(self) -> int:
        """All hits."""
        return sum(self.hits.values())


@cache
def lexicons() -> Mapping[str, Lexicon]:
    """Our lexicons by name."""
    found = orjson.loads((files("simrun.scenarios.recruitment") / "data" / "lexicons.json").read_bytes())
    return {each["name"]: Lexicon.model_validate(each) for each in found}


def counts(text: str, lexicon: Lexicon) -> Counts:
    """The words of a lexicon in a text: whole words, whatever their case; a compound with a hyphen is one word.

    So `self-confident` is not `confident`, and `warmth` is not `warm`, unless the list has them.
    """
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    pattern = _pattern(lexicon.words)
    return Counts(hits=Counter(word for word in words if pattern.fullmatch(word)), words=len(words))


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word.lower()).replace(r"\*", r"[\w'-]*") for word in words))
