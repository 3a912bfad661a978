"""A recruiter reads a pool of applications and names those who are invited, of whom the number is stated."""

import re
from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import numpy as np
from pydantic import Field

from simrun.agents.backends.scripted import Rule
from simrun.scenarios.base import Play
from simrun.scenarios.outcome import Outcome
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.decisions import Shortlist as Named
from simrun.scenarios.recruitment.decisions import shortlist
from simrun.scenarios.recruitment.orders import EXCHANGED, both, letters
from simrun.scenarios.recruitment.places import Placed, Places

SHORTLIST = (
    """You are a recruiter. {applicants} people have applied for the job below, and {places} of these {applicants} will be invited. You read all applications and say who is invited. Answer as JSON: {{"invited": ["...", ...]}}, with as many letters as there are places.

{advert}""",
    """In this task you play a recruiter with a pool of {applicants} applications for the job below. Of these {applicants} applicants, {places} will be invited. Read all of it and write JSON: {{"invited": ["...", ...]}}, naming by their letters those who are invited, as many as there are places.

{advert}""",
    """For the job below {applicants} applications have come in. You, a recruiter, have {places} of these {applicants} to invite. After reading them all, give one JSON object: {{"invited": ["...", ...]}}. It holds one letter for each place, and nobody else is invited.

{advert}""",
)
WHO = "{applications}\n\n(Who is invited? Answer as JSON.)"


class ShortlistOutcome(Placed):
    """Who was invited out of a pool."""

    primary: ClassVar[tuple[str, ...]] = ("chosen",)
    score_field: ClassVar[str] = "chosen"


class Shortlist(Places):
    """Options of a shortlist."""

    mode: ClassVar[str] = "shortlist"
    outcome: ClassVar[type[Outcome]] = ShortlistOutcome
    script: ClassVar[tuple[Rule, ...]] = both(
        Rule(
            role="recruiter",
            when=re.escape(WHO.rpartition("\n")[2]),
            chance=0.6,
            say={"invited": "{with_own}"},
            otherwise={"invited": "{without_own}"},
        )
    )

    applicants: int = Field(8, ge=2, le=20)
    """How many are read at once."""
    places: int = Field(3, ge=1)
    """How many of them are invited: told, whatever else is."""

    def brief(self, role: str, case: RecruitmentCase) -> str:
        """The rules, then the job."""
        return self.brief_of(SHORTLIST, case)

    def facts(self, case: RecruitmentCase) -> Mapping[str, str]:
        """Also the letters of as many as there are places, with the candidate and without."""
        told = {}
        for suffix, labels in (("", case.labels()), (EXCHANGED, case.labels(exchanged=True))):
            told[f"with_own{suffix}"] = ", ".join(labels[: self.places])
            told[f"without_own{suffix}"] = ", ".join(labels[1 : self.places + 1])
        return {**super().facts(case), **told}

    def play(self, case: RecruitmentCase, rng: np.random.Generator) -> Play:
        """Who is invited, with the applications in one order, and in the opposite with the letters exchanged."""
        said = yield from self.both_orders(WHO, partial(shortlist, places=self.places), case, rng)
        named = [(reply.decision.invited, each) for reply, each in said if isinstance(reply.decision, Named)]
        taken = [{label: float(label in those) for label in each.labels} for those, each in named]
        invited = [[each.labels.index(label) for label in those] for those, each in named]
        why = yield from self.why("invited are {}.", *said[0])
        return ShortlistOutcome(**self.placed(case, invited), letters=letters(case, taken), **why)
