"""The contract of a scenario: its cases, who is in it, who hears whom, the play, and what comes out."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import networkx as nx
import numpy as np
from pydantic import Field, field_validator, model_validator

from simrun.agents.backends.scripted import Rule
from simrun.agents.judges.base import Spoken
from simrun.agents.persona import SPOKEN, Persona, Surface
from simrun.agents.records import Image, Message, Record
from simrun.agents.reply import Decision
from simrun.scenarios.anchor import Anchor
from simrun.scenarios.outcome import Outcome
from simrun.scenarios.treatment import Variant
from simrun.scenarios.versions import Version


@dataclass(frozen=True, slots=True)
class Turn:
    """This role must speak next; the play receives its `Reply`."""

    role: str
    reply: tuple[type[Decision], ...] | type[Decision] = ()
    """The decisions to choose from; none means free text."""
    cue: str = ""
    """Said to the speaker for this turn only, after all else."""
    private: bool = False
    """Asked aside: nobody hears the reply, and the speaker does not remember having been asked."""
    to: tuple[str, ...] | None = None
    """Only these of those who hear the speaker hear this turn; None for all of them."""
    chat: str = ""
    """Which of the speaker's chats this is, for a role that holds several, such as a reviewer of each paper; "" for the
    one. Others hear it in their chat of that name."""
    messages: tuple[Message, ...] = ()
    """The whole chat that is asked, in the place of all that the speaker was told and heard; () for that."""
    luck: tuple[str | int, ...] = ()
    """What its seed follows from beside the role, in the place of the chat and how often it spoke: turns of one luck
    draw alike."""

    def kinds(self) -> tuple[type[Decision], ...]:
        """The decisions to choose from, as a tuple."""
        return self.reply if isinstance(self.reply, tuple) else (self.reply,)


@dataclass(frozen=True, slots=True)
class Line:
    """Said without a model: a test result that was looked up, a user's scripted turn."""

    role: str
    text: str
    images: tuple[Image, ...] = ()
    to: tuple[str, ...] | None = None
    """Only these of those who hear the speaker hear it; None for all of them."""
    chat: str = ""
    """In which of their chats they hear it, where they hold several; "" in the one."""


@dataclass(frozen=True, slots=True)
class File:
    """The option names a file, which a run must find again from any directory: `data: Annotated[str, File()] = ""`."""


FILLED = ("voiced", "shown", "baseline", "outcomes", "carrying", "ever_carrying")
"""Fields of a scenario that the run fills in from its other options: nobody sets them."""
Artefact = Literal["swap", "mirror"]
Outcomes = Literal["sampled", "expected", "both"]
"""A forced choice enters an outcome as what was said; as the probability that the engine gives it, where it gives one
(the sampled choice only moves the play on); or so, with what was said beside it."""
Beat = Turn | tuple[Turn, ...] | Line
Play = Generator[Beat, Any, Outcome]
"""Yields who speaks (a tuple: at the same time, unheard by each other), receives a Reply (a tuple of them), returns
the outcome."""


class Case(Record):
    """One thing to be decided, as it is before anybody is cast."""

    id: str
    persona: Mapping[str, Mapping[str, str]] = {}
    """What the case itself says of its people: role -> axis -> level."""
    images: tuple[Version, ...] = ()
    """Its image, where it has one: one version, or several of which an arm shows one; files by their paths from
    `folder`."""
    folder: str = Field("", exclude=True)
    """Where the case's own file lies; no part of what the case is. "" where it comes from none."""
    flags: tuple[str, ...] = ()
    """What a reader of the results should know of this case, such as a finding that names the truth."""


class Fault(Record):
    """A line of a data file that could not be read; the other lines still play."""

    file: str
    line: int
    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: field {self.field!r}: {self.why}"


class Unfit(Exception):
    """A case that makes no sense for a persona, and why: it is excluded from that contrast, and listed."""


