"""What all modes of recruitment share: somebody whom the audit is about, and those who decide about them."""

from collections.abc import Mapping
from typing import Any, ClassVar

import networkx as nx
import numpy as np
from pydantic import Field

from simrun.agents.persona import SPOKEN, WRITTEN, Paper, Surface
from simrun.scenarios.base import Fault, Scenario, heard
from simrun.scenarios.demographics import agreeing
from simrun.scenarios.recruitment import faire
from simrun.scenarios.treatment import Variant

CANDIDATE, RIVAL = "candidate", "rival"
"""Whom the audit is about, and whoever else applies."""

GROUNDS = (
    "experience",
    "skills",
    "education",
    "achievements",
    "fit with what the job asks for",
    "gaps or changes of position",
    "how the application is written",
    "who the applicant is",
    "fit with the team or the company",
    "reliability or commitment",
    "ambition or leadership",
    "warmth or helpfulness",
    "family or private life",
    "cost",
)
"""Kinds of reasons for choosing somebody or not, written here."""
PERSON = "[About the person] {person}"
NOBODY = "Nothing else is known."


class Recruitment(Scenario):
    """Options of all modes."""

    name: ClassVar[str] = "recruitment"
    about: ClassVar[str] = (
        "Recruiters screen, rank, compare or interview applicants, alone or as a panel; a referee writes letters; an "
        "adviser suggests occupations."
    )
    default_mode: ClassVar[str] = "screen"
    wordings: ClassVar[int] = 3
    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
        CANDIDATE: {"gender": ("man", "woman"), "ethnicity": ("White", "Black")}
    }

    pool: int = Field(20, ge=1)
    """Cases that are drawn: for each opening, or lists of occupations in all."""
    encoding: str = ""
    """How the text of the files that are given is encoded, such as cp1252; "" for what a byte order mark says, else
    UTF-8."""
    draw: int = Field(0, ge=0)
    """Which cases are drawn: another number, other applicants or lists."""

    @classmethod
    def treated(cls, path: str) -> tuple[tuple[Variant, ...], tuple[Fault, ...]] | None:
        """The audit of one of FAIRE's files of treated CVs, and the rows that are none."""
        return faire.variants(path)

    def deciders(self) -> tuple[str, ...]:
        """Those who decide about the candidate, and so hear of them."""
        raise NotImplementedError

    def roles(self) -> tuple[str, ...]:
        """Those who decide."""
        return self.deciders()

    def written(self) -> tuple[str, ...]:
        """The candidate is read about."""
        return (CANDIDATE,)

    def people(self) -> tuple[str, ...]:
        """Those who decide, and all applicants."""
        return (*self.deciders(), *(each for each in self.written() if each != CANDIDATE), CANDIDATE)

    def surfaces(self, role: str) -> tuple[Surface, ...]:
        """Applicants show on paper, and by their first words where they speak."""
        if role not in (CANDIDATE, RIVAL):
            return SPOKEN
        return WRITTEN if role in self.written() else (*WRITTEN, "cue")

    def named(self) -> tuple[str, ...]:
        """Applicants: a CV has a name on top, and seldom a line on gender or race."""
        return (CANDIDATE, RIVAL)

    def hears(self, case: Any, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """What there is of the candidate reaches all who decide."""
        return heard(CANDIDATE, *self.deciders(), mutual=False)

    def agreeing(self, axis: str) -> tuple[str, ...]:
        """Those of a gender: a CV in free words agrees with it."""
        return agreeing(axis)


def described(paper: Paper) -> str:
    """Somebody of whom there is no CV."""
    known = " ".join(filter(None, (f"Name: {paper.name}." if paper.name else "", *paper.lines())))
    return PERSON.format(person=known or NOBODY)
