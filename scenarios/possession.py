"""Whether `her` stands before what is hers (his), or is the one to whom something happens (him).

Rules, and no tagger: what the two that install offline from the package index read of the sentences in
tests/scenarios/test_pronouns.py, and what these rules do, stands in that file.
"""

import re

_DETERMINERS = """a an the this these those any some no each every both all another either neither enough much many
several my your his her it its our their"""
_PRONOUNS = """i you he she we they me him us them who whom whose what which when where why how whether if"""
_CONJUNCTIONS = "that and or but nor so because since although though while as than until unless once before after"
_PREPOSITIONS = """to in on at for from with without of by about around into onto through during despite against among
between like near over under up down off out away along across behind beyond upon within toward towards per via"""
_AUXILIARIES = """is was are were be been am has had have do does did can could will would shall should may might must
not"""
_ENDINGS = """again alone too also twice there here now then today tonight yesterday tomorrow just even still already
ever never often sometimes always soon together outside inside upstairs downstairs abroad instead anymore anytime"""
"""Adverbs that end a sentence."""
_CLOSED = frozenset(" ".join((_DETERMINERS, _PRONOUNS, _CONJUNCTIONS, _PREPOSITIONS, _AUXILIARIES, _ENDINGS)).split())
"""Words that follow `her` as an object, and hardly stand before what is hers."""
_AFTER_HERS = re.compile(
    r"is|was|are|were|has|had|did|could|would|should|must|and|or|but|nor|to|from|of|with|than|by|as|at|on|for|since|alone|"
    r"too|twice|again|now|that|which|when|while|because"
)
_LATE = re.compile(
    r"well|hard|fast|late|early|overnight|most|more|less|better|first|"
    r"(?!family|belly|anomaly|assembly)\w+ly"
)
"""Of these the last word of a sentence is about the verb, and one before a noun is about the noun."""
_TIMES = re.compile(
    r"night|week|month|year|morning|evening|afternoon|spring|summer|autumn|fall|winter|monday|"
    r"tuesday|wednesday|thursday|friday|saturday|sunday"
)
_UNITS = re.compile(r"(?:second|minute|hour|day|night|week|month|year|dollar)s?")
_NUMBER = re.compile(r"\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|half")
_OWN = re.compile(r"own|usual|regular|previous|current|latest|first|last|right|left|other")

_TAKING = re.compile(r"t(?:ake|akes|aking|ook)|cost(?:s|ing)?")
_GIVING = re.compile(
    r"g[ai]v(?:e|es|en|ing)|offer\w*|sen(?:d|ds|ding|t)|hand(?:s|ed|ing)?|prescrib\w*|br(?:ing|ings|inging|ought)|"
    r"fe(?:ed|eds|eding|d)|len(?:d|ds|ding|t)|grant\w*|promis\w*|award\w*|spar(?:e|es|ed|ing)|cost(?:s|ing)?"
)
_CAUSING = re.compile(r"caus(?:e|es|ed|ing)|do(?:es|ing)?|did")
_CAUSED = re.compile(r"pain|distress|trouble|discomfort|harm|anxiety|embarrassment|problems|difficulty|good|damage")
_ASKING = re.compile(r"ask(?:s|ed|ing)?|tell(?:s|ing)?|told")
_ASKED = re.compile(r"questions|lies|stories|jokes")
_PERSON = re.compile(
    r"(?:doctor|physician|nurse|employer|boss|friend|partner|spouse|parent|child|kid|baby|infant|son|daughter|brother|"
    r"sister|mother|father|mom|dad|aunt|uncle|cousin|neighbou?r|colleague|teacher|coach|lawyer|landlord|roommate|dog|cat|"
    r"pharmacist|therapist|family|husband|wife|supervisor|manager|caregiver)(?:s|ren|['’]s)?"
)
_GIVEN = re.compile(
    r"consent|name|history|permission|age|opinion|approval|best|account|word|all|life|time|"
    r"agreement|number|address|medication|medications|medicine"
)
"""What one gives of one's own."""
_SEEING = re.compile(
    r"ma(?:ke|kes|king|de)|let(?:s|ting)?|help(?:s|ed|ing)?|see(?:s|n|ing)?|saw|watch\w*|h(?:ear|ears|earing|eard)|"
    r"notic\w*|observ\w*|witness\w*|f(?:eel|eels|elt)"
)
_KEEPING = re.compile(
    r"ke(?:ep|eps|eping|pt)|le(?:ave|aves|aving|ft)|render\w*|f(?:ind|inds|inding|ound)|turn(?:s|ed|ing)?|"
    r"dr(?:ive|ives|ove|iving)|w(?:ake|akes|oke|aking)|g(?:et|ets|ot|etting)|caught|catch(?:es)?|consider\w*|call(?:s|ed|ing)?"
)
_STATE = re.compile(
    r"un\w+|\w+(?:ous|able|ible|less|ive|ed|ful)|a(?:lone|live|sleep|wake|fraid)|dizzy|sleepy|thirsty|hungry|angry|shaky|"
    r"drowsy|itchy|sweaty|happy|crazy|wheezy|busy|steady|groggy|weepy|moody|sick|weak|ill|worse|calm|dead|faint|numb|sad|"
    r"short|hot|cold|stiff|pale|fit|safe|warm|dependent|anxious|irritable|blind|deaf|lethargic|manic|psychotic|septic"
)
_DOING = re.compile(
    r"feel|sleep|fall|walk|breathe|eat|wheeze|stop|relax|cope|get|go|take|stand|sit|lie|collapse|cry|scream|vomit|throw|"
    r"lose|gain|lift|move|climb|come|leave|look|seem|want|think|reali[sz]e|forget|remember|concentrate|manage|use|drink|"
    r"smoke|swallow|urinate|talk|speak|understand|wait|rest|recover|become|shake|tremble|jerk|run|drive|focus|dress|bathe|read|write|see|hear|find|keep|pay"
)
_ACTING = re.compile(
    r"(?!hearing|feeling|clothing|painting|writing|swelling|bleeding|wedding|meeting|building|reading|drawing|breathing|"
    r"being|ring|evening|morning|spring)\w+ing"
)
_MOVING = re.compile(
    r"sen(?:d|ds|t|ding)|br(?:ing|ings|ought|inging)|dr(?:ive|ives|ove|iving)|t(?:ake|akes|ook|aken|aking)|carr\w+|"
    r"walk\w*|accompan\w+|follow\w*|call\w*|pull\w*|g(?:et|ets|ot|etting)|escort\w*|rush\w*|refer\w*|want\w*|let|allow\w*"
)
_TOKEN = re.compile(r"[\w’'-]*\w|[^\w\s]")
_LOOK = 7
"""Words that are looked at behind the pronoun."""


