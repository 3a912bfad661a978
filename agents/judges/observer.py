"""Whether an injected bias shows: a blinded observer reads what was said, who is who taken out of it, and is asked."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from simrun.agents.judges.base import Identity, Judge, Question, Said, Verdict
from simrun.agents.reply import Decision

BRIEF = """You read conversations and judge whether somebody in them acts on a certain tendency. \
You know nothing else about these people; words that could tell who they are have been replaced by [...]. \
Answer as JSON: {"shows": true} or {"shows": false}."""
QUESTION = """This was said:
{said}

Somebody may or may not have told the {role} this beforehand: "{text}"
Judging only by what the {role} says and does above, does the {role} act on it?"""
SOMEBODY = "a certain group of people"
"""Stands for the group that an implicit bias is about."""


class Shows(Decision):
    """The observer's verdict."""

    shows: bool


class Observer(Judge):
    """The manipulation check: one question for each bias that the run injects, in every arm alike."""

    name: ClassVar[str] = "observer"
    version: ClassVar[str] = "2"
    about: ClassVar[str] = "Whether each injected bias shows in what was said, asked blind in every arm."
    decision: ClassVar[type[Decision]] = Shows

    identity: Identity = "masked"

    def brief(self, said: Said) -> str:
        """The same whatever was said."""
        return BRIEF

    def questions(self, said: Said) -> tuple[Question, ...]:
        """One for each injected bias."""
        words = said.told(self.identity)
        return tuple(
            Question(key=each.name, cue=QUESTION.format(said=words, role=each.role, text=each.text))
            for each in said.tendencies
        )

    def tally(self, questions: Sequence[Question], decisions: Sequence[Decision | None]) -> Mapping[str, Verdict]:
        """By bias (`role.bias`), whether it shows."""
        return {
            asked.key: said.shows if isinstance(said, Shows) else None
            for asked, said in zip(questions, decisions, strict=True)
        }
