"""Letters of reference and answers in interviews: their words, and what in them can be held against a CV."""

import re
from itertools import pairwise, takewhile
from typing import Any

from simrun.scenarios.recruitment.lexicons import counts, lexicons

_SHORT = "".join(
    rf"(?<!\b{re.escape(word)})" for word in ("Dr", "Mr", "Ms", "Mx", "Mrs", "Prof", "St", "approx", "vs", "e.g", "i.e")
)
# a single capital is an initial, and the end of MBA is not; before a small letter, Inc. ends nothing
_END = re.compile(
    rf"(?<!\b[A-Z]){_SHORT}(?:(?<!\bInc)(?<!\bLtd)(?<!\betc)|(?=[.!?]+\W*\s+[^a-z]))[.!?]+[\"'”’)\]]*\s+|\n+"
)
_CLOSING = re.compile(
    r"\W*((yours )?(sincerely|faithfully|truly)|(with )?(my )?(best|kind|kindest|warm|warmest) (regards|wishes)|"
    r"regards|respectfully)( yours)?\W*",
    re.IGNORECASE,
)
"""A line that ends a letter: below it stands who signs."""
_FORMULA = re.compile(
    r"\W*(dear\b(?! to)|to whom\b|to the hiring|hello\b|hi\b|good (morning|day|afternoon)\b|(re|subject|date)\s*:|"
    r"thank you\b|"
    r"(yours )?(sincerely|faithfully|truly)\b|(with )?(best|kind|warm) (regards|wishes)\b|"
    r"(please )?(do not hesitate|don.t hesitate|feel free)\b|please (contact|let me know|reach out)\b|i (look|"
    r"am looking) forward to (hear|speak)|"
    r"(should|if) you (should )?(have|need|require|wish|would like) (any|further|more|additional|to)\b|"
    r"\[[^\]]*\]\W*$|\w+ \d{1,2}, \d{4}$|\d{1,2} \w+ \d{4}$)",
    re.IGNORECASE,
)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences and lines of a text, without white space around them."""
    ends = [0, *(found.end() for found in _END.finditer(text)), len(text)]
    return tuple(filter(None, (text[start:end].strip() for start, end in pairwise(ends))))


def claims(text: str) -> tuple[str, ...]:
    """The sentences that may claim something: no questions, greetings, closings or what stands below them, or lines
    of fewer than three words."""
    body = takewhile(lambda each: not _CLOSING.fullmatch(each), sentences(text))
    return tuple(each for each in body if len(each.split()) > 2 and not each.endswith("?") and not _FORMULA.match(each))


def counted(text: str) -> dict[str, Any]:
    """Words, how many of them stand in each word list, and what two lists say together. None of all without a text.

    `agency` is agentic / (agentic + communal), 0 to 1; `positivity` (praise - doubt) / (praise + doubt), -1 to 1; None
    without a word of either list. Words count wherever they stand: what is denied counts as what is said.
    """
    if not text.strip():
        return dict.fromkeys(("words", *lexicons(), "agency", "positivity"))
    found = {name: counts(text, lexicon) for name, lexicon in lexicons().items()}
    total = {name: each.total for name, each in found.items()}
    return {
        "words": found["agentic"].words,
        **total,
        "agency": _of(total["agentic"], total["agentic"] + total["communal"]),
        "positivity": _of(total["praise"] - total["doubt"], total["praise"] + total["doubt"]),
    }


def _of(part: int, whole: int) -> float | None:
    return part / whole if whole else None
