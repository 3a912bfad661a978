"""How somebody speaks throughout: rules that put text of the standard into a variety."""

import re
from collections.abc import Sequence
from functools import cache, partial
from typing import Self

from pydantic import model_validator

from simrun.agents.records import Record

ENGLISH = "en"
"""The language in which all is written that does not say."""


class Rewrite(Record):
    """One feature of a variety: what stands in the standard, and what is said in its place."""

    feature: str
    """What it is called, with its number in the source where it has one."""
    find: str
    """Regular expression, without regard to case."""
    put: str
    """What replaces it, with \\\\1 for its first group; it begins with a capital letter where what it replaces did."""

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            found = _pattern(self.find)
            re.sub(found, self.put, "")
            if (most := max((int(each) for each in re.findall(r"\\(\d)", self.put)), default=0)) > found.groups:
                raise ValueError(f"put names group {most}, and find has {found.groups}")
        except (re.error, ValueError) as error:
            raise ValueError(f"feature {self.feature!r}: {error}; find {self.find!r}, put {self.put!r}") from None
        return self


def rewritten(text: str, rules: Sequence[Rewrite]) -> str:
    """The text after every rule in turn, each wherever it fits; what no rule is about stays as it is."""
    for rule in rules:
        text = _pattern(rule.find).sub(partial(_cased, rule.put), text)
    return text


@cache
def _pattern(find: str) -> re.Pattern[str]:
    return re.compile(find, re.IGNORECASE)


def _cased(put: str, found: "re.Match[str]") -> str:
    """What replaces a match; a sentence that began with a capital letter still does."""
    said = found.expand(put)
    return said[:1].upper() + said[1:] if found[0][:1].isupper() else said
