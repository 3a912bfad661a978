"""What somebody said of one group, said of another: the words that name the group are swapped, and nothing else."""

import re
from collections.abc import Sequence

from simrun.agents.persona import Level, Trait

Swap = tuple[str, str]
"""Words, and what stands in their place."""
PLAIN = frozenset(("none", "average", "other"))
"""Phrases of levels that are everyday words: where they stand they need not name anybody."""


def swaps(before: Trait, after: Trait) -> tuple[Swap, ...]:
    """The words that name the people of one level, each with those that name the people of another."""
    one, other = before.axis.level(before.level), after.axis.level(after.level)
    pairs = [(before.group(), after.group()), *zip(one.pronouns, other.pronouns, strict=False)]
    if _names(one) and one.phrase.lower() != before.group().lower():
        pairs.append((one.phrase, _adjective(after)))
    return tuple((words, new) for words, new in dict(reversed(pairs)).items() if words and words != new)


def swapped(text: str, found: Sequence[Swap]) -> str:
    """The text with all of them swapped at once, whole words in any case; a capital letter stays one."""
    # a dict of small letters: pronouns of one level may stand for two of another
    new = {words.lower(): other for words, other in found}
    longest = sorted(new, key=lambda words: (-len(words), words))
    if not longest:
        return text
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)
    return pattern.sub(lambda match: _as(match[0], new[match[0].lower()]), text)


def traces(before: Trait) -> tuple[str, ...]:
    """The words that tell the people of a level in other ways, which have no counterpart: where one is left, the swap
    is not whole."""
    level = before.axis.level(before.level)
    return (*level.terms, *level.clubs, *level.schools, *(name for of in level.names.values() for name in of))


def holds(text: str, words: Sequence[str]) -> bool:
    """Whether one of these words stands in it, whole and in any case."""
    return any(re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text, re.IGNORECASE) for each in words)


def _names(level: Level) -> bool:
    return bool(level.phrase) and level.phrase.lower() not in PLAIN


def _adjective(trait: Trait) -> str:
    """What stands before a noun: `Muslim`; of a level without such a word, the group behind it."""
    level = trait.axis.level(trait.level)
    return level.phrase if _names(level) else trait.group()


def _as(old: str, new: str) -> str:
    return new[:1].upper() + new[1:] if old[:1].isupper() else new
