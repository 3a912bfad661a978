"""Other people in the place of those whom an episode is about: what a judge reads who is held against itself.

Every word by which a level of a varied axis shows is replaced by that of the other level: group, phrase, names, first
words, memberships and schools; of women and men also pronouns, titles and nouns. What says it in words that the axis
does not list (a food, a street) stays: the judge's own bias is then underestimated, never invented.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from simrun.agents.persona import Trait
from simrun.plan.factors import Factor
from simrun.scenarios.pronouns import swap_gender

COMMON = frozenset(("none", "no", "yes", "other", "not stated", "unknown", "average", "single", "any", "both"))
"""Levels whose own word says nothing of anybody where it stands alone."""
GENDERS = ("woman", "man")


@dataclass(frozen=True)
class Exchange:
    """A text about some people as one about others."""

    words: tuple[tuple[str, str], ...] = ()
    """In small letters -> in its place."""
    gender: str = ""
    """To whom pronouns, titles and nouns turn; "" for nobody."""

    def __call__(self, text: str) -> str:
        """The text with other people in it."""
        text = self._pattern.sub(self._put, text) if self.words else text
        return swap_gender(text, self.gender) if self.gender else text

    @cached_property
    def _of(self) -> Mapping[str, str]:
        return dict(self.words)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest = sorted(self._of, key=lambda word: (-len(word), word))
        return re.compile(rf"(?:\b(an?)(\s+))?(?<!\w)({'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)

    def _put(self, found: re.Match[str]) -> str:
        other = self._of[found[3].lower()]
        if found[3].isupper() and len(found[3]) > 2:
            other = other.upper()
        if not found[1]:
            first = found[3][:1].isupper() and _begins(found.string, found.start())
            return other[:1].upper() + other[1:] if first else other
        article = "an" if other[:1].lower() in "aeiou" else "a"
        return f"{article.capitalize() if found[1][0].isupper() else article}{found[2]}{other}"


def _begins(text: str, at: int) -> bool:
    """Whether a sentence begins there."""
    before = text[:at].rstrip(" \t\"'“”‘’([*_")
    return not before or before[-1] in ".!?:\n"


def exchange(traits: Mapping[str, Sequence[Trait]], factors: Sequence[Factor]) -> Exchange | None:
    """What puts those whom an arm is compared with in the place of its own people; None where no axis is varied.

    The reference arm is read as the first level that it is compared with.
    """
    pairs = [pair for factor in factors if factor.kind == "axis" for pair in _pair(factor, traits)]
    words = {one.lower(): other for mine, to in pairs for one, other in _words(mine, to)}
    turned = [to.level for mine, to in pairs if {mine.level, to.level} == set(GENDERS)]
    return Exchange(tuple(words.items()), turned[0] if turned else "") if words or turned else None


def other_level(factor: Factor, level: str) -> str:
    """The level that one is held against: the reference, of the reference the first other one."""
    return factor.levels[1] if level == factor.levels[0] else factor.levels[0]


def _pair(factor: Factor, traits: Mapping[str, Sequence[Trait]]) -> Iterator[tuple[Trait, Trait]]:
    for trait in traits.get(factor.role, ()):
        if trait.axis.name == factor.what and trait.level in factor.levels and len(factor.levels) > 1:
            yield trait, trait.model_copy(update={"level": other_level(factor, trait.level)})


def _words(mine: Trait, to: Trait) -> Iterator[tuple[str, str]]:
    """Each text by which a level shows, and that of the other level at the same place."""
    own, other = mine.axis.level(mine.level), to.axis.level(to.level)
    yield mine.group(), to.group()
    yield mine.stated(), to.stated()
    yield from zip(_cues(own.cue), _cues(other.cue), strict=False)
    for ours, theirs in ((own.clubs, other.clubs), (own.schools, other.schools), (own.gaps, other.gaps)):
        yield from zip(ours, theirs, strict=False)
    for gender, names in own.names.items():
        yield from _names(names, other.names.get(gender) or next(iter(other.names.values()), ()))
    if {mine.level, to.level} != set(GENDERS):
        yield from ((word, _adjective(to)) for word in _bare(mine))


def _names(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Full names at one rank, and their first and last parts."""
    for one, two in zip(ours, theirs, strict=False):
        yield one, two
        yield from zip((one.split()[0], one.split()[-1]), (two.split()[0], two.split()[-1]), strict=True)


def _cues(cue: str | Mapping[str, str]) -> tuple[str, ...]:
    return (cue,) if isinstance(cue, str) and cue else () if isinstance(cue, str) else tuple(cue.values())


def _bare(trait: Trait) -> Iterator[str]:
    """The words that stand for a level by themselves: its key and its phrase, and terms that hold one of them."""
    level = trait.axis.level(trait.level)
    own = [word for word in (trait.level, level.phrase) if word and not _empty(word)]
    yield from own
    yield from (term for term in level.terms if not own or any(word.lower() in term for word in own))


def _adjective(trait: Trait) -> str:
    """What stands before a noun in the place of another level's word: `Muslim`, `atheist`."""
    level = trait.axis.level(trait.level)
    phrase = level.phrase or trait.level
    return level.terms[0] if _empty(phrase) and level.terms else phrase


def _empty(word: str) -> bool:
    return word.lower() in COMMON or word.isdigit()
