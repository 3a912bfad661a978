"""The words of a disease's name, in whatever script, spelling, number and order they were written."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from simrun.agents.quoting import lines

_LETTERS = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe"}
"""Letters that decompose into nothing."""
_QUOTES = dict.fromkeys(map(ord, "’‘ʼʹ′´`＇‛"), "'")
_ALONE = re.compile(r"(?<![\u0370-\u03ff])[\u03b1-\u03c9](?![\u0370-\u03ff])")
_NO_WORDS = frozenset({"the", "an", "of", "and", "disease", "mellitus", "its", "with"})
_ARTICLE_AFTER = re.compile(
    "is|of|with|to|as|has|have|had|in|for|by|from|be|was|likely|probably|possibly|just|not|or|and"
)
"""Before which `a` is no letter, as it is in hepatitis A."""
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_SPELLINGS = (
    (re.compile(r"leuco"), "leuko"),
    (re.compile(r"oe|ae"), "e"),
    (re.compile(r"itides$"), "itis"),
    (re.compile(r"(?<=[^e]a)ses$|(?<=o)ses$"), "sis"),
    (re.compile(r"ies$"), "y"),
    (re.compile(r"omata$"), "oma"),
    (re.compile(r"(?<=ss|sh|ch)es$|(?<=x)es$"), ""),
    (re.compile(r"(?<=[^sui])s$"), ""),
    (re.compile(r"is(?=(?:e|ed|ing|ation)$)"), "iz"),
    (re.compile(r"our$"), "or"),
    (re.compile(r"(?<=fib)re$|(?<=cent)re$"), "er"),
    (re.compile(r"sulph"), "sulf"),
)
"""British and American, singular and plural; what they make of a word need not be one, as long as it is the same for
both."""
_OTHER_WORDS = {
    "schoenlein": "schonlein",
    "sjoegren": "sjogren",
    "waldenstroem": "waldenstrom",
    "koehler": "kohler",
    "moebius": "mobius",
    "loeffler": "loffler",
    "loefgren": "lofgren",
    "embolus": "embolism",
    "emboli": "embolism",
    "thrombi": "thrombus",
    "infarct": "infarction",
    "calculus": "stone",
    "calculi": "stone",
    "bleed": "hemorrhage",
    "bleeding": "hemorrhage",
    "ureteric": "ureteral",
    "myelogenous": "myeloid",
    "renal": "kidney",
    "hepatic": "liver",
    "pulmonary": "lung",
    "disk": "disc",
}
"""Words that mean the same wherever they stand in a name."""
_PHRASES = (
    (re.compile(r"\bclostridium(?= difficile)"), "clostridioides"),
    (re.compile(r"\b(?:t|type ?)([12]) ?dm\b|\bdm ?(?:type ?)?([12])\b"), r"type \1\2 diabetes"),
    (re.compile(r"\bacute[ -]on[ -]chronic\b"), "acute chronic"),
    (re.compile(r"\b3rd\b"), "third"),
    (re.compile(r"\b2nd\b"), "second"),
    (re.compile(r"\b1st\b"), "first"),
)


@lru_cache(maxsize=1024)
def folded(text: str) -> str:
    """A text without case, accents, ligatures and full width; one kind of hyphen, apostrophe and line break; a Greek
    letter that stands alone by its name."""
    plain = "\n".join(lines(text)).translate(_QUOTES)
    plain = "".join(_LETTERS.get(each, each) for each in unicodedata.normalize("NFKC", plain).casefold())
    plain = _unaccented(unicodedata.normalize("NFD", plain))
    plain = re.sub(
        r"(?<![\u0370-\u03ff])[\u03b1-\u03c9](?![\u0370-\u03ff])", _greek, unicodedata.normalize("NFC", plain)
    )
    return "".join(map(_sign, plain))


def _unaccented(decomposed: str) -> str:
    """Latin, Greek and Cyrillic letters lose their accents; elsewhere a mark may be a vowel."""
    kept, bare = list[str](), False
    for each in decomposed:
        mark = unicodedata.category(each) == "Mn"
        if not mark:
            bare = each < "\u0530" or "\u1e00" <= each < "\u2000"
        if not (mark and bare):
            kept.append(each)
    return "".join(kept)


def _greek(letter: re.Match[str]) -> str:
    return f" {unicodedata.name(letter[0]).lower().rpartition(' ')[2].replace('lamda', 'lambda')} "


def _sign(each: str) -> str:
    kind = unicodedata.category(each)
    if each == "\n":
        return each
    if each in "\u2014\u2015":  # sets a part of a sentence off; the others join words
        return " - "
    return "-" if kind == "Pd" or each == "\u2212" else "" if kind == "Cf" else " " if kind in ("Cc", "Zs") else each


@lru_cache(maxsize=8192)
def words(plain: str) -> tuple[str, ...]:
    """The words of a folded text that name something, each in one spelling, in their order."""
    plain = re.sub(r"'s\b|(?<=s)'", "", plain)
    for pattern, other in _PHRASES:
        plain = pattern.sub(other, plain)
    apart = "".join(each if unicodedata.category(each)[0] in "LNM" else " " for each in plain)
    found = apart.split()
    after = zip(found, ["is", *found], strict=False)
    kept = (each for each, before in after if each != "a" or not _ARTICLE_AFTER.fullmatch(before))
    return tuple(each for each in map(_spelled, kept) if each not in _NO_WORDS)


@lru_cache(maxsize=8192)
def _spelled(word: str) -> str:
    if word in _ROMAN:
        return _ROMAN[word]
    if word in _OTHER_WORDS or len(word) < 4:
        return _OTHER_WORDS.get(word, word)
    for pattern, other in _SPELLINGS:
        word = pattern.sub(other, word)
    return _OTHER_WORDS.get(word, word)


def key(given: Iterable[str]) -> str:
    """The same for the same words in any order."""
    return " ".join(sorted(given))


def normal(text: str) -> str:
    """The words of a name, in their order."""
    return " ".join(words(folded(re.sub(r"\([^()]*\)", " ", text))))
