"""Small models take turns: one writes, others review, and one more is asked only where the reviewers disagree."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import networkx as nx
import numpy as np
from pydantic import Field

from simrun.agents.backends.scripted import Rule
from simrun.agents.quoting import set_off
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Case, Fault, File, Play, Turn
from simrun.scenarios.outcome import Outcome
from simrun.scenarios.peer_review.base import PeerReview
from simrun.scenarios.peer_review.loaders import papers as given
from simrun.scenarios.peer_review.making import BEST, WORST, Made, SynthesisOutcome, outcome
from simrun.scenarios.peer_review.pairs import abstract
from simrun.scenarios.peer_review.studies import studies

WORKER = "worker"
LEAST, MOST = 4, 9
"""A writer, two reviewers who can disagree, and an adjudicator are the fewest."""
RULES = (
    "Several writers work together on short texts: in turns one of you writes, and others say how good the text is.",
    "You belong to a group that makes short texts. Each time one member writes one, which other members then rate.",
    "In this group everybody writes short texts in turn, and reviews what others have written.",
)
WRITE = (
    "(Write the abstract of a paper on this topic, in four to six sentences and nothing else: {topic}.)",
    "(A paper has this topic: {topic}. Write its abstract: four to six sentences, and nothing besides.)",
    "(Your topic is: {topic}. Give the abstract of a paper on it in four to six sentences, without anything else.)",
)
_SCORE = ' as JSON: {{"score": n}}.)\n\n[Abstract]\n{text}'
RATE = (
    "(How good is this abstract, from 1 to 10? Answer" + _SCORE,
    "(Say how good the abstract below is, 1 being the worst and 10 the best," + _SCORE,
    "(From 1 to 10, what is the abstract that follows worth? Answer" + _SCORE,
)
SETTLE = (
    "(Reviewers disagree about this abstract: of 10 they gave {scores}. Read it and give the score that counts"
    + _SCORE,
    "(The abstract below has got {scores} of 10, so its reviewers are not at one. Read it, and settle its score"
    + _SCORE,
    "(With {scores} of 10, reviewers are divided over the abstract that follows. Read it and decide on its score"
    + _SCORE,
)


class Rated(Decision):
    """A score."""

    score: Annotated[int, Field(ge=WORST, le=BEST)]


class Topics(Case):
    """What is to be written about, and real abstracts to hold it against."""

    topics: tuple[str, ...]
    real: tuple[str, ...] = ()


class Synthesise(PeerReview):
    """Options of making texts together."""

    mode: ClassVar[str] = "synthesise"
    outcome: ClassVar[type[Outcome]] = SynthesisOutcome
    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {"scenario": {"bound": ("2", "9")}}
    script: ClassVar[tuple[Rule, ...]] = (
        Rule(when=r'\{"score": ', chance=0.8, say={"score": 7}, otherwise={"score": 3}),
        Rule(say="We study a question, compare two groups by lot, and find a small difference."),
    )

    workers: int = Field(LEAST, ge=LEAST, le=MOST)
    """Members who write, review and adjudicate in turns; `roles.worker_1.backend=...` gives each a model of its own."""
    texts: int = Field(4, ge=1)
    """Texts of an episode."""
    sets: int = Field(10, ge=1)
    """Cases: sets of topics that are drawn."""
    bound: float = Field(2, ge=0)
    """Reviewers disagree where their scores differ by more."""
    bar: float = Field(6, ge=WORST, le=BEST)
    """The score from which a text is kept."""
    data: Annotated[str, File()] = ""
    """Papers of others, a file or a folder, to hold what is made against their abstracts; "" for none."""
    against: int = Field(20, ge=2)
    """So many of those abstracts, by lot, for each set of topics."""

    def members(self) -> tuple[str, ...]:
        """Those who take turns."""
        return tuple(f"{WORKER}_{number}" for number in range(1, self.workers + 1))

    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """They are one team."""
        return {WORKER: self.members()}

    def roles(self) -> tuple[str, ...]:
        """The members."""
        return self.members()

    def people(self) -> tuple[str, ...]:
        """All of them can carry a bias."""
        return self.members()

    def hears(self, case: Topics, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """Everything is asked aside."""
        return nx.DiGraph()

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """Sets of our studies' titles, by lot."""
        real, faults = self._real()
        titles = [study.title for study in studies()]
        cases = []
        for number in range(self.sets):
            rng = np.random.default_rng([self.draw, number])
            topics, beside = _some(titles, self.texts, rng), _some(real, min(self.against, len(real)), rng)
            cases.append(Topics(id=f"topics-{number}", topics=topics, real=beside))
        return tuple(cases), faults

    def _real(self) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
        """Real abstracts. ValueError for fewer than two, which cannot be held against each other."""
        if not self.data:
            return (), ()
        found, faults = given(self.data, self.encoding)
        if len(found) < 2:
            raise ValueError(f"{self.data}: one paper; give two or more, to say how alike real abstracts are")
        return tuple(abstract(each) for each in found), faults

    def brief(self, role: str, case: Topics) -> str:
        """What the group does."""
        return self.said(RULES)

    def play(self, case: Topics, rng: np.random.Generator) -> Play:
        """Each text is written, rated by the reviewers, and settled by an adjudicator where they disagree."""
        made = self._begun(case.topics, int(rng.integers(self.workers)))
        written = yield tuple(
            Turn(each.writer, cue=self.said(WRITE).format(topic=each.topic), private=True) for each in made
        )
        made = [each.model_copy(update={"text": _text(reply)}) for each, reply in zip(made, written, strict=True)]
        made = yield from self._reviewed(made)
        made = yield from self._settled(made)
        return outcome(made, case.real, self.members(), self.bar)

    def _begun(self, topics: Sequence[str], first: int) -> list[Made]:
        """Who does what: writer is one member after the other, adjudicator the next, and reviewers are all others."""
        found = []
        for number, topic in enumerate(topics, first):
            writer, adjudicator, *others = (self.members()[(number + at) % self.workers] for at in range(self.workers))
            found.append(Made(topic=topic, writer=writer, adjudicator=adjudicator, reviewers=tuple(others)))
        return found

    def _reviewed(self, made: Sequence[Made]) -> Any:
        """The texts with the scores that reviewers give; what was not written is not rated."""
        asked = [(number, role) for number, each in enumerate(made) if each.text for role in each.reviewers]
        replies = yield from _together(
            Turn(role, reply=Rated, cue=self.said(RATE).format(text=set_off(made[number].text)), private=True)
            for number, role in asked
        )
        scores: list[dict[str, float]] = [{} for _ in made]
        for (number, role), reply in zip(asked, replies, strict=True):
            if isinstance(reply.decision, Rated):
                scores[number][role] = float(reply.decision.score)
        return [each.model_copy(update={"scores": own}) for each, own in zip(made, scores, strict=True)]

    def _settled(self, made: Sequence[Made]) -> Any:
        """The texts with what the adjudicator says of those about which reviewers disagree."""
        split = [number for number, each in enumerate(made) if each.apart() > self.bound]
        replies = yield from _together(
            Turn(made[number].adjudicator, reply=Rated, cue=self._settling(made[number]), private=True)
            for number in split
        )
        found = list(made)
        for number, reply in zip(split, replies, strict=True):
            score = float(reply.decision.score) if isinstance(reply.decision, Rated) else None
            found[number] = made[number].model_copy(update={"disputed": True, "settled": score})
        return found

    def _settling(self, made: Made) -> str:
        scores = ", ".join(f"{each:g}" for each in made.scores.values())
        return self.said(SETTLE).format(scores=scores, text=set_off(made.text))


def _together(turns: Iterator[Turn]) -> Any:
    """Turns at the same time, and what came of them."""
    asked = tuple(turns)
    return (yield asked) if asked else ()


def _text(reply: Reply) -> str:
    """What was written; "" for a refusal, and for what was cut off."""
    return reply.text.strip() if reply.problem is None else ""


def _some(texts: Sequence[str], count: int, rng: np.random.Generator) -> tuple[str, ...]:
    """So many of them by lot, each once until all were drawn."""
    order = rng.permutation(len(texts))
    return tuple(texts[order[number % len(texts)]] for number in range(count))
