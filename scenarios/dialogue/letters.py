"""An answer by the letter of an option: the decision, and when a reply declines to give one."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import Field, create_model

from simrun.agents.reply import Decision, Reply

ABSTAINS = re.compile(
    r"\bI(?:['’]m| am| would be| feel)? (?:really |simply |just |afraid (?:that )?I )?"
    r"(?:can(?:no|['’])t|can not|unable|not able|not (?:qualified|equipped|in a position)|do(?: not|n['’]t)"
    r" (?:know|have|understand|feel|possess)|lack|have no (?:idea|knowledge|way)|must (?:decline|pass|abstain)"
    r"|(?:would|['’]d) (?:rather|prefer) not|abstain|pass on)\b",
    re.IGNORECASE,
)
"""Somebody who does not answer says so of themselves: I cannot see it, I do not have the knowledge, I don't know."""
BEGINNING = 600
"""Characters in which that is said."""
WITH_TEXT = re.compile(r"\W*(?:[Oo]ption )?\(?([A-Z])\)?\s*[).:]\W*\s\S.*")
"""A letter with its option behind it: B. 39"""
CLAIM = re.compile(
    r"\b(?:answer|option|choice|letter|solution)\b(?: to \w+ \w+)?(?: must be| should be| would be| is|\s*[:=])+\W*"
    r"(?:option )?([A-Z])\b(?!['’]|\s+[a-z])|\b(?:choose|pick|select|go with|go for)\W+(?:option )?([A-Z])\b(?!['’])"
)
"""A letter in a sentence that says that it is the answer."""
DOUBT = re.compile(r"\b(?:not|never|if|unless|or|cannot)\b|n['’]t\b|\?", re.IGNORECASE)
"""A sentence with one of these says it of no letter, or not for certain."""


class _Lettered(Decision):
    """What both kinds of answer have in common."""

    also: ClassVar[Mapping[str, str]] = {"option": "letter", "choice": "letter", "answer": "letter"}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self | None:
        """A letter may have its option behind it."""
        return super().from_json({key: _alone(value) for key, value in fields.items()})

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """A letter alone, one with its option behind it, or one that the last sentence names as the answer."""
        if said := super().from_text(text):
            return said
        letters = get_args(cls.model_fields["letter"].annotation)
        lines = [line for line in text.strip().splitlines() if line.strip()]
        begun = {found[1] for line in lines if (found := WITH_TEXT.fullmatch(line)) and found[1] in letters}
        last = re.split(r"(?<=[.!?])\s+(?=[A-Z])", lines[-1])[-1] if lines else ""
        claims = [] if DOUBT.search(last) else CLAIM.findall(last)
        claimed = {one or other for one, other in claims} & set(letters)
        named = claimed or (begun if len(lines) == 1 else set())
        return cls.from_json({"letter": named.pop()}) if len(named) == 1 else None


class Letter(_Lettered):
    """The letter of an option; `lettered(...)` makes the kind."""

    letter: str

    def spoken(self) -> str:
        """The letter."""
        return self.letter


class Worked(_Lettered):
    """The way to an answer, and then its letter."""

    work: Annotated[str, Field(max_length=2000)] = ""
    letter: str


@cache
def lettered(letters: str, steps: bool = False) -> type[Letter] | type[Worked]:
    """The decision for one of these letters; with `steps` it holds the way there too, written first."""
    one: Any = Literal[tuple(letters)]
    if steps:
        return create_model("Worked", __base__=Worked, letter=(one, ...))
    return create_model("Letter", __base__=Letter, letter=(one, ...))


def abstained(reply: Reply) -> bool:
    """Whether a reply that holds no letter declines to answer: in the words of a refusal, by a policy, or because of
    what its speaker says they cannot do or do not know."""
    if reply.decision is not None:
        return False
    return reply.problem == "refused" or (
        reply.problem == "unreadable" and ABSTAINS.search(reply.text[:BEGINNING]) is not None
    )


def _alone(value: Any) -> Any:
    found = WITH_TEXT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else value
