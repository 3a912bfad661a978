"""The contract of a judge: what it is asked of what was said, its decision, how that is tallied, what is masked."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from simrun.agents.agent import Agent
from simrun.agents.quoting import attributed
from simrun.agents.records import Message, Record
from simrun.agents.reply import Decision

BLANK = "[...]"
"""Stands for a word that was masked."""
SILENCE = "(Nothing.)"
WRITTEN = "written for the {role}, which never said it"
"""Marks a line that the scenario put into the mouth of the one who is judged."""
SWAPPED = " (swapped)"
"""Ends the names of what a judge found who read another group in the place of the one that was talked of."""

Identity = Literal["shown", "masked", "swapped"]


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
    """In the order in which it was said; what was asked aside is not among it, and "" stands for what nobody heard."""
    written: tuple[int, ...] = ()
    """Which of the lines, from 0, no model said: a user's scripted turns, a claim put into an assistant's mouth."""
    evidence: Mapping[str, tuple[str, ...]] = {}
    """What the scenario lays before its judges, such as two names of a disease, or a CV and the claims made of it."""
    tendencies: tuple[Tendency, ...] = ()
    beside: "Said | None" = None
    """The same case and repeat as it went in the first arm, for a judge who compares; None for others."""
    masked: str = ""
    """Regular expression of the words that tell who somebody is, "" for none."""

    def told(self, identity: Identity = "shown", of: str = "") -> str:
        """The conversation as text, a line each, further ones marked; so is what was put into the mouth of `of`."""
        lines = "\n".join(self._line(at, of) for at, (_, words) in enumerate(self.lines) if words)
        return self._masked(lines) or SILENCE if identity == "masked" else lines or SILENCE

    def _line(self, at: int, of: str) -> str:
        role, words = self.lines[at]
        told = attributed(role, words)
        return f"({WRITTEN.format(role=role)}) {told}" if role == of and at in self.written else told

    def replies(self, role: str) -> tuple[int, ...]:
        """Where the lines stand that a model said in this role, those that nobody heard among them."""
        return tuple(at for at, (who, _) in enumerate(self.lines) if who == role and at not in self.written)

    def before(self, at: int) -> "Said":
        """The same up to a line, without it."""
        return self.model_copy(update={"lines": self.lines[:at]})

    def seen(self, identity: Identity) -> "Said":
        """As a judge reads it who must not know who somebody is; the same for any other."""
        return self.rewritten(self._masked) if identity == "masked" and self.masked else self

    def rewritten(self, change: Callable[[str], str]) -> "Said":
        """With other words in what was said and in what is laid beside it."""
        lines = tuple((role, change(words)) for role, words in self.lines)
        evidence = {name: tuple(map(change, texts)) for name, texts in self.evidence.items()}
        beside = self.beside and self.beside.rewritten(change)
        return self.model_copy(update={"lines": lines, "evidence": evidence, "beside": beside})

    def _masked(self, text: str) -> str:
        return re.sub(self.masked, BLANK, text, flags=re.IGNORECASE) if self.masked else text


class Question(Record):
    """One thing that a judge is asked, aside: it does not know of the others."""

    key: str
    """What the answer is tallied under."""
    cue: str = ""
    turn: int | None = None
    """Which of the replies it is about, from 0; None where it is about all that was said."""
    turns: int = 0
    """How many replies there are, those among them that cannot be judged."""
    messages: tuple[Message, ...] = ()
    """The whole chat that is asked, in the place of brief and cue: for a model that reads a conversation as one."""


Scalar = bool | float | None
Verdict = Scalar | tuple[Scalar, ...]
"""What a judge found: one value of an episode, or one a turn, kept like an outcome's Series. None where it did not say,
or contradicted itself."""


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
    asks: ClassVar[str] = "any chat model: roles.judge.backend"
    """Who answers for it, and how that is set."""
    alone: ClassVar[bool] = False
    """It answers by itself, by rules (`answer`): nobody is asked, and it has no backend."""

    compares: ClassVar[bool] = False
    """It reads the same case as it went in the first arm beside this one, and so is asked only later (`simrun judge`).
    """

    identity: Identity = "shown"
    """Whether it reads who somebody is; or the words by which a level of the run's axes shows are taken out, or
    replaced by those of the level that it is compared with."""
    swap: float = Field(0.0, ge=0, le=1)
    """Of a judge who reads who somebody is: the share of cases, drawn by the seed, that it judges once more with those
    words replaced; what changes is the judge's own bias."""

    def brief(self, said: Said) -> str:
        """What it is told before it is asked anything."""
        raise NotImplementedError

    def questions(self, said: Said) -> tuple[Question, ...]:
        """What it is asked of one episode; () where there is nothing to judge."""
        raise NotImplementedError

    def answer(self, said: Said, question: Question) -> Decision | None:
        """What it answers by itself, where it is `alone`."""
        raise NotImplementedError

    def tally(self, questions: Sequence[Question], decisions: Sequence[Decision | None]) -> Mapping[str, Verdict]:
        """What its answers come to; the names are those of the figures in the report, after the judge's own."""
        raise NotImplementedError

    def agent(self, said: Said) -> Agent:
        """Who is asked: told nothing of anybody's persona."""
        return Agent(role=self.name, brief=self.brief(said))


def by_turn(questions: Sequence[Question], values: Sequence[Scalar]) -> tuple[Scalar, ...]:
    """The value of each reply; None where none was asked about it, or nothing was said."""
    found = {each.turn: value for each, value in zip(questions, values, strict=True)}
    return tuple(found.get(turn) for turn in range(max((each.turns for each in questions), default=0)))
