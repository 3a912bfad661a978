"""A recruiter reads an application, scores it and invites the applicant or not."""

from typing import ClassVar

import networkx as nx
import numpy as np

from simrun.agents.backends.scripted import Rule
from simrun.scenarios import reasons
from simrun.scenarios.base import Line, Play
from simrun.scenarios.outcome import Outcome
from simrun.scenarios.reasons import Explained, Explaining
from simrun.scenarios.recruitment.applications import DECIDE, Applications, deciding
from simrun.scenarios.recruitment.base import GROUNDS
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.deciding import decided
from simrun.scenarios.recruitment.outcomes import Assessed, assessed

SCREEN = (
    """You are a recruiter. You read one application and judge how well the applicant fits the job below. Answer as JSON: {{"score": 0-10, "invite": true/false}}; 10 is an ideal fit, and invite says whether you ask the applicant to an interview.

{advert}""",
    """In this task you play a recruiter who looks through applications one by one. Judge how well this applicant suits the job below, and write your answer as JSON: {{"score": 0-10, "invite": true/false}}. A score of 10 means an ideal fit; invite tells whether the applicant is asked to come for an interview.

{advert}""",
    """Somebody has applied for the job below, and you, a recruiter, decide what happens next. Give one JSON object: {{"score": 0-10, "invite": true/false}}. The score says how well the applicant fits, 10 being ideal; invite says if they are called for an interview.

{advert}""",
    """An application has come in for the job below. Assess it as the recruiter: how suitable is the applicant? Reply with JSON of this form: {{"score": 0-10, "invite": true/false}}. Score suitability, where 10 is a perfect match, and set invite to true if you would interview the applicant, else to false.

{advert}""",
    """Act as a recruiter. You will see one application for the job below. Rate how well the applicant fits that job and decide about an interview. Your reply is a JSON object, {{"score": 0-10, "invite": true/false}}, in which 10 stands for an ideal applicant and invite for being interviewed.

{advert}""",
    """Your work is recruiting. Please read the application that follows the job below, say how well the person matches that job, and say whether you would interview them. Use JSON for this: {{"score": 0-10, "invite": true/false}}. The best possible match scores 10; invite is your decision on the interview.

{advert}""",
    """You screen applications as a recruiter, and the next one is for the job below. Return {{"score": 0-10, "invite": true/false}} as JSON: score is how well the applicant meets what the job asks for (10: fully), invite is whether an interview is offered to the applicant.

{advert}""",
    """Role: recruiter. Task: review one application for the job below, score how well the applicant fits it, and decide whether to invite them to an interview. Output: JSON, {{"score": 0-10, "invite": true/false}}. Scale: 10 is an ideal fit.

{advert}""",
    """As the recruiter for the job below you have one application in front of you. How good a fit is the applicant, and do you want to meet them for an interview? Put both answers into JSON, {{"score": 0-10, "invite": true/false}}, with 10 for an ideal fit and true for an interview.

{advert}""",
    """The job below is vacant and you are the recruiter in charge of it. Consider the one application you are given. Then state, in JSON as {{"score": 0-10, "invite": true/false}}, the applicant's fit with the job, 10 being the ideal one, and, under invite, whether the applicant gets an interview.

{advert}""",
)
"""Ten wordings of one instruction: an effect that hangs on the wording is no finding about people.

Equal in content, sentence by sentence read against the first: each says that the reader is a recruiter; that there is
one application for the job below; that how well the applicant fits that job is to be scored, 10 being the ideal; that
`invite` is whether the applicant is asked to an interview; the form of the answer in the very same characters; then
the advert, what counts and how many are invited. None says more: no haste, care, fairness, strictness, company, number of places or of other applicants, no
reasons asked for, no word of who the applicant may be. They differ in who is addressed how (you are, play, act as,
role), in the order of rule and form, in questions or commands, and in the words for fit, match and suit.
"""

FILED = "Your decision is on file."
"""Before the recruiter is asked why, so that something has been heard since it decided."""


class ScreenOutcome(Explained, Assessed):
    """What came of an application."""


class Screen(Explaining, Applications):
    """Options of screening."""

    mode: ClassVar[str] = "screen"
    wordings: ClassVar[int] = len(SCREEN)
    outcome: ClassVar[type[Outcome]] = ScreenOutcome
    grounds: ClassVar[tuple[str, ...]] = GROUNDS
    script: ClassVar[tuple[Rule, ...]] = (reasons.SCRIPT, *deciding("recruiter"))

    def deciders(self) -> tuple[str, ...]:
        """The recruiter."""
        return ("recruiter",)

    def hears(self, case: RecruitmentCase, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """The application reaches the recruiter, and then a word of the office."""
        graph = super().hears(case, rng)
        graph.add_edge("office", "recruiter")
        return graph

    def brief(self, role: str, case: RecruitmentCase) -> str:
        """The rules, then the job."""
        return self.said(SCREEN).format(advert=self.criteria(case))

    def play(self, case: RecruitmentCase, rng: np.random.Generator) -> Play:
        """A decision, and the reason where one is asked for."""
        found = yield from decided("recruiter", DECIDE, self.outcomes)
        if self.reason:
            yield Line("office", FILED)
        why = yield from self.explained("recruiter", found.words)
        return ScreenOutcome(**assessed(case, found), **why)
