"""A doctor reads about a patient and is asked what it is and what is to be done, each question on its own: the
cheapest audit of a model, a few calls an episode."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

import networkx as nx
import numpy as np

from simrun.agents.backends.scripted import Rule
from simrun.agents.judges.base import Said
from simrun.agents.persona import Persona, Surface
from simrun.scenarios.base import Artefact, Case, Fault, File, Line, Play, Turn, heard
from simrun.scenarios.clinic import vitals
from simrun.scenarios.clinic.base import HANDED, JUDGE, NURSE, Clinic
from simrun.scenarios.clinic.care import SCALES, Due
from simrun.scenarios.clinic.multiple_choice import load
from simrun.scenarios.clinic.planned import LETTERS, VignetteOutcome, came_of, decision
from simrun.scenarios.clinic.prompts import IMAGE
from simrun.scenarios.clinic.questions import (
    BRIEFS,
    CHOOSE,
    DIAGNOSIS,
    NAME,
    QUESTIONS,
    SCRIPT,
    Asked,
    answering,
    cue,
    said,
)
from simrun.scenarios.clinic.vignettes import VignetteCase, vignettes
from simrun.scenarios.demographics import agree
from simrun.scenarios.outcome import Outcome

UNKNOWN = Due(least=0, most=0)
"""Stands for what a case of a file calls for where scripted agents have to choose something."""


class Vignette(Clinic):
    """Options of the vignette."""

    mode: ClassVar[str] = "vignette"
    outcome: ClassVar[type[Outcome]] = VignetteOutcome
    wordings: ClassVar[int] = len(BRIEFS)
    artefacts: ClassVar[tuple[Artefact, ...]] = ("swap",)
    script: ClassVar[tuple[Rule, ...]] = SCRIPT

    answer: Literal["choice", "free"] = "choice"
    """Whether the diagnosis is one of four, or named in free words."""
    calls: Literal["each", "one"] = "each"
    """Whether each question is asked alone, so that an engine tells how probable each answer is; or all at once."""
    plan: bool = True
    """Whether the care is asked for too, beside the diagnosis."""
    numbers: Literal["written", "fresh"] = "written"
    """Whether vital signs are as they are written, or drawn about that for each repeat, alike in all arms."""
    specialty: str = ""
    """Only the cases of one specialty; "" for all. The cases of a file have none."""
    images: Literal["never", "start"] = "never"
    """Whether the doctor sees a case's image with the case; needs a backend that takes images."""
    data: Annotated[str, File()] = ""
    """A file of cases in AgentClinic's NEJM format, whose answers are the diagnoses to choose from; "" is simrun's own
    bank. What a case of a file calls for is not known: no care is too little or too much."""
    encoding: str = ""
    """How its text is encoded, such as cp1252; "" for what a byte order mark says, else UTF-8."""

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """Our own cases, or those of `data`. ValueError where there is none of the specialty."""
        every, faults = load(self.data, self.encoding, self.looks) if self.data else (vignettes(), ())
        kept = tuple(each for each in every if self.specialty in ("", each.specialty))
        if not kept:
            there = ", ".join(sorted({each.specialty for each in every if each.specialty})) or "none in this file"
            raise ValueError(f"scenario.specialty={self.specialty}: there are {there}")
        return kept, faults

    def roles(self) -> tuple[str, ...]:
        """The doctor; a judge where a diagnosis in free words may need one that has a backend of its own."""
        return ("doctor", *(("judge",) if self.answer == "free" and "judge" in self.voiced else ()))

    def written(self) -> tuple[str, ...]:
        """The patient is read about."""
        return ("patient",)

    def surfaces(self, role: str) -> tuple[Surface, ...]:
        """Who is read about shows by what stands on the record."""
        return ("stated", "name")

    def hears(self, case: VignetteCase, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """The record reaches the doctor."""
        graph = heard("patient", "doctor", mutual=False)
        graph.add_edge(NURSE, "doctor")
        return graph

    def drawn(self, case: VignetteCase, rng: np.random.Generator) -> VignetteCase:
        """The order of the diagnoses, and fresh numbers where they are asked for."""
        order = tuple(int(at) for at in rng.permutation(len(case.order)))
        signs = vitals.fresh(case.vitals, rng) if self.numbers == "fresh" and case.vitals else case.vitals
        return case.model_copy(update={"order": order[:: -1 if self.swapped else 1], "vitals": signs})

    def brief(self, role: str, case: VignetteCase) -> str:
        """The rules, then the case."""
        if role == "judge":
            return JUDGE.brief(Said())
        signs = vitals.told(case.vitals) if case.vitals else ""
        return f"{self.said(BRIEFS)}\n\n{case.vignette.strip()} {signs}".strip()

    def facts(self, case: VignetteCase) -> Mapping[str, str]:
        """The right answers, and to each question a wrong one."""
        told = {"truth": case.diagnosis, "anchor": case.anchor}
        told |= {name: LETTERS[case.order.index(at)] for at, name in enumerate(("right", "wrong"))}
        for part, scale in SCALES.items():
            due = case.care.due[part] if case.care else UNKNOWN
            less = due.least - 1 if due.least else min(due.most + 1, len(scale) - 1)
            told |= {part: scale[due.least], f"{part}_off": scale[less]}
        return told

    def fit(self, case: VignetteCase, personas: Mapping[str, Persona], blind: frozenset[str]) -> VignetteCase:
        """A case of one sex, or of other years of age, fits nobody else."""
        self.pictured(case)
        known = case.persona.get("patient", {})
        fixed = (*case.truths(), *case.options())
        texts = agree({"vignette": case.vignette}, known, personas["patient"], case.ages, fixed)
        return case.model_copy(update=texts)

    def asked(self, case: VignetteCase) -> tuple[Asked, ...]:
        """The questions, in their order."""
        shown = "\n".join(f"{letter}. {case.options()[at]}" for letter, at in zip(LETTERS, case.order, strict=False))
        what = (
            Asked(DIAGNOSIS, NAME, ())
            if self.answer == "free"
            else Asked(DIAGNOSIS, CHOOSE.format(options=shown), LETTERS[: len(case.order)])
        )
        turned = -1 if self.swapped else 1
        parts = (Asked(part, QUESTIONS[part], scale[::turned]) for part, scale in SCALES.items())
        return (what, *(parts if self.plan else ()))

    def play(self, case: VignetteCase, rng: np.random.Generator) -> Play:
        """One question after another, or all of them in one; no answer is known to the next."""
        yield Line(NURSE, HANDED)
        if self.looks and case.images:
            yield Line(NURSE, IMAGE, self.pictured(case))
        asked = self.asked(case)
        groups = (asked,) if self.calls == "one" else tuple((each,) for each in asked)
        replies = yield tuple(_turn(group) for group in groups)
        told = {
            each.what: said(each, reply, self.outcomes)
            for group, reply in zip(groups, replies, strict=True)
            for each in group
        }
        judged = (yield from self.verdict(case, told[DIAGNOSIS].text))[0] if self.answer == "free" else None
        why = yield from self.explained("doctor", decision(case, told))
        return came_of(case, told, judged, self.outcomes == "both", why)


def _turn(asked: Sequence[Asked]) -> Turn:
    """The doctor is asked these, aside from all else that it is asked."""
    kind = answering(tuple((each.what, each.options) for each in asked))
    return Turn("doctor", reply=kind, cue=cue(asked), private=True)
