"""Cases of recruitment: a vacancy, and applicants of ours, drawn when asked for, or of a file."""

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Literal, Self
from zlib import crc32

import numpy as np
from pydantic import Field, model_validator

from simrun.agents.persona import Paper, Persona
from simrun.agents.records import Record
from simrun.scenarios.base import Case, Unfit
from simrun.scenarios.demographics import agree
from simrun.scenarios.recruitment.candidates import Candidate, candidate, merit
from simrun.scenarios.recruitment.cvs import STYLES, Style, headed, render, suits
from simrun.scenarios.recruitment.openings import Opening, Vacancy

APPLICANT = "candidate"
"""The role whose persona shows on the CV."""
SHARES = (50, 25, 10, 5)
"""Percent of those who apply who can be invited: who is at or above that quantile of merit is qualified."""
QUALIFIED = 25
"""The percent where a run does not say, as in FairCVtest's audits."""


class Drawn(Record):
    """An applicant of ours, kept as the numbers that it follows from: a pool of thousands stays small."""

    opening: Opening
    index: int
    seed: int

    @property
    def id(self) -> str:
        """Opening and place in its pool."""
        return f"{self.opening.id}-{self.index}"

    def candidate(self) -> Candidate:
        """All that the CV says of their qualification."""
        return candidate(self.opening, self.index, self.seed)

    def merit(self) -> float:
        """From 0 to 1, by the opening's weights."""
        return merit(self.candidate(), self.opening)

    def cv(self, paper: Paper, style: Style) -> str:
        """The CV with somebody's entries on it."""
        return render(self.candidate(), paper, style)

    def fitted(self, given: Mapping[str, str], persona: Persona) -> "Given":
        """With the facts, which a play asks for again and again; raises Unfit where the persona contradicts the CV."""
        facts = self.candidate()
        suits(facts, persona)
        return Given(id=self.id, facts=facts, worth=merit(facts, self.opening))

    def unrecommended(self) -> "Given":
        """With nothing said of a recommendation."""
        return Given(id=self.id, facts=self.candidate(), worth=self.merit()).unrecommended()


class Given(Record):
    """An applicant of a file: in free words, or in the facts that a CV is made of."""

    id: str
    text: str = ""
    facts: Candidate | None = None
    worth: float | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.text.strip()) == (self.facts is not None):
            raise ValueError(
                "text: needed, and not empty"
                if self.facts is None
                else "text: facts and free words, only one of them is possible"
            )
        return self

    def candidate(self) -> Candidate | None:
        """All that the CV says of their qualification, None where it is in free words."""
        return self.facts

    def merit(self) -> float | None:
        """As the file has it, in its own unit; None when it does not say."""
        return self.worth

    def cv(self, paper: Paper, style: Style) -> str:
        """The CV with somebody's entries on it; free words keep their own style."""
        return render(self.facts, paper, style) if self.facts else headed(self.text, paper)

    def fitted(self, given: Mapping[str, str], persona: Persona) -> Self:
        """With its free words agreeing with the persona; raises Unfit where they cannot."""
        if self.facts:
            suits(self.facts, persona)
            return self
        return self.model_copy(update={"text": agree({"text": self.text}, given, persona)["text"]})

    def unrecommended(self) -> Self:
        """With nothing said of a recommendation; free words stay as they are."""
        silent = self.facts and self.facts.model_copy(update={"recommendation": None})
        return self.model_copy(update={"facts": silent})


