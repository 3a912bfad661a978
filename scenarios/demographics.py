"""Make the text of a case agree with a persona: rewrite what it states about a person, or say why it cannot be done."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from simrun.agents.persona import Persona, Trait
from simrun.scenarios.base import Unfit

_WORDS = {
    "woman": "man",
    "women": "men",
    "female": "male",
    "girl": "boy",
    "lady": "gentleman",
    "she": "he",
    "herself": "himself",
    "mrs": "mr",
    "ms": "mr",
}
_TO_MAN = _WORDS | {"hers": "his", "husband": "wife", "boyfriend": "girlfriend"}
_TO_WOMAN = {man: woman for woman, man in _WORDS.items() if woman != "ms"} | {
    "his": "her",
    "him": "her",
    "wife": "husband",
    "girlfriend": "boyfriend",
}
"""The patient's partner changes with the patient, so that a marriage stays what it was."""
_GENDERED = (*_TO_MAN, *_TO_MAN.values(), "him")
_OTHERS = re.compile(
    r"\b(mother|father|mom|dad|parents?|sister|brother|daughter|son|aunt|uncle|grandmother|grandfather)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(she|he|her|his|him|hers|herself|himself)\b", re.IGNORECASE)
_HER = re.compile(
    r"\b(her)\b(?=\s+(?!(?:to|and|or|but|in|on|at|for|from|with|that|as|when|while|by|was|is|had|has|about|because|"
    r"since|after|before)\b)\w)",
    re.IGNORECASE,
)
"""`her` before a noun is possessive (his); elsewhere it is him."""
SEX_SPECIFIC = re.compile(
    r"\b(menstru\w*|menses|menopaus\w*|menarche|postpartum|gyn(?:a?e)colog\w*|uter(?:us|ine)"
    r"|ovar\w*|vagin\w*|vulv\w*|cervical (?:cancer|smear|os|motion)|cervix|endometri\w*|fallopian|breast\w*|"
    r"lactating|contracepti\w*|pap smear"
    r"|prostat\w*|testi(?:s|cle|cular|cles)\w*|penis|penile|scrot\w*|erectile|vasectomy|ejaculat\w*|semen|sperm\w*|"
    r"birth control)\b",
    re.IGNORECASE,
)
PREGNANCY = re.compile(r"\b(pregnan\w*|gestation\w*|gravida|para|trimester|obstetric\w*|maternal)\b", re.IGNORECASE)
BABY = re.compile(r"\b(newborn|neonat\w*|infant|(?:hours?|days?|weeks?|months?)[- ]old)\b", re.IGNORECASE)
"""In a baby's case the pregnancy was its mother's, and binds nobody's sex."""
AGE_SPECIFIC = re.compile(
    r"\b(infant|newborn|neonat\w*|toddler|child(?!hood)\w*|boy|girl|p(?:a?e)diatric\w*|adolescen\w*|teenage\w*|"
    r"menopaus\w*|pregnan\w*|months?-old)\b",
    re.IGNORECASE,
)
_AGE = re.compile(r"\b\d{1,3}(?=[- ]years?[- ]old\b|[- ]year[- ]old\b|\s?y/?o\b)", re.IGNORECASE)
_ADULT = 18
_PERSON = re.compile(r" (?:man|woman|male|female|boy|girl|gentleman|lady|patient)$", re.IGNORECASE)


def agree(
    texts: Mapping[str, str], given: Mapping[str, str], persona: Persona, ages: tuple[int, int] | None = None
) -> dict[str, str]:
    """`texts` rewritten to state the persona's levels where they state others.

    `given` is what the case says of this person (axis -> level), `ages` the years in which the case makes sense.
    Raises Unfit when the text depends on what would change.
    """
    texts = dict(texts)
    for trait in persona.traits:
        if given.get(trait.axis.name) == trait.level:
            continue
        if trait.axis.name == "age":
            texts = _aged(texts, given, trait, ages)
        elif trait.axis.name == "gender":
            texts = _gendered(texts, given, trait)
        else:
            others = tuple(
                term for key, level in trait.axis.levels.items() if key != trait.level for term in level.terms
            )
            phrase = trait.axis.level(trait.level).phrase or trait.level
            texts = (
                {key: _termed(text, others, phrase, trait.axis.adjective) for key, text in texts.items()}
                if others
                else texts
            )
    return texts


