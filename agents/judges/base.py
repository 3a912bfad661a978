"""The contract of a judge: what it is asked of what was said, its decision, how that is tallied, what is masked."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from simrun.agents.agent import Agent
from simrun.agents.quoting import attributed
from simrun.agents.records import Record
from simrun.agents.reply import Decision

BLANK = "[...]"
"""Stands for a word that was masked."""
SILENCE = "(Nothing.)"


class Tendency(Record):
    """A bias that some arm of the run injects: looked for in every arm alike, with it or without."""

    name: str
    """`role.bias`"""
    role: str
    text: str
    """The bias at its strongest, the group that it is about taken out."""


Spoken = tuple[str, str]
"""A role, and what it said."""


class Said(Record):
    """What a judge is shown of one episode."""

    lines: tuple[Spoken, ...] = ()
    """In the order in which it was said; what nobody heard is not among it."""
    evidence: Mapping[str, tuple[str, ...]] = {}
    """What the scenario lays before its judges, such as two names of a disease, or a CV and the claims made of it."""
    tendencies: tuple[Tendency, ...] = ()
    masked: str = ""
    """Regular expression of the words that tell who somebody is, "" for none."""

    def told(self, identity: Literal["shown", "masked"]) -> str:
        """The conversation as text, a line each, further ones marked."""
        lines = "\n".join(attributed(role, words) for role, words in self.lines if words)
        if identity == "masked" and self.masked:
            lines = re.sub(self.masked, BLANK, lines, flags=re.IGNORECASE)
        return lines or SILENCE


class Question(Record):
    """One thing that a judge is asked, aside: it does not know of the others."""

    key: str
    """What the answer is tallied under."""
    cue: str


Verdict = bool | float | None
"""What a judge found; None where it did not say, or contradicted itself."""


class Judge(Record):
    """Options are fields.

    It is asked after the play, or later of what is logged (`simrun judge`), or by a scenario while it plays.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    version: ClassVar[str] = "1"
    """To be raised with every change of what is asked: verdicts of two versions are not one figure."""
    decision: ClassVar[type[Decision]]
    needs: ClassVar[tuple[str, ...]] = ()
    """Of `Said.evidence`; a scenario that lays none of it before its judges cannot be judged so."""

    identity: Literal["shown", "masked"] = "shown"
    """Whether it reads who somebody is, or the words by which a level of the run's axes shows are taken out."""

    def brief(self, said: Said) -> str:
        """What it is told before it is asked anything."""
        raise NotImplementedError

    def questions(self, said: Said) -> tuple[Question, ...]:
        """What it is asked of one episode; () where there is nothing to judge."""
        raise NotImplementedError

    def tally(self, questions: Sequence[Question], decisions: Sequence[Decision | None]) -> Mapping[str, Verdict]:
        """What its answers come to; the names are those of the figures in the report, after the judge's own."""
        raise NotImplementedError

    def agent(self, said: Said) -> Agent:
        """Who is asked: told nothing of anybody's persona."""
        return Agent(role=self.name, brief=self.brief(said))
