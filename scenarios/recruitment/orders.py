"""What the modes share in which several applicants stand side by side: their applications are shown in both orders,
with their letters exchanged in the second."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Generator as Steps
from typing import Any, ClassVar, NamedTuple

import networkx as nx
import numpy as np
from numpy.random import Generator

from simrun.agents.backends.scripted import Rule
from simrun.agents.persona import Persona
from simrun.agents.reply import Decision, Reply
from simrun.scenarios import reasons
from simrun.scenarios.base import Line, Turn, heard
from simrun.scenarios.reasons import Explaining
from simrun.scenarios.recruitment.applications import Applications
from simrun.scenarios.recruitment.base import CANDIDATE, GROUNDS, RIVAL
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.outcomes import mean

OFFICE = "Here are the applications."
APPLICANT = "Applicant {label}:\n{cv}"
EXCHANGED = "_exchanged"
"""Ends the names of a scripted recruiter's facts where letters are exchanged."""
SIDES = ("say", "otherwise")


def both(rule: Rule) -> tuple[Rule, ...]:
    """What a scripted recruiter says of the first order, and the same of the second, where letters are exchanged;
    and why."""
    second = rule.model_copy(update={"turn": 1, **{side: _exchanged(getattr(rule, side)) for side in SIDES}})
    return reasons.SCRIPT, second, rule


class Asked(NamedTuple):
    """One question about applicants side by side."""

    turn: Turn
    labels: tuple[str, ...]
    """The letter of each applicant, the candidate's first."""
    first: str
    """The letter of the one who is read first."""


class BothOrders(Explaining, Applications):
    """Options of the modes in which applicants stand side by side; each question is asked in one order, and in the
    opposite with the letters exchanged: who goes by the place or by the letter contradicts themselves."""

    grounds: ClassVar[tuple[str, ...]] = GROUNDS
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
        """The letters of the candidate and of the first rival, and all of them with the candidate first and last; also
        as they are exchanged."""
        return {**super().facts(case), **_told(case.labels()), **_told(case.labels(exchanged=True), EXCHANGED)}

    def both_orders(
        self, cue: str, kind: Callable[[tuple[str, ...]], type[Decision]], case: RecruitmentCase, rng: Generator
    ) -> Steps[Any, Any, tuple[tuple[Reply, Asked], ...]]:
        """The office hands the applications over, and the same question is asked with them in an order that is drawn,
        and in the opposite one with the letters exchanged; `kind` makes the decision of the letters that there are."""
        yield Line("office", OFFICE)
        order = rng.permutation(len(case.applicants)).tolist()
        asked = self._asked(cue, kind, case, order), self._asked(cue, kind, case, order[::-1], exchanged=True)
        return tuple(zip((yield tuple(each.turn for each in asked)), asked, strict=True))

    def why(self, decided: str, reply: Reply, asked: Asked) -> Steps[Any, Any, Mapping[str, Any]]:
        """Asks for the reason of what was decided in one order, with the applications as they were read then."""
        decision = decided.format(reply.decision.spoken()) if reply.decision else ""
        return (yield from self.explained("recruiter", decision, asked.turn.cue))

    def _asked(
        self,
        cue: str,
        kind: Callable[[tuple[str, ...]], type[Decision]],
        case: RecruitmentCase,
        order: Sequence[int],
        exchanged: bool = False,
    ) -> Asked:
        labels, blind = case.labels(exchanged), "recruiter" in case.blind
        read = (APPLICANT.format(label=labels[at], cv=case.cv(at, self.style, blind)) for at in order)
        told = cue.format(applications="\n\n".join(read))
        turn = Turn("recruiter", reply=kind(tuple(sorted(labels))), cue=told, private=True)
        return Asked(turn, labels, labels[order[0]])


def letters(case: RecruitmentCase, taken: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """How often each letter was taken, over what was said in both orders; None of nothing that could be read."""
    return {label: mean([each.get(label) for each in taken]) for label in sorted(case.labels())}


def _exchanged(said: Mapping[str, str]) -> dict[str, str]:
    return {field: text.replace("}", f"{EXCHANGED}}}") for field, text in said.items()}


def _told(labels: Sequence[str], suffix: str = "") -> dict[str, str]:
    own, *others = labels
    told = {"own": own, "rival": others[0], "first": ", ".join(labels), "last": ", ".join((*others, own))}
    return {f"{name}{suffix}": label for name, label in told.items()}


def worth(case: RecruitmentCase, places: int) -> dict[str, Any]:
    """Merit, and whether the applicant is among the best of those who are compared."""
    merit, *others = case.merits()
    known = merit is not None and None not in others
    return {
        "merit": merit,
        "qualified": sum((other or 0) > (merit or 0) for other in others) < places if known else None,
    }