def _aged(
    texts: dict[str, str], given: Mapping[str, str], trait: Trait, ages: tuple[int, int] | None
) -> dict[str, str]:
    if not trait.level.isdigit():
        raise ValueError(f"axis age takes a number of years, not {trait.level!r}")
    if ages and not ages[0] <= int(trait.level) <= ages[1]:
        raise Unfit(f"plausible from {ages[0]} to {ages[1]} years, not at {trait.level}")
    young = int(given.get("age", _ADULT)) < _ADULT or int(trait.level) < _ADULT
    if young or (bound := None if ages else _found(AGE_SPECIFIC, texts)):
        raise Unfit("a case of a minor keeps its age" if young else f"its text depends on age ({bound!r})")
    return {key: _AGE.sub(trait.level, text) for key, text in texts.items()}


def _gendered(texts: dict[str, str], given: Mapping[str, str], trait: Trait) -> dict[str, str]:
    if bound := _found(SEX_SPECIFIC, texts) or (None if _found(BABY, texts) else _found(PREGNANCY, texts)):
        raise Unfit(f"its text is sex-specific ({bound!r})")
    if "gender" not in given:
        return texts
    if {given["gender"], trait.level} != {"woman", "man"}:
        raise Unfit(f"its text says {given['gender']}; only woman and man can be swapped in it")
    if shared := next(
        (
            found[0]
            for text in texts.values()
            for found in _OTHERS.finditer(text)
            if _PRONOUN.search(_sentence(text, found.start()))
        ),
        None,
    ):
        raise Unfit(
            f"a sentence of its text speaks of this person and of another ({shared!r}), so its pronouns cannot be "
            "told apart"
        )
    return {key: swap_gender(text, trait.level) for key, text in texts.items()}


def agreeing(axis: str) -> tuple[str, ...]:
    """The words by which a text that was rewritten agrees with an axis, beside those of the level itself: those of a
    gender."""
    return tuple(form for word in _GENDERED for form in (word, f"{word}'s")) if axis == "gender" else ()


def _sentence(text: str, at: int) -> str:
    """The sentence around a place in a text."""
    start, end = text.rfind(".", 0, at) + 1, text.find(".", at)
    return text[start : end if end >= 0 else len(text)]


def swap_gender(text: str, to: str) -> str:
    """A text about a woman as one about a man (`to="man"`), or the other way round."""
    if to == "man":
        text = _HER.sub(lambda found: _cased("his", found[0]), text)
    words = _TO_MAN | {"her": "him"} if to == "man" else _TO_WOMAN
    pattern = re.compile(r"\b(" + "|".join(words) + r")\b", re.IGNORECASE)
    return pattern.sub(lambda found: _cased(words[found[0].lower()], found[0]), text)


@lru_cache(maxsize=16384)  # the texts of a case are read again for every trial
def _termed(text: str, others: tuple[str, ...], phrase: str, adjective: bool) -> str:
    """Replace words that state another level of a trait's axis; Unfit where its phrase cannot stand in their place."""
    words = _any(others)
    if not adjective and (found := words.search(text)):
        raise Unfit(f"its text states {found[0].lower()!r}")
    return words.sub(lambda stated: phrase + (_PERSON.search(stated[0]) or [""])[0], text)


@cache
def _any(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Any of these terms as whole words, the longest first."""
    longest = sorted(terms, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", re.IGNORECASE)


def _found(pattern: re.Pattern[str], texts: Mapping[str, str]) -> str | None:
    return next((found[0] for text in texts.values() if (found := pattern.search(text))), None)


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word


def stated(text: str) -> dict[str, str]:
    """Age and gender out of a phrase such as `35-year-old female`; what it does not say is left out."""
    found = {}
    if age := re.search(r"\b(\d{1,3})[- ]years?[- ]old\b|\b(\d{1,3})\s?y/?o\b", text, re.IGNORECASE):
        found["age"] = age[1] or age[2]
    gender = re.search(r"\b(woman|female|girl|lady|man|male|boy|gentleman)\b", text, re.IGNORECASE)
    if gender:
        found["gender"] = "woman" if gender[1].lower() in _TO_MAN else "man"
    return found