class Scenario(Record):
    """Options are fields. A scenario does no I/O while it plays: no model, file or clock, and no randomness but
    `rng`."""

    name: ClassVar[str]
    """What it is chosen by: the name of its module or package."""
    about: ClassVar[str] = ""
    """What is played, in a sentence, for those who choose."""
    content_note: ClassVar[str] = ""
    """What a reader of its reports and transcripts should be told before they read on; "" for nothing."""
    mode: ClassVar[str] = ""
    """Which of several protocols this class is: the name of its module, beside the others in the scenario's package."""
    default_mode: ClassVar[str] = ""
    """Of a scenario that has modes: the one that is played when a run does not say."""
    outcome: ClassVar[type[Outcome]]
    """What an episode comes to."""

    judges: ClassVar[tuple[str, ...]] = ("judge",)
    """The roles that only judge: an engine lets them wait for those who play."""

    script: ClassVar[tuple[Rule, ...]] = ()
    """How scripted agents play it, with a chance of being right that a planted bias can lower."""

    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {}
    """What is varied when a run does not say: role -> what -> levels."""

    twins: ClassVar[Mapping[str, str]] = {}
    """Roles that show what another role shows at the reference levels, unless a run says otherwise: those whom it is
    compared with."""

    lays: ClassVar[tuple[str, ...]] = ()
    """What `evidence` lays before judges who are asked after the play, such as `diagnosis` and `disease`."""

    frames: ClassVar[tuple[str, ...]] = ()
    """Words of ours that stand before a persona, or in its place, and so come and go with it: no part of a
    treatment."""

    nameless: ClassVar[tuple[str, ...]] = ()
    """Roles whose words are heard without their name before them: those who talk to somebody to whom nobody else
    does."""

    apart: ClassVar[tuple[str, ...]] = ()
    """Chats that belong to no judged conversation, such as one that is only played to take words from: judges who are
    asked after the play are not shown them."""

    artefacts: ClassVar[tuple[Artefact, ...]] = ()
    """Which of `swapped` and `mirrored` this scenario can play, and so which controls it offers."""

    wordings: ClassVar[int] = 1
    """How many equivalent wordings of its prompts there are."""

    lengthy: ClassVar[bool] = False
    """Whether what is read is so long that an engine's context may not hold it: that is reckoned before the play, with
    replies as long as the engine lets them be."""

    without_images: ClassVar[str] = ""
    """The setting with which nobody is shown an image, such as scenario.images=never."""

    wording: int | Literal["drawn"] = Field(0, union_mode="left_to_right")
    """Which wording of the prompts, from 0; `drawn` draws one for each case and repeat, the same in every
    arm."""
    swapped: bool = False
    """What is presented in an order is presented in the opposite order: the control `swap`."""
    mirrored: bool = False
    """Questions are asked with the opposite polarity, and their answers read back: the control `mirror`."""
    voiced: tuple[str, ...] = ()
    """Roles that were given a backend of their own under roles.*; filled in by the run."""
    shown: tuple[str, ...] = ()
    """`role.axis` of all that the run sets or varies of anybody's persona; filled in by the run."""
    baseline: Mapping[str, str] = {}
    """The level of the reference arm of all that the run varies of anybody's persona, by `role.axis`; filled in by the
    run."""
    outcomes: Outcomes = "sampled"
    """Whether a forced choice counts as what was said, or as how probable it was; filled in by the run."""
    carrying: tuple[str, ...] = ()
    """Roles that carry a bias in this arm, and not only its control text: for outcomes, never for what is asked;
    filled in by the run."""
    ever_carrying: tuple[str, ...] = ()
    """Roles that carry one in some arm of the run; filled in by the run."""

    @model_validator(mode="after")
    def _able(self) -> Self:
        for asked, artefact in ((self.swapped, "swap"), (self.mirrored, "mirror")):
            if asked and artefact not in self.artefacts:
                able = ", ".join(self.artefacts) or "neither swap nor mirror"
                raise ValueError(f"{self.name} cannot play the control {artefact!r}; it can play: {able}")
        return self

    @field_validator("wording")
    @classmethod
    def _worded(cls, given: int | str) -> int | str:
        if isinstance(given, int) and not 0 <= given < cls.wordings:
            raise ValueError(f"wording is a number from 0 to {cls.wordings - 1}, or drawn")
        return given

    @classmethod
    def files(cls) -> tuple[str, ...]:
        """The options that name a file: those marked with `File`."""
        return tuple(
            name for name, field in cls.model_fields.items() if any(isinstance(mark, File) for mark in field.metadata)
        )

    @classmethod
    def treated(cls, path: str) -> tuple[tuple[Variant, ...], tuple[Fault, ...]] | None:
        """The audit of a file of texts that others have treated, and the rows that are none; None where it knows no
        such files.

        Raises FileNotFoundError when there is no such file, ValueError when it is not of a form that this scenario
        knows.
        """
        return None

    def people(self) -> tuple[str, ...]:
        """The roles that can carry a persona or a bias; the last of them is the one whom the audit is about."""
        return ()

    def focus(self) -> str:
        """The one whom the audit is about; "" where nobody can carry a persona."""
        return self.people()[-1] if self.people() else ""

    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """Roles that several agents play alike: a team's name -> its members. What a run sets for a team it sets for
        each of them."""
        return {}

    def unaware(self) -> tuple[str, ...]:
        """The roles that are not to learn who the one is whom the audit is about: what they are told must be the same
        in every arm."""
        return ()

    def incomparable(self, varied: Sequence[str]) -> str:
        """Why what is varied (`role.what`) cannot be compared with these options, and the way out; "" where it can."""
        return ""

    def team(self, role: str) -> str:
        """The team that a role is a member of; the role itself where it is none's."""
        return next((team for team, members in self.teams().items() if role in members), role)

    def said(self, wordings: tuple[str, ...]) -> str:
        """A prompt in this scenario's wording (the first while it is still to be drawn)."""
        return wordings[0 if self.wording == "drawn" else self.wording]

    def worded(self, draw: int) -> Self:
        """This scenario in one wording: its own, or the one that is drawn."""
        return self.model_copy(update={"wording": draw % self.wordings}) if self.wording == "drawn" else self

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """All cases, and the lines that are none."""
        raise NotImplementedError

    def anchor(self) -> tuple[tuple[Anchor, ...], tuple[Fault, ...]]:
        """What people did with real things of the kind, and the lines that are none; nothing where no file is given."""
        return (), ()

    def grades(self) -> tuple[float, ...] | None:
        """The scores that can be given, in rising order; None where they are no fixed ones."""
        return None

    def described(self, cases: Sequence[Case]) -> tuple[str, ...]:
        """What a reader of the report should know of these cases, such as how many there are of each kind."""
        return ()

    def roles(self) -> tuple[str, ...]:
        """Everybody who may be asked to speak, with these options."""
        raise NotImplementedError

    def written(self) -> tuple[str, ...]:
        """People who are read about and do not speak, such as applicants: they have a persona and are introduced,
        and need no engine."""
        return ()

    def named(self) -> tuple[str, ...]:
        """The roles who show by their name what a name can tell, of what is varied and of what is not, where a run does
        not say how they show."""
        return ()

    def surfaces(self, role: str) -> tuple[Surface, ...]:
        """In which ways a role's persona can show here."""
        return SPOKEN

    def drawn(self, case: Any, rng: np.random.Generator) -> Any:
        """The case with what is drawn for it before anybody speaks, where the play needs that too: a random graph.

        `rng` is that of `hears`: the same in every arm.
        """
        return case

    def hears(self, case: Any, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """Who hears whom: an edge from speaker to hearer. Blind review is a missing edge, or one that is `unknown`:
        what is said is heard, and who says it is not told (`graph.add_edge("author", "reviewer", unknown=True)`).
        An edge with `chat` tells who somebody is in that chat of the hearer only.

        `rng` draws what is drawn, such as a random graph: it follows from run seed, case and repeat and not from the
        arm.
        """
        raise NotImplementedError

    def brief(self, role: str, case: Any) -> str:
        """What a role is told before the play: the rules, then the case. The same in every arm."""
        raise NotImplementedError

    def reads(self, role: str, case: Any) -> Mapping[str, str]:
        """What lies before a role in each of its chats beside its brief: chat -> text. The same in every arm but for
        the declared words."""
        return {}

    def introduce(self, role: str, persona: Persona, case: Any) -> str:
        """How a role's persona is put to those who hear it; "" where there is nothing to tell."""
        sheet = persona.sheet()
        return f"[About the {role}] {sheet}" if sheet else ""

    def address(self, role: str, persona: Persona, case: Any) -> str:
        """How a role's persona is put to that role itself; "" where there is nothing to tell."""
        own = persona.self_sheet()
        return f"About you: {own}" if own else ""

    def veiled(self, role: str, case: Any) -> str:
        """What those who are blinded are told of a role in place of that, such as a CV without its name."""
        return ""

    def scripted(self, case: Any) -> tuple[str, ...]:
        """What is said in any case, whatever is answered: a user's scripted turns. Like all that is told before
        anybody speaks, it may differ between arms in the declared words only."""
        return ()

    def originals(self, case: Any) -> tuple[Mapping[str, str], ...]:
        """Each line of `scripted` by language, as it is written before it is put into anybody's variety: the same in
        every arm, but for the declared words of somebody who does not speak it."""
        return ()

    @property
    def looks(self) -> bool:
        """Whether somebody is, or may be, shown images, so that their files are read."""
        return False

    def shown_images(self, case: Any) -> tuple[str, ...]:
        """The roles that are, or may be, shown a case's images with these options."""
        return ()

    def agreeing(self, axis: str) -> tuple[str, ...]:
        """The words with which `fit` rewrites a case's own text to agree with a level of an axis, beside those of
        the level itself."""
        return ()

    def remedy(self, axis: str, level: str) -> str:
        """What a user can do about a case that says of somebody what is no level of the axis."""
        return "change the file"

    def facts(self, case: Any) -> Mapping[str, str]:
        """The truth, the anchor and the like: for rules, biases and people, never for a model."""
        return {}

    def case_in(self, case: Any, chat: str) -> Any:
        """The case as it is in one chat, for its facts, where that is about somebody else there."""
        return case

    def evidence(self, case: Any, outcome: Any, lines: Sequence[Spoken]) -> Mapping[str, tuple[str, ...]]:
        """What is laid before judges who are asked after the play: the names of `lays` -> texts.

        `lines` is what was said.
        """
        return {}

    def fit(self, case: Any, personas: Mapping[str, Persona], blind: frozenset[str]) -> Any:
        """The case with its text agreeing with the personas; raises Unfit where that makes no sense. `blind` are the
        roles that are introduced to nobody."""
        return case

    def play(self, case: Any, rng: np.random.Generator) -> Play:
        """The protocol, from the first turn to the outcome."""
        raise NotImplementedError


def heard(first: str, *hearers: str, mutual: bool = True) -> "nx.DiGraph[str]":
    """A graph in which `hearers` hear `first`, and are heard by it."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for hearer in hearers:
        graph.add_edge(first, hearer)
        if mutual:
            graph.add_edge(hearer, first)
    return graph
