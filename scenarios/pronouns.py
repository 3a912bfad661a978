"""A text about a woman as one about a man, or the other way round: pronouns, titles, nouns, and whose spouse it is."""

import re
from collections.abc import Mapping
from functools import lru_cache

from simrun.scenarios.possession import is_hers, owns

_TRADES = re.findall(
    r"\w+", "business chair congress council crafts fire fisher police repair sales service spokes sports"
)
_NOUNS = {
    "woman": "man",
    "women": "men",
    "female": "male",
    "females": "males",
    "girl": "boy",
    "girls": "boys",
    "lady": "gentleman",
    "ladies": "gentlemen",
    "housewife": "househusband",
    "widow": "widower",
    "bride": "groom",
    "waitress": "waiter",
    "stewardess": "steward",
    "schoolgirl": "schoolboy",
    "sorority": "fraternity",
    **{f"{trade}woman": f"{trade}man" for trade in _TRADES},
    **{f"{trade}women": f"{trade}men" for trade in _TRADES},
}
_PRONOUNS = {"she": "he", "herself": "himself"}
_PARTNERS = {
    "husband": "wife",
    "husbands": "wives",
    "boyfriend": "girlfriend",
    "boyfriends": "girlfriends",
    "fiancé": "fiancée",
}
"""The partner changes with the person, so that a marriage stays what it was."""
_PARENTS = {"mother": "father", "mom": "dad", "mum": "dad"}
"""Of somebody who is one: `mother of two`."""
_TITLES = {"Mrs": "Mr", "Ms": "Mr", "Miss": "Mr", "Madam": "Sir"}

_ONLY_WOMEN = {"actress": "actor", "gal": "guy", "heroine": "hero", "hostess": "host"}
"""What men are called, and women too: `actor`."""

_TO_MAN = _NOUNS | _ONLY_WOMEN | _PRONOUNS | _PARTNERS | _PARENTS | _TITLES
_TO_WOMAN = (
    {man: woman for kind in (_NOUNS, _PRONOUNS) for woman, man in kind.items()}
    | {hers: his for his, hers in _PARTNERS.items()}
    | {"father": "mother", "dad": "mom", "him": "her", "Mr": "Mrs", "Sir": "Madam"}
)
WOMAN = frozenset({*_NOUNS, *_ONLY_WOMEN, *_PRONOUNS, "her", "hers"})
MAN = frozenset({*_NOUNS.values(), *_PRONOUNS.values(), "his", "him"})
"""Words that say of a person what they are."""
WORDS = tuple(sorted({word.lower() for word in (*WOMAN, *MAN, *_TO_MAN, *_TO_WOMAN)}))
"""All words that a swap replaces or puts in their place."""

_PRONOUN = r"(?:she|he|hers?|his|him|herself|himself)"
_KEPT = (
    # a gene and a bundle of fibres that look like pronouns; and what speaks of anybody
    rf"\bHER[-/ ]?(?:2|neu)\w*|\bbundle of His\b|\bHis(?:-Purkinje| bundle)\b|\(s\)he\b|\bs/he\b"
    rf"|\b{_PRONOUN}(?: ?/ ?| or ){_PRONOUN}\b"
)
_OF_CHILDREN = (
    r"(?= of (?:\d|an?\b|one|two|three|four|five|six|several|young|small|grown|teenage|adult|twins|triplets))"
)
_BEFORE_NAME = r"(?=\.? [A-Z])"
_SWAPPED = re.compile(
    rf"(?P<kept>(?-i:{_KEPT.replace('(s)', '[(]s[)]')}))"
    rf"|(?P<title>(?-i:\b(?:{'|'.join((*_TITLES, 'Mr', 'Sir'))})\b{_BEFORE_NAME}))"
    rf"|(?P<parent>\b(?:mother|father|mom|mum|dad)\b{_OF_CHILDREN})"
    rf"|(?P<word>\b(?:{'|'.join(sorted({*WOMAN, *MAN, *_PARTNERS, *_PARTNERS.values()}, key=len, reverse=True))})\b)",
    re.IGNORECASE,
)


@lru_cache(maxsize=16384)  # the texts of a case are read again for every trial
def swap_gender(text: str, to: str) -> str:
    """A text about a woman as one about a man (`to="man"`), or the other way round."""

    def swapped(found: re.Match[str]) -> str:
        word = found[0]
        if found["kept"]:
            return word
        other = (_TO_MAN if to == "man" else _TO_WOMAN).get(word if found["title"] else word.lower())
        return _cased(other or _pronoun(found, to), word)

    return _SWAPPED.sub(swapped, text)


def _pronoun(found: re.Match[str], to: str) -> str:
    """The pronouns that are one word for a woman and two for a man, or the other way round; others stay."""
    word = found[0].lower()
    if to == "man":
        return {"her": "his" if word == "her" and owns(found.string, *found.span()) else "him", "hers": "his"}.get(
            word, word
        )
    return ("hers" if is_hers(found.string, found.end()) else "her") if word == "his" else word


def says(text: str) -> Mapping[str, str]:
    """Of woman and man, those of whom a text has words, each with the first of its words."""
    found: dict[str, str] = {}
    for each in _SWAPPED.finditer(text):
        if each["title"] or each["word"]:
            word = each[0].lower()
            if word in WOMAN or each[0] in _TITLES:
                found.setdefault("woman", each[0])
            elif word in MAN or each[0] in ("Mr", "Sir"):
                found.setdefault("man", each[0])
    return found


def _cased(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if like[:1].isupper() else word
