"""What the modes share in which applications are read: of whom they are, how they look, and what is known of them."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import numpy as np

from simrun.agents.backends.scripted import Rule
from simrun.agents.persona import Persona
from simrun.scenarios.base import Case, Fault, File
from simrun.scenarios.recruitment.base import CANDIDATE, RIVAL, Recruitment
from simrun.scenarios.recruitment.cases import RecruitmentCase, among, barred, drawn, load
from simrun.scenarios.recruitment.cvs import FURTHER, WITHHELD, Style
from simrun.scenarios.recruitment.decisions import HIGHEST
from simrun.scenarios.recruitment.openings import Opening, openings

APPLICATION = "[Application]\n{cv}"
DECIDE = "(Give your decision now, as JSON.)"

LOWER = 4
"""By how much a scripted recruiter's low score is below its high one."""


def deciding(*roles: str) -> tuple[Rule, ...]:
    """Scripted deciders who invite in four of five cases, whatever the merit, and score four points less otherwise."""
    yes, no = {"score": "{score}", "invite": True}, {"score": "{low}", "invite": False}
    return tuple(Rule(role=role, chance=0.8, say=yes, otherwise=no) for role in roles)


class Applications(Recruitment):
    """Options of the modes in which applications are read."""

    frames: ClassVar[tuple[str, ...]] = (WITHHELD, FURTHER.partition("{")[0])

    data: Annotated[str, File()] = ""
    """A file of applicants: FairCVtest's arrays, FAIRE's rows, or CVs of one's own (CSV, TSV, JSON, JSON lines); ""
    draws applicants of ours."""
    columns: Mapping[str, str] = {}
    """Which column of `data` holds what: text, id, merit, title, advert; any other name is an axis of the
    applicant's persona."""
    levels: Mapping[str, Mapping[str, str]] = {}
    """What stands in such a column and which level it means: axis -> value -> level."""
    openings: Annotated[str, File()] = ""
    """A file of job openings; "" is simrun's own."""
    opening: tuple[str, ...] = ()
    """Ids of the openings that are played; none means all. A file of CVs without adverts takes the first."""
    style: Style | Literal["mixed"] = "chronological"
    """How our CVs are laid out."""

    def together(self) -> int:
        """How many applicants a case has."""
        return 1

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """Applicants of `data`, or drawn for every opening."""
        size, (jobs, faults) = self.together(), self._openings()
        if not self.data:
            return barred(drawn(jobs, self.pool, size, np.random.default_rng(self.draw))), faults
        given = jobs[0].vacancy() if self.opening else None
        cases, faults = load(self.data, self.columns, self.levels, given, self.encoding)
        return barred(among(cases, size) if size > 1 else cases), faults

    def named(self) -> tuple[str, ...]:
        """Not those of a file: its CVs may have names of their own."""
        return () if self.data else super().named()

    def _openings(self) -> tuple[tuple[Opening, ...], tuple[Fault, ...]]:
        found, faults = openings(self.openings, self.encoding)
        by_id = {each.id: each for each in found}
        if missing := [name for name in self.opening if name not in by_id]:
            raise ValueError(f"scenario.opening: no opening {', '.join(missing)}; there are: {', '.join(by_id)}")
        return tuple(by_id[name] for name in self.opening) or found, faults

    def introduce(self, role: str, persona: Persona, case: RecruitmentCase) -> str:
        """The candidate by their CV."""
        if role != CANDIDATE:
            return super().introduce(role, persona, case)
        return APPLICATION.format(cv=case.cv(0, self.style))

    def veiled(self, role: str, case: RecruitmentCase) -> str:
        """The CV without who it is."""
        return APPLICATION.format(cv=case.cv(0, self.style, blind=True)) if role == CANDIDATE else ""

    def facts(self, case: RecruitmentCase) -> Mapping[str, str]:
        """What scripted agents say, and the anchor: where somebody worked last, or the title of the job."""
        score = LOWER + round((HIGHEST - LOWER) * min(max(case.applicants[0].merit() or 0.5, 0), 1))
        return {"score": str(score), "low": str(score - LOWER), "anchor": case.anchor()}

    def fit(self, case: RecruitmentCase, personas: Mapping[str, Persona], blind: frozenset[str]) -> RecruitmentCase:
        """CVs agree with the personas of those whom they are of; raises Unfit where they contradict them."""
        return case.fitted(personas[CANDIDATE], personas.get(RIVAL, Persona()), blind)

    def remedy(self, axis: str, level: str) -> str:
        """Columns of one's own can be translated."""
        return f"translate it with scenario.levels.{axis}.{level}=LEVEL, or change the file"
