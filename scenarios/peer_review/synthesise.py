"""Small models take turns: one writes, the others review, and an adjudicator is asked only where they disagree."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import networkx as nx
import numpy as np
import orjson
from pydantic import Field

from simrun.agents.backends.scripted import Rule
from simrun.agents.records import Record
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Case, Fault, File, Play, Turn
from simrun.scenarios.fields import ident, text
from simrun.scenarios.files import read, rows, source
from simrun.scenarios.outcome import Better, Outcome, PerSubject, Range
from simrun.scenarios.peer_review.base import PeerReview
from simrun.scenarios.peer_review.studies import studies
from simrun.scenarios.peer_review.texts import diversity, realism

WORKER, ADJUDICATOR = "worker", "adjudicator"
MOST = 9
RULES = (
    "Several writers work together on short texts: in turns one of you writes, and the others say how good the text is.",
    "You belong to a group that makes short texts. Each time one member writes one, which the other members then rate.",
    "In this group everybody writes short texts in turn, and everybody else reviews what was written.",
)
WRITE = "(Write the abstract of a paper on this topic, in four to six sentences and nothing else: {topic}.)"
RATE = '(How good is this abstract, from 1 to 10? Answer as JSON: {{"score": n}}.\n\n[Abstract]\n{text})'
SETTLE = (
    "(Reviewers disagree about this abstract: they gave {scores} of 10. Read it and give the score that counts, as JSON: "
    '{{"score": n}}.\n\n[Abstract]\n{text})'
)


class Rated(Decision):
    """A score."""

    score: Annotated[int, Field(ge=1, le=10)]


class Topic(Case):
    """What is to be written about, and real text to hold it against."""

    topics: tuple[str, ...]
    real: tuple[str, ...] = ()


class Real(Record):
    """A real text."""

    id: str
    text: str


class SynthesisOutcome(Outcome):
    """What was made of one set of topics. None is a missing value."""

    primary: ClassVar[tuple[str, ...]] = ("score",)
    planted_field: ClassVar[str] = "kept"

    score: Annotated[float | None, Better("higher"), Range(1, 10)]
    """Mean over the texts of the score that counts."""
    kept: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Share of the texts whose score is at least `scenario.bar`."""
    adjudicated: Annotated[float | None, Better("neither"), Range(0, 1)]
    """Share of the texts about which reviewers disagreed by more than `scenario.bound`."""
    spread: Annotated[float | None, Better("neither"), Range(0, 9)]
    """Mean over the texts of the difference between the highest and the lowest score."""
    by_writer: Annotated[PerSubject[float], Better("higher"), Range(1, 10)]
    """Mean score of what each member wrote."""
    as_reviewer: Annotated[PerSubject[float], Better("neither"), Range(1, 10)]
    """Mean score that each member gave to others."""
    diversity: Annotated[float | None, Better("higher"), Range(0, 1)]
    """1 less the mean likeness of two texts (cosine of TF-IDF weights); None for fewer than two."""
    realism: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Mean likeness of a text to the most alike real one, over that of real texts among themselves, at most 1; None
    without real texts."""
    words: Annotated[float | None, Better("neither")]
    made: str
    """The texts as JSON lines, each with its topic, writer, reviewers' scores and the score that counts."""


