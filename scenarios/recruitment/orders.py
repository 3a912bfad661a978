"""What the modes share in which several applicants stand side by side: their applications are shown in both orders."""

from collections.abc import Mapping
from typing import Any, ClassVar

import networkx as nx
import numpy as np

from simrun.agents.persona import Persona
from simrun.agents.reply import Decision
from simrun.scenarios.base import Turn, heard
from simrun.scenarios.recruitment.applications import Applications
from simrun.scenarios.recruitment.base import CANDIDATE, RIVAL
from simrun.scenarios.recruitment.cases import RecruitmentCase

OFFICE = "Here are the applications."
APPLICANT = "Applicant {label}:\n{cv}"


class BothOrders(Applications):
    """Options of the modes in which applicants stand side by side; each question is asked in one order and in the
    opposite."""

    twins: ClassVar[Mapping[str, str]] = {RIVAL: CANDIDATE}

    def deciders(self) -> tuple[str, ...]:
        """The recruiter."""
        return ("recruiter",)

    def written(self) -> tuple[str, ...]:
        """All applicants are read about."""
        return (RIVAL, CANDIDATE)

    def hears(self, case: RecruitmentCase, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """The office hands over the applications."""
        return heard("office", *self.deciders(), mutual=False)

    def introduce(self, role: str, persona: Persona, case: RecruitmentCase) -> str:
        """Applicants are read side by side, when it is decided."""
        return "" if role in self.written() else super().introduce(role, persona, case)

    def veiled(self, role: str, case: RecruitmentCase) -> str:
        """Nothing before it is decided."""
        return ""

    def facts(self, case: RecruitmentCase) -> Mapping[str, str]:
        """The labels of the candidate and of the first rival, and all of them with the candidate first and last."""
        own, *others = case.labels()
        told = {"own": own, "rival": others[0]}
        return {
            **super().facts(case),
            **told,
            "first": ", ".join((own, *others)),
            "last": ", ".join((*others, own)),
        }

    def both_orders(
        self, cue: str, kind: type[Decision], case: RecruitmentCase, rng: np.random.Generator
    ) -> list[tuple[Turn, tuple[str, ...]]]:
        """The same question with the applications in an order that is drawn, and in the opposite one, with the
        labels in that order."""
        labels, blind = case.labels(), "recruiter" in case.blind
        read = {
            label: APPLICANT.format(label=label, cv=case.cv(at, self.style, blind)) for at, label in enumerate(labels)
        }
        order = tuple(labels[at] for at in rng.permutation(len(labels)))
        return [
            (
                Turn(
                    "recruiter",
                    reply=kind,
                    cue=cue.format(applications="\n\n".join(read[label] for label in each)),
                    private=True,
                ),
                each,
            )
            for each in (order, order[::-1])
        ]


def worth(case: RecruitmentCase, places: int) -> dict[str, Any]:
    """Merit, and whether the applicant is among the best of those who are compared."""
    merit, *others = case.merits()
    known = merit is not None and None not in others
    return {
        "merit": merit,
        "qualified": sum((other or 0) > (merit or 0) for other in others) < places if known else None,
    }
