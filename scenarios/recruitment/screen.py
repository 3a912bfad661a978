"""A recruiter reads an application, scores it and invites the applicant or not."""

from typing import ClassVar

import numpy as np

from simrun.agents.backends.scripted import Rule
from simrun.scenarios.base import Play
from simrun.scenarios.outcome import Outcome
from simrun.scenarios.recruitment.applications import DECIDE, Applications, deciding
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
)


class ScreenOutcome(Assessed):
    """What came of an application."""


class Screen(Applications):
    """Options of screening."""

    mode: ClassVar[str] = "screen"
    outcome: ClassVar[type[Outcome]] = ScreenOutcome
    script: ClassVar[tuple[Rule, ...]] = deciding("recruiter")

    def deciders(self) -> tuple[str, ...]:
        """The recruiter."""
        return ("recruiter",)

    def brief(self, role: str, case: RecruitmentCase) -> str:
        """The rules, then the job."""
        return self.said(SCREEN).format(advert=case.vacancy.advert)

    def play(self, case: RecruitmentCase, rng: np.random.Generator) -> Play:
        """A decision."""
        found = yield from decided("recruiter", DECIDE, self.outcomes)
        return ScreenOutcome(**assessed(case, found))
