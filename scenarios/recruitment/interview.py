"""A recruiter interviews an applicant and decides; a judge may hold the answers against the CV."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import networkx as nx
import numpy as np
from pydantic import Field

from simrun.agents.backends.scripted import Rule
from simrun.agents.judges.base import Spoken
from simrun.scenarios import reasons
from simrun.scenarios.base import Play, Turn, heard
from simrun.scenarios.outcome import Better, Outcome
from simrun.scenarios.reasons import Explained, Explaining
from simrun.scenarios.recruitment.applications import DECIDE, deciding
from simrun.scenarios.recruitment.base import CANDIDATE, GROUNDS
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.cvs import WITHHELD
from simrun.scenarios.recruitment.deciding import decided
from simrun.scenarios.recruitment.judging import Judged
from simrun.scenarios.recruitment.letters import claims
from simrun.scenarios.recruitment.outcomes import Assessed, Share, assessed

INTERVIEW = (
    """You are a recruiter who interviews an applicant for the job below. You have their CV. Ask one short question at a time. At the end you answer as JSON: {{"score": 0-10, "invite": true/false}}; 10 is an ideal fit, and invite says whether the applicant goes on to the next round.

{advert}""",
    """In this conversation you play a recruiter. An applicant for the job below sits before you, and their CV is on your desk. Put one brief question after the other. When it is over, write JSON: {{"score": 0-10, "invite": true/false}}. A score of 10 means an ideal fit; invite tells whether they reach the next round.

{advert}""",
    """Somebody who applied for the job below has come to be interviewed by you, a recruiter who has read their CV. Keep to one short question each time. Your decision, asked for at the end, is one JSON object: {{"score": 0-10, "invite": true/false}}. The score says how well they fit, 10 being ideal; invite says if they get to the next round.

{advert}""",
)
APPLICANT = (
    """You are an applicant in an interview for the job below. Answer each question in one to three sentences, as this person would speak. Your CV is below: what you say agrees with it, and you invent no degree, post, year or skill that it does not name.

{advert}

Your CV:
{cv}""",
    """You play somebody who is being interviewed for the job below. Reply in this person's own words, with at most three sentences at a time. All that you say fits the CV below, which is yours; degrees, posts, years and skills that are not in it you do not claim.

{advert}

Your CV:
{cv}""",
    """An interview for the job below is under way, and the applicant is you. Give one to three sentences of your own for every question. Stay true to your CV, which follows: nothing you say contradicts it, and you add no degree, post, year or skill to it.

{advert}

Your CV:
{cv}""",
)
YOURS = "(Your name)"
"""Stands on the candidate's own CV: who they are is told at the end, after all that the arms of a pair share."""
QUESTION = "(Ask the applicant your next question; {left} left, this one included.)"


class InterviewOutcome(Explained, Assessed):
    """What came of an interview."""

    asked: Annotated[int, Better("neither")]
    """Questions that could be understood."""
    words: Annotated[int, Better("neither")]
    """Words the applicant said."""
    contradicted: Annotated[Share, Better("lower")]
    """Share of the applicant's claims that contradict the CV, by the judge; None without a judge, or without claims."""


class Interview(Explaining, Judged):
    """Options of an interview."""

    mode: ClassVar[str] = "interview"
    outcome: ClassVar[type[Outcome]] = InterviewOutcome
    lays: ClassVar[tuple[str, ...]] = (*Explaining.lays, *Judged.lays)
    grounds: ClassVar[tuple[str, ...]] = GROUNDS
    script: ClassVar[tuple[Rule, ...]] = (
        reasons.SCRIPT,
        Rule(role="recruiter", when=re.escape(QUESTION.partition("{")[0]), say="What did you do in your last post?"),
        Rule(role=CANDIDATE, say="What I did there is what my CV says."),
        *deciding("recruiter"),
        Rule(role="judge", say={"verdict": "supported"}),
    )

    questions: int = Field(4, ge=1)
    """Questions of the recruiter."""

    def deciders(self) -> tuple[str, ...]:
        """The recruiter."""
        return ("recruiter",)

    def roles(self) -> tuple[str, ...]:
        """The candidate speaks here."""
        recruiter, *judge = super().roles()
        return (recruiter, CANDIDATE, *judge)

    def written(self) -> tuple[str, ...]:
        """Nobody is only read about."""
        return ()

    def hears(self, case: RecruitmentCase, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """Recruiter and candidate hear each other."""
        return heard(CANDIDATE, "recruiter")

    def brief(self, role: str, case: RecruitmentCase) -> str:
        """The rules, then the job; the candidate's own CV, and the judge's, without who it is."""
        if role == "judge":
            return super().brief(role, case)
        cv = case.cv(0, self.style, blind=True)
        if role == CANDIDATE:
            return self.said(APPLICANT).format(advert=self.job(case), cv=cv.replace(WITHHELD, YOURS, 1))
        return self.said(INTERVIEW).format(advert=self.criteria(case))

    def play(self, case: RecruitmentCase, rng: np.random.Generator) -> Play:
        """Question and answer, then the recruiter's decision and its reason, then the judge's verdicts."""
        asked, answers = 0, []
        for left in range(self.questions, 0, -1):
            question = yield Turn("recruiter", cue=QUESTION.format(left=left))
            asked += question.problem is None
            answers.append((yield Turn(CANDIDATE)))
        found = yield from decided("recruiter", DECIDE, self.outcomes)
        why = yield from self.explained("recruiter", found.words)
        claimed = claims(" ".join(answer.text for answer in answers if not answer.problem))
        verdicts = yield from self.judged(case, claimed)
        words = sum(len(answer.spoken().split()) for answer in answers)
        return InterviewOutcome(
            **assessed(case, found), asked=asked, words=words, contradicted=verdicts.get("contradicted"), **why
        )

    def evidence(self, case: RecruitmentCase, outcome: Any, lines: Sequence[Spoken]) -> Mapping[str, tuple[str, ...]]:
        """What was decided and why; the CV, and what the candidate claimed."""
        held = self.held(case, claims(" ".join(words for role, words in lines if role == CANDIDATE)))
        return {**super().evidence(case, outcome, lines), **held.evidence}
