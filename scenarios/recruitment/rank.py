"""A recruiter puts applicants in order, asked with their applications in one order and in the opposite; the first
are invited."""

import re
from typing import Annotated, ClassVar

import numpy as np

from simrun.agents.backends.scripted import Rule
from simrun.scenarios.base import Play
from simrun.scenarios.outcome import Better, Outcome
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.decisions import Ranking, ranking
from simrun.scenarios.recruitment.orders import Asked, both, letters
from simrun.scenarios.recruitment.outcomes import Share, mean
from simrun.scenarios.recruitment.places import Placed, Places

RANK = (
    """You are a recruiter. {applicants} people have applied for the job below, and {places} of these {applicants} will be invited. You read all applications and put the applicants in order, the best first. Answer as JSON: {{"ranking": ["...", "...", ...]}}, with the letter of every applicant once.

{advert}""",
    """In this task you play a recruiter who puts applicants in order. Of the {applicants} who applied for the job below, {places} will be invited. Read their applications and write JSON: {{"ranking": ["...", "...", ...]}}, the best applicant first and each applicant's letter once.

{advert}""",
    """{applicants} people want the job below; {places} of these {applicants} are going to be invited, and you, a recruiter, say in which order they come. After reading their applications, give one JSON object: {{"ranking": ["...", "...", ...]}}. It names every applicant's letter once, beginning with the best.

{advert}""",
)
ORDER = "{applications}\n\n(Put them in order, as JSON.)"


class RankOutcome(Placed):
    """Where an applicant came among several."""

    primary: ClassVar[tuple[str, ...]] = ("chosen", "above")
    score_field: ClassVar[str] = "above"

    above: Annotated[Share, Better("higher")]
    """Share of the others who came below the applicant; None where the applicant was left out."""


class Rank(Places):
    """Options of a ranking."""

    mode: ClassVar[str] = "rank"
    outcome: ClassVar[type[Outcome]] = RankOutcome
    script: ClassVar[tuple[Rule, ...]] = both(
        Rule(
            role="recruiter",
            when=re.escape(ORDER.rpartition("\n")[2]),
            chance=0.8,
            say={"ranking": "{first}"},
            otherwise={"ranking": "{last}"},
        )
    )

    def brief(self, role: str, case: RecruitmentCase) -> str:
        """The rules, then the job."""
        return self.brief_of(RANK, case)

    def play(self, case: RecruitmentCase, rng: np.random.Generator) -> Play:
        """A ranking with the applications in one order, and in the opposite with the letters exchanged."""
        said = yield from self.both_orders(ORDER, ranking, case, rng)
        ranked = [(reply.decision, each) for reply, each in said if isinstance(reply.decision, Ranking)]
        found, others = [_places(decision, each) for decision, each in ranked], len(case.applicants) - 1
        why = yield from self.why("the order is {}.", *said[0])
        return RankOutcome(
            **self.placed(case, [order[: self.places] for order in found if len(order) >= self.places]),
            above=mean([1 - order.index(0) / others for order in found if 0 in order]),
            letters=letters(case, [_taken(decision, each) for decision, each in ranked]),
            **why,
        )


def _places(said: Ranking, asked: Asked) -> list[int]:
    """The applicants in the order in which they were put, the candidate being 0."""
    return [asked.labels.index(label) for label in said.ranking]


def _taken(said: Ranking, asked: Asked) -> dict[str, float]:
    """1 for the letter that was put first."""
    return {label: float(label == said.ranking[0]) for label in asked.labels}
