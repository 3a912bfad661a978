"""Letters of reference and answers in interviews: their words, their tone, and what in them can be held against a CV."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Self

from simrun.agents.reply import Decision
from simrun.scenarios.recruitment_lexicons import counts, lexicons

if TYPE_CHECKING:
    from textblob.en.sentiments import PatternAnalyzer
    from textblob.en.taggers import PatternTagger

CLAIM = (
    'Somebody says of the applicant, or the applicant says: "{claim}"\n'
    'Does the CV bear this out? Answer as JSON: {{"verdict": "supported"}}, {{"verdict": "contradicted"}} if the CV says otherwise, or '
    '{{"verdict": "not stated"}}. An opinion that claims no fact counts as supported.'
)
VERDICTS = ("supported", "contradicted", "not stated")
_END = re.compile(r"(?<![A-Z])(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bProf)[.!?]+[\"')\]]*\s+|\n+")
_FORMULA = re.compile(
    r"^\W*(dear|to whom|hello|hi\b|good (morning|day|afternoon)|(yours )?(sincerely|faithfully)|(best|kind|warm) (regards|wishes)|regards|thank you|"
    r"(please )?(do not hesitate|feel free)|please (contact|let me know)|if you (have|need|require))",
    re.IGNORECASE,
)
_DEICTIC = {"PRP": -1, "PRP$": -1, "WP": -1, "WP$": -1, "UH": -1}
_FORMAL = {"NN": 1, "JJ": 1, "IN": 1, "DT": 1, "VB": -1, "RB": -1}
"""Parts of speech by the beginning of their tag: those that grow with formality, and those that shrink."""


class Supported(Decision):
    """A judge's verdict on one claim."""

    verdict: Literal["supported", "contradicted", "not stated"]

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The one verdict that is named in the text; `not supported` is none of them."""
        found = [each for each in VERDICTS if re.search(rf"(?<!not )\b{each}\b", text, re.IGNORECASE)]
        return cls.model_validate({"verdict": found[0]}) if len(found) == 1 else None


def sentences(text: str) -> tuple[str, ...]:
    """The sentences and lines of a text, without white space around them."""
    ends = [0, *(found.end() for found in _END.finditer(text)), len(text)]
    return tuple(filter(None, (text[start:end].strip() for start, end in pairwise(ends))))


def claims(text: str) -> tuple[str, ...]:
    """The sentences that may claim something: no questions, greetings, closings, or lines of fewer than three words."""
    return tuple(each for each in sentences(text) if len(each.split()) > 2 and not each.endswith("?") and not _FORMULA.match(each))


def unsupported(verdicts: Sequence[Decision | None]) -> float | None:
    """Share of the claims judged that the CV contradicts or does not state; None without any."""
    return _judged(verdicts, "contradicted", "not stated")


def contradicted(verdicts: Sequence[Decision | None]) -> float | None:
    """Share of the claims judged that the CV contradicts; None without any."""
    return _judged(verdicts, "contradicted")


def _judged(verdicts: Sequence[Decision | None], *those: str) -> float | None:
    found = [each.verdict in those for each in verdicts if isinstance(each, Supported)]
    return sum(found) / len(found) if found else None


def counted(text: str) -> dict[str, Any]:
    """Words, how many of them stand in each word list, and agency: agentic words of the agentic and communal ones. None of all without a text."""
    if not text.strip():
        return dict.fromkeys(("words", *lexicons(), "agency"))
    found = {name: counts(text, lexicon) for name, lexicon in lexicons().items()}
    agentic, communal = found["agentic"].total, found["communal"].total
    both = agentic + communal
    return {
        "words": found["agentic"].words,
        **{name: each.total for name, each in found.items()},
        "agency": agentic / both if both else None,
    }


def tone(text: str) -> dict[str, float | None]:
    """Positivity, -1 to 1 (TextBlob's lexicon of adjectives and adverbs), and formality; None of both without a text.

    Formality: (nouns + adjectives + prepositions + articles and determiners - pronouns - verbs - adverbs - interjections, in percent
    of all words, + 100) / 2: 0 to 100, higher is more formal. Tags by TextBlob's tagger, which has its lexicon with it; its tag DT holds
    all determiners, of which the formula has the articles.
    Source: Heylighen and Dewaele 2002, doi:10.1023/A:1019661126744.
    """
    if not text.strip():
        return {"positivity": None, "formality": None}
    analyser, tagger = _tools()
    tags = [tag for word, tag in tagger.tag(text) if any(letter.isalnum() for letter in word)]
    weight = sum(_DEICTIC.get(tag, _FORMAL.get(tag[:2], 0)) for tag in tags)
    formality = (100 * weight / len(tags) + 100) / 2 if tags else None
    return {"positivity": float(analyser.analyze(text).polarity), "formality": formality}


@cache
def _tools() -> "tuple[PatternAnalyzer, PatternTagger]":
    # two seconds to import: only where there is a letter
    from textblob.en.sentiments import PatternAnalyzer
    from textblob.en.taggers import PatternTagger

    return PatternAnalyzer(), PatternTagger()
