"""Texts that were made together: who did what, and what it came to."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import numpy as np
import orjson

from simrun.agents.records import Record
from simrun.scenarios.outcome import Better, Outcome, PerSubject, Range
from simrun.scenarios.peer_review.texts import diversity, realism

WORST, BEST = 1, 10
"""Ends of the scale."""
Points = Annotated[float | None, Better("higher"), Range(WORST, BEST)]
Share = Annotated[float | None, Better("neither"), Range(0, 1)]


class Made(Record):
    """One text, and where it comes from."""

    topic: str
    writer: str
    reviewers: tuple[str, ...]
    adjudicator: str
    text: str = ""
    """"" where none was written."""
    scores: Mapping[str, float] = {}
    """By reviewer, those that could be read."""
    disputed: bool = False
    """Whether the adjudicator was asked."""
    settled: float | None = None
    """What the adjudicator gave."""

    @property
    def score(self) -> float | None:
        """The score that counts: the adjudicator's where one was asked, else the reviewers' mean."""
        return self.settled if self.disputed else _mean(list(self.scores.values()))

    def apart(self) -> float:
        """The highest score less the lowest, 0 where there are fewer than two."""
        return max(self.scores.values()) - min(self.scores.values()) if self.scores else 0.0

    def line(self) -> str:
        """A JSON object on one line."""
        told = self.model_dump(mode="json", exclude={"disputed", "reviewers", "adjudicator"})
        settling = {"adjudicator": self.adjudicator} if self.disputed else {}
        return orjson.dumps({**told, **settling, "score": self.score}).decode()


class SynthesisOutcome(Outcome):
    """What was made of one set of topics. None is a missing value."""

    primary: ClassVar[tuple[str, ...]] = ("score",)
    planted_field: ClassVar[str] = "approved"
    amount_field: ClassVar[str] = "words"

    score: Points
    """Mean over the texts of the score that counts: the adjudicator's where one was asked, else the reviewers' mean."""
    kept: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Share of the texts with a score whose score is at least `scenario.bar`."""
    approved: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Share of the reviewers' scores that are at least `scenario.bar`."""
    adjudicated: Share
    """Share of the texts with two or more scores that differ by more than `scenario.bound`."""
    spread: Annotated[float | None, Better("neither"), Range(0, BEST - WORST)]
    """Mean over those texts of the highest score less the lowest."""
    by_writer: Annotated[PerSubject[float], Better("higher"), Range(WORST, BEST)]
    """Mean score of what each member wrote."""
    by_reviewer: Annotated[PerSubject[float], Better("neither"), Range(WORST, BEST)]
    """Mean score that each member gave to what others wrote."""
    diversity: Annotated[float | None, Better("higher"), Range(0, 1)]
    """1 less the mean likeness of two texts (cosine of TF-IDF weights); None for fewer than two."""
    realism: Annotated[float | None, Better("higher"), Range(0, 1)]
    """Mean likeness of a text to the most alike real one, over that of real texts among themselves, at most 1; None
    without real texts."""
    words: Annotated[float | None, Better("neither")]
    """Of a text, on average."""
    made: str
    """The texts as JSON lines, each with its topic, writer, reviewers' scores and the score that counts."""


def outcome(made: Sequence[Made], real: Sequence[str], members: Sequence[str], bar: float) -> SynthesisOutcome:
    """What was made, in figures."""
    texts = [each.text for each in made if each.text]
    known = [each.score for each in made if each.score is not None]
    given = [score for each in made for score in each.scores.values()]
    several = [each for each in made if len(each.scores) > 1]
    return SynthesisOutcome(
        score=_mean(known),
        kept=_mean([float(score >= bar) for score in known]),
        approved=_mean([float(score >= bar) for score in given]),
        adjudicated=_mean([float(each.disputed) for each in several]),
        spread=_mean([each.apart() for each in several]),
        by_writer={member: _mean([each.score for each in made if each.writer == member]) for member in members},
        by_reviewer={member: _mean([each.scores.get(member) for each in made]) for member in members},
        diversity=diversity(texts),
        realism=realism(texts, real),
        words=_mean([float(len(text.split())) for text in texts]),
        made="\n".join(each.line() for each in made if each.text),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return float(np.mean(known)) if known else None