class Synthesise(PeerReview):
    """Options of making texts together."""

    mode: ClassVar[str] = "synthesise"
    outcome: ClassVar[type[Outcome]] = SynthesisOutcome
    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {"scenario": {"bound": ("2", "9")}}
    script: ClassVar[tuple[Rule, ...]] = (
        Rule(
            when="Write the abstract of a paper",
            say="We study a question, compare two groups by lot, and find a small difference.",
        ),
        Rule(chance=0.8, say={"score": 7}, otherwise={"score": 3}),
    )

    workers: int = Field(3, ge=2, le=MOST)
    """Members who write in turns and review each other; `roles.worker_1.backend=...` gives each a model of its own."""
    texts: int = Field(3, ge=1)
    """Texts of an episode; members write in turns."""
    sets: int = Field(10, ge=1)
    """Cases: sets of topics that are drawn."""
    bound: float = Field(2, ge=0)
    """Reviewers disagree where their scores differ by more."""
    bar: float = Field(6, ge=1, le=10)
    """The score from which a text is kept."""
    real: Annotated[str, File()] = ""
    """A table with the column `text`: real texts to hold those that are made against; "" for none."""

    def members(self) -> tuple[str, ...]:
        """Those who write and review."""
        return tuple(f"{WORKER}_{number}" for number in range(1, self.workers + 1))

    def teams(self) -> Mapping[str, tuple[str, ...]]:
        """They are one team."""
        return {WORKER: self.members()}

    def roles(self) -> tuple[str, ...]:
        """The members, and an adjudicator."""
        return (*self.members(), ADJUDICATOR)

    def people(self) -> tuple[str, ...]:
        """All of them can carry a bias."""
        return (ADJUDICATOR, *self.members())

    def hears(self, case: Topic, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """Everything is asked aside."""
        return nx.DiGraph()

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """Sets of our studies' titles, by lot."""
        real, faults = self._real()
        titles = [study.title for study in studies()]
        cases = tuple(
            Topic(id=f"topics-{number}", topics=_some(titles, self.texts, [self.draw, number]), real=real)
            for number in range(self.sets)
        )
        return cases, faults

    def _real(self) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
        if not self.real:
            return (), ()
        file = source(self.real, "", "scenario.real", self.encoding)
        found, faults = read(file, rows(file), _written, lambda one: one.id)
        return tuple(each.text for each in found), faults

    def brief(self, role: str, case: Topic) -> str:
        """What the group does."""
        return self.said(RULES)

    def play(self, case: Topic, rng: np.random.Generator) -> Play:
        """Members write in turns, each text is rated by the others, and by an adjudicator where they disagree."""
        members = self.members()
        first = int(rng.integers(len(members)))
        writers = [members[(first + number) % len(members)] for number in range(len(case.topics))]
        written = yield tuple(
            Turn(writer, cue=WRITE.format(topic=topic), private=True)
            for writer, topic in zip(writers, case.topics, strict=True)
        )
        asked = [
            (number, member)
            for number, writer in enumerate(writers)
            for member in members
            if member != writer and written[number].text.strip()
        ]
        replies = (
            (
                yield tuple(
                    Turn(member, reply=Rated, cue=RATE.format(text=written[number].text.strip()), private=True)
                    for number, member in asked
                )
            )
            if asked
            else ()
        )
        scores: dict[int, dict[str, float]] = {number: {} for number in range(len(writers))}
        for (number, member), reply in zip(asked, replies, strict=True):
            if isinstance(reply.decision, Rated):
                scores[number][member] = float(reply.decision.score)
        settled = yield from self._settled(written, scores)
        return self._outcome(case, writers, written, scores, settled)

    def _settled(self, written: Sequence[Reply], scores: Mapping[int, Mapping[str, float]]) -> Any:
        """What the adjudicator says of texts about which reviewers disagree."""
        apart = [
            number
            for number, given in scores.items()
            if given and max(given.values()) - min(given.values()) > self.bound
        ]
        turns = tuple(
            Turn(
                ADJUDICATOR,
                reply=Rated,
                cue=SETTLE.format(
                    scores=", ".join(f"{each:g}" for each in scores[number].values()), text=written[number].text.strip()
                ),
                private=True,
            )
            for number in apart
        )
        replies = (yield turns) if turns else ()
        return {
            number: reply.decision.score if isinstance(reply.decision, Rated) else None
            for number, reply in zip(apart, replies, strict=True)
        }

    def _outcome(
        self,
        case: Topic,
        writers: Sequence[str],
        written: Sequence[Reply],
        scores: Mapping[int, Mapping[str, float]],
        settled: Mapping[int, int | None],
    ) -> SynthesisOutcome:
        counted = {
            number: settled[number] if number in settled else _mean(list(given.values()))
            for number, given in scores.items()
        }
        known = [each for each in counted.values() if each is not None]
        judged = [number for number, given in scores.items() if given]
        texts = [reply.text.strip() for reply in written if reply.text.strip() and reply.problem is None]
        return SynthesisOutcome(
            score=_mean(known),
            kept=_mean([float(each >= self.bar) for each in known]),
            adjudicated=len(settled) / len(judged) if judged else None,
            spread=_mean([max(scores[number].values()) - min(scores[number].values()) for number in judged]),
            by_writer={
                member: _mean(
                    [counted[n] for n, writer in enumerate(writers) if writer == member and counted[n] is not None]
                )
                for member in self.members()
            },
            as_reviewer={
                member: _mean([given[member] for given in scores.values() if member in given])
                for member in self.members()
            },
            diversity=diversity(texts),
            realism=realism(texts, case.real),
            words=_mean([float(len(each.split())) for each in texts]),
            made=_lines(case.topics, writers, written, scores, counted),
        )


def _lines(
    topics: Sequence[str],
    writers: Sequence[str],
    written: Sequence[Reply],
    scores: Mapping[int, Mapping[str, float]],
    counted: Mapping[int, float | None],
) -> str:
    """The texts with where they come from, a JSON object a line."""
    return "\n".join(
        orjson.dumps(
            {
                "topic": topic,
                "writer": writers[number],
                "text": written[number].text.strip(),
                "scores": scores[number],
                "score": counted[number],
            }
        ).decode()
        for number, topic in enumerate(topics)
    )


def _written(row: dict[str, Any], number: int) -> Real:
    return Real(id=ident(row.get("id"), str(number)), text=text(row.get("text"), "text"))


def _some(titles: Sequence[str], count: int, seed: Sequence[int]) -> tuple[str, ...]:
    """So many of them by lot, each once until all were drawn."""
    order = np.random.default_rng(seed).permutation(len(titles))
    return tuple(titles[order[number % len(titles)]] for number in range(count))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
