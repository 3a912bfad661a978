"""Make the text of a case agree with a persona: rewrite what it states about a person, or say why it cannot be done."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from simrun.agents.persona import Persona, Trait
from simrun.scenarios import ages, pronouns
from simrun.scenarios.ages import RELATIVES
from simrun.scenarios.base import Unfit
from simrun.scenarios.sex_specific import PREGNANCY, SEX_SPECIFIC

BABY = re.compile(r"\b(newborn|neonat\w*|infant|(?:hours?|days?|weeks?|months?)[- ]old)\b", re.IGNORECASE)
"""In a baby's case the pregnancy was its mother's, and binds nobody's sex."""
_PRONOUN = re.compile(r"\b(she|he|her|his|him|hers|herself|himself)\b", re.IGNORECASE)
_PERSON = re.compile(r" (?:man|woman|male|female|boy|girl|gentleman|lady|patient)$", re.IGNORECASE)
_SEX = re.compile(r"\b((?:sex|gender)\s?[:=]\s?)([FM])\b", re.IGNORECASE)
_AGE_SEX = re.compile(r"(?<![\w.])(\d{1,3})[\s/-]*(?:y|yrs?|years?[- ]old)?[\s/,-]*([FM])\b(?!\s?-?old)", re.IGNORECASE)
_SEX_AGE = re.compile(r"\b([FM])[\s/,-]{0,2}(\d{1,3})(?:-year-old)?(?![\w.])", re.IGNORECASE)
_BARE = re.compile(
    r"\b(\d{1,3}) ?(?:years?|yrs?|y)\b(?![- ](?:old|of))"
    r"|(?<![\w.])(\d{1,3})(?=[,\s-]{1,2}(?:female|male|woman|man)\b)|(?<=male )(\d{1,3})$|(?<=male, )(\d{1,3})$",
    re.IGNORECASE,
)
"""What stands in a field of nothing but age and sex."""


def agree(
    texts: Mapping[str, str],
    given: Mapping[str, str],
    persona: Persona,
    years: tuple[int, int] | None = None,
    fixed: Iterable[str] = (),
) -> dict[str, str]:
    """`texts` rewritten to state the persona's levels where they state others.

    `given` is what the case says of this person (axis -> level), `years` the ages in which the case makes sense,
    `fixed` what belongs to the case and cannot be rewritten, such as its diagnosis. Raises Unfit when the text depends
    on what would change, or the persona contradicts itself.
    """
    possible(persona)
    texts = dict(texts)
    for trait in persona.traits:
        if given.get(trait.axis.name) == trait.level:
            continue
        if not trait.told():
            _unsaid(texts, trait, fixed)
        elif trait.axis.name == "age":
            texts = _aged(texts, given, trait, years)
        elif trait.axis.name == "gender":
            texts = _gendered(texts, given, trait, tuple(fixed))
        else:
            texts = _told(texts, trait)
    return texts


def possible(persona: Persona) -> None:
    """Raises Unfit for somebody who cannot be: a man who is pregnant."""
    if (persona.level("gender"), persona.level("pregnancy")) == ("man", "pregnant"):
        raise Unfit("gender=man and pregnancy=pregnant contradict each other")


def _unsaid(texts: Mapping[str, str], trait: Trait, fixed: Iterable[str]) -> None:
    """Unfit where the texts say what is to be left unsaid: words that state it cannot be taken out of a sentence."""
    name, every = trait.axis.name, [*texts.values(), *fixed]
    if name == "age":
        says = str(next((age for text in every for age in ages.ages(text)), "")) or _first(ages.CHILD, every)
    elif name == "gender":
        says = next((word for text in every for word in _genders(text).values()), "") or _first(SEX_SPECIFIC, every)
        says = says or _first(PREGNANCY, every)
    else:
        terms = tuple(term for level in trait.axis.levels.values() for term in level.terms)
        # the name of a disease to choose from, such as depression, says nothing of this person
        says = _first(_any(terms), texts.values()) if terms else None
    if says:
        raise Unfit(f"its text says what {name}={trait.level} leaves unsaid ({says!r})")


def _told(texts: dict[str, str], trait: Trait) -> dict[str, str]:
    others = tuple(term for key, level in trait.axis.levels.items() if key != trait.level for term in level.terms)
    if not others:
        return texts
    phrase = trait.axis.level(trait.level).phrase or trait.level
    return {key: _termed(text, others, phrase, trait.axis.adjective) for key, text in texts.items()}


def _aged(
    texts: dict[str, str], given: Mapping[str, str], trait: Trait, years: tuple[int, int] | None
) -> dict[str, str]:
    if not trait.level.isdigit():
        raise ValueError(f"axis age takes a number of years, not {trait.level!r}")
    to = int(trait.level)
    if years and not years[0] <= to <= years[1]:
        raise Unfit(f"plausible from {years[0]} to {years[1]} years, not at {to}")
    now = _age(texts, given)
    young = to < ages.ADULT or (now is not None and now < ages.ADULT)
    if young or (child := None if years else _found(ages.CHILD, texts)):
        raise Unfit("a case of a minor keeps its age" if young else f"its text depends on age ({child!r})")
    if bound := next(filter(None, (ages.bound(text, now, to) for text in texts.values())), ""):
        raise Unfit(f"its text depends on age ({bound!r})")
    return texts if now is None else {key: ages.aged(text, now, to) for key, text in texts.items()}


