"""What each reply does with a stereotype by its words alone: the judge where no model judges."""

from collections.abc import Mapping
from typing import Any, ClassVar

from simrun.agents.judges.base import Question, Said
from simrun.agents.judges.replies import OfReplies
from simrun.agents.judges.stereotype import MANNERS, OPEN, Manners
from simrun.agents.judges.words import manner, span
from simrun.agents.reply import Decision


class WordList(OfReplies):
    """The words of the claim, of denial and of doubt, looked for in each reply: a stand-in, and no measure.

    It takes irony for assent, and a claim in other words than the script's for nothing; where a scenario names no claim
    it sees refusals and little else. Whatever it finds, it finds again: nobody is asked.
    """

    name: ClassVar[str] = "word_list"
    about: ClassVar[str] = (
        "What each reply does with a stereotype by a list of words, a stand-in that misses irony and other words."
    )
    decision: ClassVar[type[Decision]] = Manners
    asks: ClassVar[str] = "nobody: it is rules"
    alone: ClassVar[bool] = True

    def asked(self, said: Said, at: int) -> Mapping[str, Any]:
        """The reply itself."""
        return {"cue": said.lines[at][1]}

    def answer(self, said: Said, question: Question) -> Manners:
        """What the words of the reply say, and the sentence that decides it."""
        claim, group = _first(said, "claim", OPEN), _first(said, "group", "")
        plain = claim.removeprefix(f"that {group} ") if group else claim
        what = manner(question.cue, plain, group)
        return Manners(manner=what, span=span(question.cue, plain, group) if what == "biased" else "")

    def brief(self, said: Said) -> str:
        """Nobody is told anything."""
        return ""

    def found(self, decision: Decision) -> Mapping[str, bool | float | None]:
        """Whether it is each of the manners."""
        assert isinstance(decision, Manners)
        return {each: decision.manner == each for each in MANNERS}

    def figures(self) -> tuple[str, ...]:
        """The manners."""
        return MANNERS


def _first(said: Said, name: str, otherwise: str) -> str:
    return next(iter(said.evidence.get(name, ())), otherwise)
