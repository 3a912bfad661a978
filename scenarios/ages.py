"""What a text says of somebody's age, in years and in words; the same text at another age, or why it cannot be."""

import re
from functools import lru_cache

ADULT = 18
RELATIVES = re.compile(
    r"\b((?:grand|step|god|half-?|foster )?-?(?:mother|father|mom|mum|dad|sister|brother|daughter|son|parent)"
    r"|aunt|uncle|niece|nephew|cousin|grandma|grandpa|sibling)s?\b",
    re.IGNORECASE,
)
CHILD = re.compile(
    r"\b(infant|newborn|neonat\w*|toddler|child(?!hood)\w*|boy|girl|p(?:a?e)diatric\w*|adolescen\w*|teenage\w*|"
    r"menopaus\w*|pregnan\w*|months?-old)\b",
    re.IGNORECASE,
)
"""Words that no other age goes with."""

_SMALL = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {word: number for number, word in enumerate(_SMALL.split(), 1)} | {
    word: number * 10 for number, word in enumerate(_TENS.split(), 2)
}
_N = rf"(\d{{1,3}}|(?:{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})(?:[- ](?:{'|'.join(list(_NUMBERS)[:9])}))?)"
_OLD = r"[- ]?(?:years?|yrs?)[- ](?:old|of[- ]age)\b"
_OF_ANOTHER = (
    r"(?:grand|step)?-?(?:mother|father|mom|mum|dad|sister|brother|daughter|son)s?\b|"
    r"(?:aunt|uncle|niece|nephew|cousin|sibling|twin|wife|husband|partner|girlfriend|boyfriend|friend)s?\b"
)
_STATED = re.compile(
    rf"(?P<article>\b[Aa]n? )?(?<!his )(?<!her )(?<!their )(?<!your )(?<!my )\b(?P<old>\d{{1,3}})"
    rf"(?={_OLD}(?!\s(?:{_OF_ANOTHER})))"
    r"|(?P<label>\b(?:aged|age of|age:|age)\s)(?P<age>\d{1,3})\b(?!\s*(?:months?|weeks?|days?)\b)",
    re.IGNORECASE,
)
_BOUNDS: tuple[tuple[str, int, int], ...] = (
    (r"young (?:adult|man|woman|lady|male|female|person|professional|couple)", 18, 39),
    (r"(?:college|university|undergraduate|graduate|medical|law|doctoral|exchange) (?:student|athlete)", 18, 40),
    (r"(?:^|(?<=[:;,.] )|(?<=old )|(?<!as a )(?<=\ba ))student\b(?! (?:nurse|teacher|loan|union|council))", 18, 40),
    (r"freshman|sophomore|undergrad|dorm(?:itory)?\b|sorority|fraternity", 18, 40),
    (r"room-?mates?|military recruit|army recruit|conscript", 18, 45),
    (r"high[- ]school (?:student|senior|junior|athlete|freshman)", 13, 18),
    (r"middle[- ]aged", 40, 64),
    (r"elderly|geriatric|senior citizen|aged (?:man|woman|male|female)|advanced age|old age\b", 60, 150),
    (r"(?<!year[- ])(?<!years[- ])(?<!yrs[- ])(?<!month[- ])(?<!months[- ])old (?:man|woman|lady|gentleman)", 60, 150),
    (r"sexagenarian", 60, 69),
    (r"septuagenarian", 70, 79),
    (r"octogenarian", 80, 89),
    (r"nonagenarian", 90, 99),
    (r"retired|retiree|pensioner|retirement (?:home|community)|(?:his|her|their|your) retirement", 48, 150),
    (r"(?:li[vf]\w+|resid\w+|stay\w*|placed|sent|transferred|brought) (?:in|at|to|from) (?:an?|the|his|her|your) "
     r"(?:nursing|care|rest) home|nursing[- ]home resident|assisted[- ]living", 55, 150),
    (r"grand(?:child(?:ren)?|sons?|daughters?|kids?)", 38, 150),
    (r"medicare", 65, 150),
)  # fmt: skip
"""What goes with an age from one year to another only; where the age of the case is not in between, the words are
about somebody else, and bind nothing."""
_WORDS = tuple((re.compile(rf"(?<![A-Za-z])(?:{words})", re.I | re.M), low, high) for words, low, high in _BOUNDS)
_DECADE = re.compile(
    r"\bin (?:his|her|their|your|my) (?:early |mid[- ]?|late )*((\d)0['’]?s|(?:tw|th|fo|fi|si|se|ei|ni)\w+ties)\b",
    re.IGNORECASE,
)
_BORN = re.compile(r"\bborn (?:in|on) [^.;\n]{0,20}(?:19|20)\d\d|\bdate of birth|\bdob\b", re.IGNORECASE)
_SPENT = re.compile(
    rf"\b(?:for|over|past|last|of) (?:(?:the|past|last|about|almost|nearly|over|more than|at least) )*{_N} years\b"
    rf"|\b{_N}[- ]years?[- ](?:history|smoking|career)|\b{_N} years? (?:ago|earlier|before|prior|previously|of|as)\b"
    rf"|\b(?:since|at|by|until|from) (?:the )?age (?:of )?{_N}\b|\bwhen (?:s?he|they|you) (?:was|were) {_N}\b",
    re.IGNORECASE,
)
_HABIT = re.compile(
    r"\b(?:smok|cigar|drink|drank|alcohol|beer|marri|work|employ|career|experience|job|profession)", re.IGNORECASE
)
_PACK_YEARS = re.compile(r"\b(\d{1,3})[- ]pack[- ]years?", re.IGNORECASE)
_YOUTH = 15
"""Years of life in which nobody works, smokes or is married."""