def _age(texts: Mapping[str, str], given: Mapping[str, str]) -> int | None:
    """The age that a case gives its person, else the one that its texts state; None where they state none."""
    if given.get("age", "").isdigit():
        return int(given["age"])
    found = tuple(dict.fromkeys(age for text in texts.values() for age in ages.ages(text)))
    if len(found) > 1:
        raise Unfit(f"its text speaks of several ages ({', '.join(map(str, found))}), and does not say whose they are")
    return found[0] if found else None


def _gendered(texts: dict[str, str], given: Mapping[str, str], trait: Trait, fixed: tuple[str, ...]) -> dict[str, str]:
    every = [*texts.values(), *fixed]
    if bound := _first(SEX_SPECIFIC, every) or (None if _first(BABY, every) else _first(PREGNANCY, every)):
        raise Unfit(f"its text is sex-specific ({bound!r})")
    now = given.get("gender") or _gender(texts)
    if now in (None, trait.level):
        return texts
    if {now, trait.level} != {"woman", "man"}:
        raise Unfit(f"its text says {now}; only woman and man can be swapped in it")
    if other := next(filter(None, map(_somebody_else, texts.values())), ""):
        raise Unfit(
            f"a sentence of its text speaks of this person and of another ({other!r}), so its pronouns cannot be told "
            "apart"
        )
    return {key: pronouns.swap_gender(text, trait.level) for key, text in texts.items()}


def _gender(texts: Mapping[str, str]) -> str | None:
    """The gender of which alone the texts have words; None where they have none."""
    found: dict[str, str] = {}
    for text in texts.values():
        found = {**_genders(text), **found}
    if len(found) > 1:
        raise Unfit(
            f"its text speaks of a woman and of a man ({', '.join(found.values())}), and does not say who it is"
        )
    return next(iter(found), None)


@lru_cache(maxsize=16384)
def _genders(text: str) -> Mapping[str, str]:
    return pronouns.says(text)


@lru_cache(maxsize=16384)
def _somebody_else(text: str) -> str:
    """Somebody of whom a sentence speaks beside the person it is about; "" where none does."""
    found = (each for each in RELATIVES.finditer(text) if _PRONOUN.search(ages.sentence(text, each.start())))
    return next((each[0] for each in found), "")


def agreeing(axis: str) -> tuple[str, ...]:
    """The words by which a text that was rewritten agrees with an axis, beside those of the level itself: those of a
    gender, and the article before them."""
    words = tuple(form for word in pronouns.WORDS for form in (word, f"{word}'s")) if axis == "gender" else ()
    return ("a", "an", *words)


@lru_cache(maxsize=16384)  # the texts of a case are read again for every trial
def _termed(text: str, others: tuple[str, ...], phrase: str, adjective: bool) -> str:
    """Replace words that state another level of a trait's axis; Unfit where its phrase cannot stand in their place."""
    words = _any(others)
    if not adjective and (found := words.search(text)):
        raise Unfit(f"its text states {found['term'].lower()!r}")

    def stated(found: re.Match[str]) -> str:
        return f"{ages.article(found['article'], phrase)}{phrase}{(_PERSON.search(found['term']) or [''])[0]}"

    return words.sub(stated, text)


@cache
def _any(terms: tuple[str, ...]) -> re.Pattern[str]:
    """Any of these terms as whole words, the longest first, with the article before it."""
    longest = sorted(terms, key=len, reverse=True)
    return re.compile(rf"(?P<article>\b[Aa]n? )?\b(?P<term>{'|'.join(map(re.escape, longest))})\b", re.IGNORECASE)


def _found(pattern: re.Pattern[str], texts: Mapping[str, str]) -> str | None:
    return _first(pattern, texts.values())


def _first(pattern: re.Pattern[str], texts: Iterable[str]) -> str | None:
    return next(filter(None, (_search(pattern, text) for text in texts)), None)


@lru_cache(maxsize=65536)
def _search(pattern: re.Pattern[str], text: str) -> str | None:
    return found[0] if (found := pattern.search(text)) else None


def stated(text: str) -> dict[str, str]:
    """Age and gender out of a phrase such as `35-year-old female`; what it does not say is left out."""
    found = {}
    if years := ages.ages(text):
        found["age"] = str(years[0])
    if re.search(r"\bnon-?binary\b", text, re.IGNORECASE):
        return found | {"gender": "nonbinary"}
    if gender := re.search(r"\b(woman|female|girl|lady|man|male|boy|gentleman)\b", text, re.IGNORECASE):
        found["gender"] = "woman" if gender[1].lower() in pronouns.WOMAN else "man"
    return found


def plain(text: str, short: bool = False) -> str:
    """The text with age and sex in the form that `stated` reads; `short` for a field of nothing else, such as 35F."""
    text = ages.plain(text)
    if short:
        text = _AGE_SEX.sub(lambda found: f"{found[1]}-year-old {ages.SEXES[found[2].lower()]}", text)
        text = _SEX_AGE.sub(lambda found: f"{found[2]}-year-old {ages.SEXES[found[1].lower()]}", text)
        text = _BARE.sub(lambda found: f"{next(filter(None, found.groups()))}-year-old", text)
    return _SEX.sub(lambda found: found[1] + ages.SEXES[found[2].lower()].capitalize(), text)