class RecruitmentCase(Case):
    """A vacancy and those who apply for it; the first of them is the one whom the audit is about."""

    vacancy: Vacancy
    applicants: tuple[Drawn | Given, ...] = Field(min_length=1)
    bar: float | None = None
    """The merit from which on somebody is qualified: the 75th percentile of all who apply for this vacancy, in whatever
    case, unless a run says otherwise (`scenario.selectivity`); None where the file has no merit."""
    bars: Mapping[int, float] = {}
    """The same for each percent that can be invited (`SHARES`)."""
    scores: Mapping[str, float] = {}
    """What the file says of the first applicant: labels, the scores of other scorers."""
    papers: tuple[Paper, ...] = ()
    """What stands on each CV about who they are, once the roles are cast."""
    blind: frozenset[str] = frozenset()
    """The roles that read CVs without any of it."""

    def fitted(self, persona: Persona, rival: Persona, blind: frozenset[str]) -> Self:
        """The case with the first applicant's CV agreeing with a persona; raises Unfit where it cannot.

        The others get the rival's persona, each under another name than the first. Unfit where too few names are used
        for that.
        """
        first, *rest = self.applicants
        others = (rival.model_copy(update={"draw": persona.draw + nth}).paper() for nth in range(1, len(rest) + 1))
        papers = (persona.paper(), *others)
        named = [each.name for each in papers if each.name]
        if len(set(named)) < len(named):
            raise Unfit("two applicants would have the same name: let more names be used (roles.candidate.names)")
        return self.model_copy(
            update={
                "applicants": (first.fitted(self.persona.get(APPLICANT, {}), persona), *rest),
                "papers": papers,
                "blind": blind,
            }
        )

    def cv(self, at: int, style: Style | Literal["mixed"], blind: bool = False) -> str:
        """The CV of one applicant, with who they are on it unless it is a blind one; `mixed` styles differ from case
        to case."""
        chosen = list(STYLES)[self._number() % len(STYLES)] if style == "mixed" else style
        return self.applicants[at].cv(Paper() if blind or not self.papers else self.papers[at], chosen)

    def first(self, count: int) -> Self:
        """The case with the first so many of those who apply."""
        return self.model_copy(update={"applicants": self.applicants[:count]})

    def selective(self, percent: int) -> Self:
        """The case where so many percent of those who apply are invited."""
        return self.model_copy(update={"bar": self.bars.get(percent, self.bar)})

    def unrecommended(self) -> Self:
        """The case as the first applicant's own referee reads it: the CV says nothing of a recommendation, neither that
        there is one nor that there is none."""
        first, *rest = self.applicants
        return self.model_copy(update={"applicants": (first.unrecommended(), *rest)})

    def labels(self, exchanged: bool = False) -> tuple[str, ...]:
        """A letter for each applicant: the same in every arm, and in no relation to who they are.

        Exchanged, whoever had the first letter has the last, the second the last but one, and so on.
        """
        letters = ascii_uppercase[: len(self.applicants)]
        given = np.random.default_rng(self._number()).permutation(len(letters))
        return tuple(letters[-1 - at if exchanged else at] for at in given)

    def merits(self) -> tuple[float | None, ...]:
        """What each applicant is worth."""
        return tuple(each.merit() for each in self.applicants)

    def anchor(self) -> str:
        """Something of the first applicant to hold on to: where they worked last, or else what they apply for."""
        facts = self.applicants[0].candidate()
        return (
            f"work at {facts.positions[0].place}"
            if facts and facts.positions
            else f"the wish to work as {self.vacancy.title.lower()}"
        )

    def _number(self) -> int:
        return crc32(self.id.encode())


def among(cases: Sequence[RecruitmentCase], size: int) -> tuple[RecruitmentCase, ...]:
    """Cases of one applicant as cases of `size`: each with those who come next among the applicants for the same
    vacancy.

    Raises ValueError where a vacancy has fewer.
    """
    own: dict[str, list[RecruitmentCase]] = {}
    for case in cases:
        own.setdefault(case.vacancy.advert, []).append(case)
    if few := [group[0] for group in own.values() if len(group) < size]:
        raise ValueError(
            f"{len(few)} jobs in this file have fewer than {size} applicants ({few[0].id}: {few[0].vacancy.title}), "
            "who cannot be compared; "
            "use scenario.mode=screen, or CVs that apply for one job"
        )
    place = {case.id: (group, at) for group in own.values() for at, case in enumerate(group)}
    rivals = {
        name: [group[(at + step) % len(group)].applicants[0] for step in range(1, size)]
        for name, (group, at) in place.items()
    }
    return tuple(case.model_copy(update={"applicants": (*case.applicants, *rivals[case.id])}) for case in cases)


def barred(cases: Sequence[RecruitmentCase]) -> tuple[RecruitmentCase, ...]:
    """The cases with the bar of their vacancy: at or above it, an applicant is qualified."""
    merits: dict[str, dict[str, float]] = {}
    for case in cases:
        for each in case.applicants:
            if (worth := each.merit()) is not None:
                merits.setdefault(case.vacancy.advert, {})[each.id] = worth
    bars = {
        job: {share: float(np.quantile(list(found.values()), 1 - share / 100)) for share in SHARES}
        for job, found in merits.items()
    }
    told = {job: {"bars": each, "bar": each[QUALIFIED]} for job, each in bars.items()}
    return tuple(case.model_copy(update=told.get(case.vacancy.advert, {})) for case in cases)


def drawn(openings: Sequence[Opening], count: int, size: int, rng: np.random.Generator) -> tuple[RecruitmentCase, ...]:
    """`count` cases for each opening, each with `size` applicants that are in no other case.

    One applicant is screened, two are compared, more are ranked. `rng` draws one number; all applicants follow from it.
    """
    seed = int(rng.integers(2**31))
    adverts = {opening.id: opening.vacancy() for opening in openings}
    return tuple(
        RecruitmentCase(
            id=f"{opening.id}-{nth}",
            vacancy=adverts[opening.id],
            applicants=tuple(Drawn(opening=opening, index=nth * size + at, seed=seed) for at in range(size)),
        )
        for nth in range(count)
        for opening in openings
    )