def ages(text: str) -> tuple[int, ...]:
    """The ages in years that a text states, each once; not those of relatives."""
    return tuple(dict.fromkeys(int(found["old"] or found["age"]) for found in _STATED.finditer(text)))


@lru_cache(maxsize=16384)  # the texts of a case are read again for every trial
def aged(text: str, given: int, to: int) -> str:
    """The text with the age that is given as another one, and its article with it: an 81-year-old, a 25-year-old."""

    def other(found: re.Match[str]) -> str:
        if int(found["old"] or found["age"]) != given:
            return found[0]
        if found["age"]:
            return f"{found['label']}{to}"
        return f"{article(found['article'], str(to))}{to}"

    return _STATED.sub(other, text)


def article(stands: str | None, word: str) -> str:
    """The indefinite article that stands before a word, as it must be before another word; "" where none stands."""
    if not stands:
        return ""
    vowel = bool(re.match(r"8|1[18](?!\d)|[aio]|e(?!u)|u(?!ni(?!n)|s)", word, re.IGNORECASE))
    return f"{stands[0]}{'n' if vowel else ''} "


@lru_cache(maxsize=16384)
def bound(text: str, given: int | None, to: int) -> str:
    """The words of a text that go with the age that is given and not with another one; "" without any."""
    for words, low, high in _WORDS:
        if (given is None or low <= given <= high) and not low <= to <= high and (found := words.search(text)):
            return found[0].strip(" ,")
    for found in _DECADE.finditer(text):
        low = int(found[2]) * 10 if found[2] else _tens(found[1])
        if (given is None or given // 10 * 10 == low) and to // 10 * 10 != low:
            return found[0]
    if found := _BORN.search(text):
        return found[0]
    return _spent(text, given, to)


def _spent(text: str, given: int | None, to: int) -> str:
    """A time of years that somebody of an age cannot have had."""
    for found in _SPENT.finditer(text):
        years = _number(next(filter(None, found.groups())))
        around = sentence(text, found.start())
        if years == given or RELATIVES.search(around):
            continue
        youth = _YOUTH if _HABIT.search(around) else 0
        if years > to - youth and (given is None or years <= given - youth):
            return found[0]
    packs = next((found for found in _PACK_YEARS.finditer(text) if int(found[1]) > 2 * (to - _YOUTH)), None)
    return packs[0] if packs else ""


def _number(word: str) -> int:
    if word.isdigit():
        return int(word)
    return sum(_NUMBERS[part] for part in re.split("[- ]", word.lower()))


def _tens(word: str) -> int:
    return _NUMBERS.get(word.lower().removesuffix("ies") + "y", 0)


def sentence(text: str, at: int) -> str:
    """The sentence or line around a place in a text."""
    start = max(text.rfind(stop, 0, at) for stop in ".\n") + 1
    ends = [end for end in (text.find(stop, at) for stop in ".\n") if end >= 0]
    return text[start : min(ends, default=len(text))]


SEXES = {"f": "female", "m": "male"}
_SHORT = re.compile(r"(?<![\w.])(\d{1,3})[\s-]?y\.?\s?/?o\.?(?:ld)?(?=[FM]?(?![\w.]))([FM]?)", re.IGNORECASE)
_SPELLED = re.compile(rf"\b{_N}(?={_OLD})", re.IGNORECASE)


def plain(text: str) -> str:
    """The text with ages as people shorten or spell them in one form: 35 y.o. and thirty-five-year-old."""
    text = _SPELLED.sub(lambda found: str(_number(found[1])), text)
    return _SHORT.sub(lambda found: f"{found[1]}-year-old {SEXES.get(found[2].lower(), '')}".strip(), text)
