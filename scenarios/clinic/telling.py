"""What a patient says who speaks by rule: sentences of the case in the first person, chosen by the words of a question.

No model speaks, so nobody's idea of how such people talk comes in: the same question has the same answer in every arm.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

HAS, HAS_NOT = "You have: ", "You do not have: "
"""Begin the lines of a story that list what the patient has, and what it has not."""
UNTOLD = "Demographics: "
"""Begins a line that the record tells, and that nobody says of themselves."""
FILED = 'My file says: "{sentence}"'
"""Of a story that speaks of the patient as a third person."""
YES, NO = "{what}? Yes.", "{what}? No."
UNKNOWN, ALL = "I know of nothing like that.", "That is all I can tell you."
AT_ONCE = 2
"""Sentences in one answer at most."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_OPEN = re.compile(
    r"\b(?:what brings|brings you|tell me|describe|what happened|how can i help|what is the matter|what is wrong|"
    r"going on|anything else|what else|more about|your (?:symptoms|complaints?|problem)|since when|"
    r"how did (?:it|this) (?:start|begin))\b",
    re.IGNORECASE,
)
"""Asks for the story, whatever it is."""
_LITTLE = """about after also always another anything been before being below ever from had have having here into just
like many more much notice noticed now other over past please really recent recently since some something such tell than
that them then there these they thing this those time times very were what when where which while with would your"""
_SMALL = frozenset(_LITTLE.split())
"""Words of four letters or more by which nothing is found."""
_TO_ME = re.compile(
    r"(?P<before>\b(?:leaves?|left|bothers?|interrupt|woke|wakes?|makes?|made|gives?|gave|told|tells|struck|hurts?|keeps?|"
    r"around|to|with|of|for|about|by|at|behind|near|from) )you\b|\byou(?=[.,;:!?]|$)",
    re.IGNORECASE,
)
"""Somebody to whom something is done."""
_FORMS = (
    (re.compile(r"\byourself\b", re.IGNORECASE), "myself"),
    (re.compile(r"\byours\b", re.IGNORECASE), "mine"),
    (re.compile(r"\byour\b"), "my"),
    (re.compile(r"\bYour\b"), "My"),
    (re.compile(r"\byou are\b", re.IGNORECASE), "I am"),
    (re.compile(r"\byou were\b", re.IGNORECASE), "I was"),
    (_TO_ME, lambda found: f"{found['before'] or ''}me"),
    (re.compile(r"\byou\b", re.IGNORECASE), "I"),
)


class Told(NamedTuple):
    """What a patient can say, in the order of the case."""

    story: tuple[str, ...]
    """Sentences."""
    has: tuple[str, ...]
    """What is asked about, and a yes."""
    has_not: tuple[str, ...]
    """The same with a no."""

    def known(self) -> tuple[str, ...]:
        """All that is said of the case."""
        return (*self.story, *self.has, *self.has_not)

    def lines(self) -> tuple[str, ...]:
        """All that can be said."""
        return (*self.known(), UNKNOWN, ALL)


@lru_cache(maxsize=1024)
def told(story: str) -> Told:
    """What the patient of a story can say, the story being what it is told of its own case."""
    lines = [line.strip() for line in story.splitlines() if not line.startswith(UNTOLD)]
    own = re.search(r"\byou\b", story, re.IGNORECASE) is not None
    plain = (line for line in lines if not line.startswith((HAS, HAS_NOT)))
    sentences = (each for line in plain for each in _SENTENCE.split(line) if each)
    return Told(
        tuple(first_person(each) if own else FILED.format(sentence=each) for each in sentences),
        *(tuple(_listed(lines, start, reply)) for start, reply in ((HAS, YES), (HAS_NOT, NO))),
    )


def answer(question: str, can_tell: Told, said: Collection[str]) -> str:
    """What is said to a question; `said` are the answers given before.

    What shares most words with the question, be it a sentence or what the patient has or has not; else, to a question
    for the story, its next sentences; to any other that nothing is known of it.
    """
    wanted = _stems(question)
    shared = {line: len(_stems(line) & wanted) for line in can_tell.known()}
    if best := max(shared.values(), default=0):
        return " ".join([line for line, share in shared.items() if share == best][:AT_ONCE])
    if not _OPEN.search(question):
        return UNKNOWN
    before = " ".join(said)
    return " ".join([each for each in can_tell.story if each not in before][:AT_ONCE]) or ALL


def first_person(sentence: str) -> str:
    """A sentence that tells somebody of themselves, as that person says it."""
    for pattern, form in _FORMS:
        sentence = pattern.sub(form, sentence)
    return sentence


@lru_cache(maxsize=8192)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:5] for word in re.findall(r"[a-z]{4,}", text.lower()) if word not in _SMALL)


def _listed(lines: Sequence[str], start: str, reply: str) -> Iterator[str]:
    """Each thing of the lists that begin so, asked and answered."""
    for line in (each for each in lines if each.startswith(start)):
        for what in map(first_person, line.removeprefix(start).rstrip(".").split("; ")):
            yield reply.format(what=what[:1].upper() + what[1:])