def owns(text: str, start: int, end: int) -> bool:
    """Whether the `her` at this place of a text stands before what is hers."""
    verb, (first, second, third, *rest) = _before(text, start), _after(text, end)
    if not first or first == "own":
        return bool(first)
    if first in ("home", "back") and _MOVING.fullmatch(verb):
        return not _ends(second)
    if _closed(first) or (_LATE.fullmatch(first) and _ends(second)):
        return False
    if first in ("last", "next") and _TIMES.fullmatch(second) and (not third or _closed(third)) and third != "of":
        return verb in _CLOSED
    if first in ("right", "straight") and second in ("away", "now"):
        return False
    if (_ASKING.fullmatch(verb) and _ASKED.fullmatch(first)) or (_CAUSING.fullmatch(verb) and _CAUSED.fullmatch(first)):
        return False
    if _NUMBER.fullmatch(first):
        return not (_GIVING.fullmatch(verb) or (_TAKING.fullmatch(verb) and _UNITS.fullmatch(second)))
    if _SEEING.fullmatch(verb) or _KEEPING.fullmatch(verb):
        return not _predicate(verb, [first, second, third, *rest])
    return not _GIVING.fullmatch(verb) or _is_given(first, [second, third, *rest])


def is_hers(text: str, end: int) -> bool:
    """Whether the `his` that ends at this place of a text stands for what is his: hers, of a woman."""
    first = _after(text, end)[0]
    return not first or bool(_AFTER_HERS.fullmatch(first))


def _predicate(verb: str, words: list[str]) -> bool:
    """Whether what follows says how somebody was, or what they did, and not what is theirs: `made her dizzy`."""
    while len(words) > 1 and (words[0] in ("very", "quite", "rather", "extremely", "more") or words[0].endswith("ly")):
        words = words[1:]
    first, second = words[0], words[1] if len(words) > 1 else ""
    if _ACTING.fullmatch(first) or (_DOING.fullmatch(first) and _SEEING.fullmatch(verb)):
        return True
    return bool(_STATE.fullmatch(first)) and _ends(second)


def _is_given(first: str, rest: list[str]) -> bool:
    """Whether it is hers what is given, or to whom (`gave her tablets to`, `gave her doctor a`); not in `gave her
    oxygen`."""
    if _OWN.fullmatch(first) or _GIVEN.fullmatch(first) or _PERSON.fullmatch(first):
        return True
    follows = next((word for word in rest if not word or _closed(word) or _NUMBER.fullmatch(word)), "")
    return follows in ("to", "a", "an", "the", "his", "her", "some")


def _ends(word: str) -> bool:
    """Whether no noun can come here."""
    return not word or _closed(word)


def _closed(word: str) -> bool:
    return word in _CLOSED or re.split("['’]", word)[0] in _CLOSED


def _before(text: str, start: int) -> str:
    """The word just before a place; "" where there is none, or a stop."""
    found = re.search(r"([\w’'-]+)\s+$", text[max(0, start - 40) : start])
    return found[1].lower() if found else ""


def _after(text: str, end: int) -> list[str]:
    """The words behind a place up to the next stop, then ""; brackets and quotation marks are seen through."""
    words: list[str] = []
    for token in _TOKEN.findall(text[end : end + 120].split("\n", maxsplit=1)[0]):
        if token in "()\"“”'‘’[]*":
            continue
        if not token[0].isalnum() or len(words) == _LOOK:
            break
        words.append(token.lower())
    return words + [""] * (_LOOK - len(words))
