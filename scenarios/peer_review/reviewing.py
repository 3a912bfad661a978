"""A venue: its papers, who reviews which, who is who, and what each of them reads."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import networkx as nx
import numpy as np
from pydantic import Field, field_validator, model_validator

from simrun.agents.persona import WRITTEN, Persona, Surface
from simrun.agents.quoting import set_off
from simrun.scenarios.base import Case, Fault, File, Unfit
from simrun.scenarios.peer_review.assignment import Way, boards
from simrun.scenarios.peer_review.base import AUTHOR, BYLINE, CHAIR, REVIEWER, PeerReview
from simrun.scenarios.peer_review.deciding import Rule, places
from simrun.scenarios.peer_review.forms import Steps, bar, scale, written
from simrun.scenarios.peer_review.loaders import papers as given
from simrun.scenarios.peer_review.papers import Paper, own
from simrun.scenarios.peer_review.prompts import AUTHORS, CHAIRS, PAPER, REVIEWS, SCALE, UNSCORED, Chairing
from simrun.scenarios.peer_review.venues import Venue, labels, venues
from simrun.scenarios.peer_review.versions import Hiding, Version

BOARD = "board"
"""Passes on what others wrote, word for word."""
MOST_PAPERS, MOST_REVIEWERS = 50, 8
ALIKE = ("data", "draw", "papers", "reviewers", "committee", "load", "conflicts", "assign", "scale", "numeric")
"""Options that are the same in every arm: they make the venues, say who reviews what, and in which steps."""
_ALIKE = {
    "scale": "scores on different scales are not compared",
    "numeric": "without scores there is nothing to compare",
}
"""Why, where it is not that arms share venues."""
_NEEDED = {
    "hiding": ("version", "hidden"),
    "threshold": ("decide", "threshold"),
    "rate": ("decide", "rate"),
    "byline": ("blind", "single"),
}
"""Options that matter only with a value of another."""
_EVERYBODY = tuple(f"{REVIEWER}_{number}" for number in range(1, 3 * MOST_PAPERS + 1))


class Reviewing(PeerReview):
    """Options of a review, who is in it, who hears whom, and what they read."""

    twins: ClassVar[Mapping[str, str]] = {f"{AUTHOR}_{number}": AUTHOR for number in range(2, MOST_PAPERS + 1)}
    frames: ClassVar[tuple[str, ...]] = (BYLINE.partition("{")[0],)
    lengthy: ClassVar[bool] = True

    data: Annotated[str, File()] = ""
    """A file or folder of papers of others, in the place of ours."""
    reviewers: int = Field(3, ge=1, le=MOST_REVIEWERS)
    """Reviews of each paper."""
    papers: int = Field(1, ge=1, le=MOST_PAPERS)
    """Papers of an episode: one differs between arms, the others are its venue."""
    committee: int | None = Field(None, ge=1, le=len(_EVERYBODY))
    """Reviewers in all; as many as each paper has when not given."""
    load: int | None = Field(None, ge=1, le=MOST_PAPERS)
    """Papers of one reviewer at most; all when not given."""
    conflicts: int = Field(0, ge=0)
    """Papers of each reviewer, by lot, that it must not review."""
    assign: Way = "random"
    """Who reviews what: by lot, or by how much of a paper's words stand in what a reviewer has worked on."""
    version: Version = "original"
    """In which version the paper is submitted that the audit is about; the others are as they are."""
    hiding: Hiding = "white_text"
    """How version `hidden` hides its instruction."""
    scale: str | tuple[float, ...] = "1-10"
    """The scores that can be given: ends, such as 1-6, or steps, such as [1,3,5,6,8,10]."""
    numeric: bool = True
    """Whether reviews have scores; without them the chair decides."""
    blind: Literal["single", "double"] = "single"
    """Whether reviewers know who wrote a paper."""
    byline: Literal["end", "start"] = "end"
    """Where it stands who wrote a paper: after it, where arms share all before, or at its beginning."""
    desk: bool = False
    """Whether the chair may decline a paper before it is reviewed."""
    reviews: bool = True
    """Whether reviewers review alone first; without, they only discuss."""
    draft: bool = False
    """Whether reviewers are asked to check their draft before it is sent."""
    rebuttal: bool = True
    """Whether authors answer each review."""
    revision: bool = False
    """Whether authors say after the reviews what they have changed."""
    rounds: int = Field(1, ge=0)
    """How often the chair and each reviewer speak in the discussion, before scores are given again; 0 leaves it out."""
    meta: bool = True
    """Whether the chair writes a meta-review of each paper."""
    chairing: Chairing = "inclusive"
    """`authoritarian`: the chair does not read the reviews, nor what is said of them; `conformist`: it does not read
    the paper; `inclusive`: both."""
    decide: Rule = "threshold"
    """By what a paper is accepted: its mean score, its rank at an exact rate, the chair's word, or not at all."""
    threshold: float | None = None
    """The mean score from which a paper is accepted; the lowest step in the upper half of the scale when not given."""
    rate: float = Field(0.3, gt=0, le=1)
    """The share of papers that is accepted: rate x papers, halves rounded up."""

    @field_validator("scale", mode="before")
    @classmethod
    def _scaled(cls, given: Any) -> Any:
        scale(given)  # says what is wrong with it in the words of a scale, whatever came
        return given

    @model_validator(mode="after")
    def _meets(self) -> "Reviewing":
        steps = scale(self.scale)
        if self.threshold is not None and not steps[0] <= self.threshold <= steps[-1]:
            raise ValueError(
                f"threshold={self.threshold:g} is not within scale={self.scale}, {steps[0]:g} to {steps[-1]:g}; give "
                f"another, or leave scenario.threshold out for {bar(steps):g}"
            )
        if self.decide == "rate" and not places(self.rate, self.papers) > 0:
            raise ValueError(
                f"rate={self.rate:g} of papers={self.papers} accepts no paper; raise scenario.rate or "
                "scenario.papers, or choose scenario.decide=threshold"
            )
        free = min(self.most, self.papers - self.conflicts)
        if self.reviewers > self.many or self.reviewers * self.papers > self.many * free:
            barred = f" and {self.conflicts} conflicts" if self.conflicts else ""
            raise ValueError(
                f"{self.reviewers} reviews of each of {self.papers} papers cannot be had from {self.many} reviewers "
                f"with at most {self.most} papers{barred} each; raise scenario.committee or scenario.load"
                + (", or lower scenario.conflicts" if barred else "")
            )
        return self

    @model_validator(mode="after")
    def _phases(self) -> "Reviewing":
        if self.decide == "chair" and not self.meta:
            raise ValueError("decide=chair needs the chair's meta-review: leave out scenario.meta=false")
        if self.decide in ("threshold", "rate") and not (self.numeric and (self.reviews or self.rounds)):
            raise ValueError(
                f"decide={self.decide} needs scores, which scenario.numeric=false, or scenario.reviews=false with "
                "scenario.rounds=0, leaves out; choose scenario.decide=chair or scenario.decide=none"
            )
        if not self.reviews and (self.draft or self.rebuttal or self.revision):
            raise ValueError(
                "without reviews there is nothing to check or to answer: leave out scenario.reviews=false, or set "
                "scenario.draft=false scenario.rebuttal=false scenario.revision=false"
            )
        if self.desk and self.chairing == "conformist":
            raise ValueError(
                "at the desk the chair reads the papers, which a conformist chair does not: leave out scenario.desk, "
                "or choose scenario.chairing=inclusive or authoritarian"
            )
        return self

    @property
    def many(self) -> int:
        """Reviewers in all."""
        return self.committee or self.reviewers

    @property
    def most(self) -> int:
        """Papers that one reviewer takes at most."""
        return self.load or self.papers

    @property
    def steps(self) -> Steps | None:
        """The scores that can be given; None without any."""
        return scale(self.scale) if self.numeric else None

    def grades(self) -> Steps | None:
        """The steps of the scale."""
        return self.steps

    @property
    def bar(self) -> float:
        """The mean score from which a paper is accepted."""
        return bar(scale(self.scale)) if self.threshold is None else self.threshold

    @property
    def reading(self) -> tuple[str, ...]:
        """The chair, where it hears what is said of the papers."""
        return () if self.chairing == "authoritarian" or CHAIR not in self.roles() else (CHAIR,)

    def members(self) -> tuple[str, ...]:
        """The reviewers."""
        return _EVERYBODY[: self.many]

    def authors(self) -> tuple[str, ...]:
        """An author for each paper, the first being the one whom the audit is about."""
        return (AUTHOR, *(f"{AUTHOR}_{number}" for number in range(2, self.papers + 1)))

    def author(self, label: str) -> str:
        """Who wrote a paper."""
        return self.authors()[labels(self.papers).index(label)]

    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """The reviewers are one team."""
        return {REVIEWER: self.members()}

    def roles(self) -> tuple[str, ...]:
        """Reviewers, authors who answer, and a chair."""
        answering = self.authors() if self.rebuttal or self.revision else ()
        return (*self.members(), *answering, *((CHAIR,) if self.meta or self.desk else ()))

    def written(self) -> tuple[str, ...]:
        """Authors who do not answer are only read about."""
        return () if self.rebuttal or self.revision else self.authors()

    def people(self) -> tuple[str, ...]:
        """All of them; the author whom the audit is about comes last."""
        return (*self.members(), CHAIR, *self.authors()[1:], AUTHOR)

    def surfaces(self, role: str) -> tuple[Surface, ...]:
        """Authors show in a byline."""
        return WRITTEN if role.partition("_")[0] == AUTHOR else super().surfaces(role)

    def unaware(self) -> tuple[str, ...]:
        """Under double blind nobody who judges a paper is to know who wrote it."""
        return (*self.members(), CHAIR) if self.blind == "double" else ()

    def incomparable(self, varied: Sequence[str]) -> str:
        """Venues and scales are alike in all arms; under a fixed rate the papers of a venue cannot all differ."""
        if alike := [f"scenario.{option}" for option in ALIKE if f"scenario.{option}" in varied]:
            why = _ALIKE.get(alike[0].partition(".")[2], "arms share venues")
            return f"vary.{alike[0]}: {why}; play a run for each, or vary something else"
        if why := self._idle(varied):
            return why
        others = [each for each in varied if each.partition(".")[0] in self.authors()[1:]]
        if others and self.decide == "rate":
            return (
                f"vary.{others[0]}: at a fixed rate one paper is accepted in the place of another, so only that of the "
                f"{AUTHOR} may differ between arms; vary.{AUTHOR} alone, or scenario.decide=threshold to compare scores"
            )
        if self.blind == "double" and f"{REVIEWER}.aware" in varied:
            return (
                f"vary.{REVIEWER}.aware: under scenario.blind=double no {REVIEWER} is told who wrote a paper; choose "
                "scenario.blind=single"
            )
        return ""

    def _idle(self, varied: Sequence[str]) -> str:
        """Why an option that is varied changes nothing with the others as they are; "" where it may."""
        idle = {option: needed for option, needed in _NEEDED.items() if f"scenario.{option}" in varied}
        for option, (other, value) in idle.items():
            if f"scenario.{other}" not in varied and getattr(self, other) != value:
                return (
                    f"vary.scenario.{option}: with scenario.{other}={getattr(self, other)} it changes nothing; set "
                    f"scenario.{other}={value}"
                )
        if "scenario.chairing" in varied and CHAIR not in self.roles():
            return "vary.scenario.chairing: there is no chair: leave out scenario.meta=false"
        return ""

    def drawn(self, case: Venue, rng: np.random.Generator) -> Venue:
        """The venue with its board."""
        topics = tuple(" ".join((paper.title, *paper.keywords)) for paper in case.papers)
        seed = int(rng.integers(2**62))
        limits = self.reviewers, self.most, self.conflicts
        board = boards(case.labels(), topics, self.members(), *limits, self.assign, seed)
        return case.model_copy(update={"board": board})

    def hears(self, case: Venue, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """Reviewers of a paper, its author and the chair, as far as a turn says that they hear it; under double blind
        nobody is told who wrote it."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        unknown = self.blind == "double" or self.byline == "start"
        for label, reviewers in case.board.items():
            told, author = (*reviewers, CHAIR), self.author(label)
            for reader in told:
                graph.add_edge(author, reader, unknown=unknown, chat=label)
                graph.add_edge(reader, author)
                graph.add_edges_from((reader, other) for other in told if other != reader)
            graph.add_edges_from((BOARD, reviewer) for reviewer in reviewers)
        return graph

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """A venue around each submission of ours, or around each paper of a file."""
        if self.data:
            papers, faults = given(self.data, self.encoding)
            return venues(papers, {}, self.papers, self.draw), faults
        submissions = own(self.draw)
        papers = tuple(each.paper() for each in submissions)
        return venues(papers, {each.id: each for each in submissions}, self.papers, self.draw), ()

    def fit(self, case: Venue, personas: Mapping[str, Persona], blind: frozenset[str]) -> Venue:
        """The paper in its version, with its author where the text names one, and bylines where they stand first."""
        sheets = {label: personas[self.author(label)].sheet() for label in case.labels()}
        shown = self.byline == "start" and self.blind == "single"
        return case.model_copy(
            update={
                "papers": (self._version(case, sheets["paper-1"]), *case.papers[1:]),
                "bylines": {label: BYLINE.format(person=sheet) for label, sheet in sheets.items() if sheet and shown},
                "blinded": blind,
            }
        )

    def _version(self, case: Venue, author: str) -> Paper:
        if case.submission is None:
            return case.papers[0].version(self.version, self.hiding, author)
        if self.version == "flawed" and not case.flaw:
            raise Unfit("all that could be flawed in the paper is")
        return case.submission.paper(self.version, case.flaw, self.hiding, author)

    def brief(self, role: str, case: Venue) -> str:
        """The rules."""
        if role == CHAIR:
            return self.said(CHAIRS)
        if role.partition("_")[0] == AUTHOR:
            return self.said(AUTHORS)
        steps = SCALE.format(steps=written(self.steps)) if self.steps else UNSCORED
        return self.said(REVIEWS).format(scale=steps)

    def reads(self, role: str, case: Venue) -> Mapping[str, str]:
        """The papers, each in a chat of its own; an author has the own one only."""
        if role in self.authors():
            return {label: self._read(paper) for label, paper in case.by_label().items() if self.author(label) == role}
        papers = case.by_label() if role != CHAIR or self.chairing != "conformist" else {}
        bylines = case.bylines if role not in case.blinded else {}
        parts = {
            label: (bylines.get(label), self._read(papers[label]) if label in papers else "") for label in case.labels()
        }
        return {label: "\n\n".join(filter(None, both)) for label, both in parts.items() if any(both)}

    def _read(self, paper: Paper) -> str:
        # a paper of others may hold anything; ours hold no line that looks like somebody else's
        return PAPER.format(paper=paper.read() if paper.quality else set_off(paper.read()))
