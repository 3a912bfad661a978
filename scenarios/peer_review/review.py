"""Five phases: reviews, rebuttals, discussion, meta-review, decision; the audit is about one of the papers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from simrun.agents.backends.scripted import Rule
from simrun.agents.quoting import one_line
from simrun.agents.reply import Reply
from simrun.scenarios.base import Beat, Line, Play, Turn
from simrun.scenarios.outcome import Outcome
from simrun.scenarios.peer_review.base import AUTHOR, CHAIR
from simrun.scenarios.peer_review.deciding import decided, places
from simrun.scenarios.peer_review.forms import REASONS, Desk, MetaReview, again, review, scale
from simrun.scenarios.peer_review.outcomes import ReviewOutcome, means, outcome
from simrun.scenarios.peer_review.prompts import (
    AGAIN,
    BORNE_OUT,
    DESK,
    DISCUSS,
    DRAFT,
    META,
    OPEN,
    OTHERS,
    REBUT,
    REVIEW,
    REVISE,
    SCORES,
    SUBJECTS,
    called,
)
from simrun.scenarios.peer_review.reviewing import BOARD, Reviewing
from simrun.scenarios.peer_review.scripts import RULES, known
from simrun.scenarios.peer_review.venues import Venue

Said = Mapping[tuple[str, str], Reply]
"""What was said of a paper, by its label, by a reviewer or to one."""
Phase = Any
"""What a phase yields, and what it comes to."""


class ReviewMode(Reviewing):
    """The protocol of a review."""

    mode: ClassVar[str] = "review"
    outcome: ClassVar[type[Outcome]] = ReviewOutcome
    script: ClassVar[tuple[Rule, ...]] = RULES

    def case_in(self, case: Venue, chat: str) -> Venue:
        """In the chat about a paper that paper stands first: what a scripted reviewer knows is about it."""
        if chat not in case.labels():
            return case
        at = case.labels().index(chat)
        return case.model_copy(update={"papers": (case.papers[at], *case.papers[:at], *case.papers[at + 1 :])})

    def facts(self, case: Venue) -> Mapping[str, str]:
        """What scripted reviewers know of the paper."""
        return known(case.papers[0], scale(self.scale), self.bar)

    def play(self, case: Venue, rng: np.random.Generator) -> Play:
        """Desk, reviews, rebuttals, discussion, meta-reviews, decisions."""
        declined = yield from self._desk(case)
        open_ = [label for label in case.labels() if not declined.get(label)]
        first = (yield from self._reviews(case, open_)) if self.reviews else {}
        answers = yield from self._answers(case, first)
        last = yield from self._discussion(case, open_, first, answers)
        metas = yield from self._metas(open_)
        count = places(self.rate, self.papers)
        turned_down = [label for label in case.labels() if label not in open_]
        accepted = decided(self.decide, means(case, last), _accepting(metas), turned_down, self.bar, count, rng)
        return outcome(case, declined, first, last, metas, accepted, self.outcomes)

    def _desk(self, case: Venue) -> Phase:
        """Whether each paper is declined before anybody reviews it; None where the answer could not be read."""
        if not self.desk:
            return {}
        turns = {label: Turn(CHAIR, reply=Desk, cue=self.said(DESK), chat=label, private=True) for label in case.board}
        replies = yield from _each(turns)
        return {
            label: not said.decision.review if isinstance(said.decision, Desk) else None
            for label, said in replies.items()
        }

    def _reviews(self, case: Venue, open_: Sequence[str]) -> Phase:
        """I: everybody alone; of the board nobody hears the others."""
        kind, at = review(self.steps), _board(case, open_)
        cue = self.said(REVIEW).format(scores=SCORES if self.steps else "")
        if self.draft:
            yield from _each({(label, one): Turn(one, reply=kind, cue=cue, chat=label, to=()) for label, one in at})
            cue = self.said(DRAFT).format(scores=self.said(BORNE_OUT) if self.steps else "")
        return (
            yield from _each(
                {
                    (label, one): Turn(one, reply=kind, cue=cue, chat=label, to=(self.author(label), *self.reading))
                    for label, one in at
                }
            )
        )

    def _answers(self, case: Venue, first: Said) -> Phase:
        """II: the author answers each review, which its reviewer hears, and may say to all what has changed."""
        answers: Said = {}
        if self.rebuttal:
            cue = self.said(REBUT)
            answers = yield from _each(
                {
                    (label, one): Turn(
                        self.author(label), cue=cue.format(reviewer=called(one)), chat=label, to=(one, *self.reading)
                    )
                    for label, one in first
                }
            )
        if self.revision:
            yield from _each(
                {
                    label: Turn(
                        self.author(label), cue=self.said(REVISE), chat=label, to=(*case.board[label], *self.reading)
                    )
                    for label, _ in first
                }
            )
        return answers

    def _discussion(self, case: Venue, open_: Sequence[str], first: Said, answers: Said) -> Phase:
        """III: the reviewers of a paper read each other, talk with the chair, and score again."""
        if not self.rounds:
            return first
        at = _board(case, open_)
        for label, one in at:
            if others := _others(case.board[label], label, one, first, answers):
                yield Line(BOARD, OTHERS.format(reviews="\n".join(others)), to=(one,), chat=label)
        for _ in range(self.rounds):
            yield from _each(
                {
                    label: Turn(CHAIR, cue=self.said(OPEN), chat=label, to=case.board[label])
                    for label in (open_ if self.reading else ())
                }
            )
            yield from _each(
                {
                    (label, one): Turn(one, cue=self.said(DISCUSS), chat=label, to=(*case.board[label], *self.reading))
                    for label, one in at
                }
            )
        if self.steps is None:
            return first
        kind, cue = again(self.steps), self.said(AGAIN)
        return (
            yield from _each(
                {(label, one): Turn(one, reply=kind, cue=cue, chat=label, to=self.reading) for label, one in at}
            )
        )

    def _metas(self, open_: Sequence[str]) -> Phase:
        """IV: each paper keeps its own."""
        if not self.meta:
            return {}
        cue = self.said(META).format(subject=SUBJECTS[self.chairing], reasons=", ".join(REASONS))
        return (
            yield from _each(
                {label: Turn(CHAIR, reply=MetaReview, cue=cue, chat=label, private=True) for label in open_}
            )
        )


def _accepting(metas: Mapping[str, Reply]) -> dict[str, bool | None]:
    """Whether the chair would accept each paper; None where that could not be read."""
    said = {label: reply.decision for label, reply in metas.items()}
    return {label: one.accept if isinstance(one, MetaReview) else None for label, one in said.items()}


def _board(case: Venue, open_: Iterable[str]) -> list[tuple[str, str]]:
    """Every paper that is reviewed with each of its reviewers."""
    return [(label, reviewer) for label in open_ for reviewer in case.board[label]]


def _others(board: Sequence[str], label: str, reviewer: str, first: Said, answers: Said) -> list[str]:
    """What the other reviewers of a paper wrote, and what its author answered them, each on one line."""
    found = []
    for other in board:
        if other == reviewer:
            continue
        said = ((called(other), first), (f"{AUTHOR.capitalize()} to {called(other)}", answers))
        for who, by in said:
            if (label, other) in by and (text := one_line(by[label, other].spoken())):
                found.append(f"{who}: {text}")
    return found


def _each(turns: Mapping[Any, Turn]) -> Any:
    """Turns at the same time, and what each of them came to."""
    if not turns:
        return {}
    asked: Beat = tuple(turns.values())
    replies = yield asked
    return dict(zip(turns, replies, strict=True))
