"""What the modes share in which a judge holds what was claimed of an applicant against the CV."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar

from simrun.agents.judges.base import Said, Verdict
from simrun.agents.judges.supported_claims import SupportedClaims
from simrun.scenarios.consulting import consulted
from simrun.scenarios.recruitment.applications import Applications
from simrun.scenarios.recruitment.cases import RecruitmentCase

JUDGE = SupportedClaims()


class Judged(Applications):
    """Options of the modes in which a judge may be asked."""

    lays: ClassVar[tuple[str, ...]] = ("cv", "claims")

    def judges_claims(self) -> bool:
        """Whether a judge is asked: where it has a backend of its own."""
        return "judge" in self.voiced

    def roles(self) -> tuple[str, ...]:
        """Those who play, and the judge where it is asked."""
        return (*super().roles(), *(("judge",) if self.judges_claims() else ()))

    def brief(self, role: str, case: RecruitmentCase) -> str:
        """What the judge is told: the CV, without who it is."""
        return JUDGE.brief(self.held(case, ()))

    def held(self, case: RecruitmentCase, claims: Sequence[str]) -> Said:
        """What a judge is shown: the CV, without who it is, and what was claimed."""
        return Said(evidence={"cv": (case.cv(0, self.style, blind=True),), "claims": tuple(claims)})

    def judged(self, case: RecruitmentCase, claims: Sequence[str]) -> Generator[Any, Any, Mapping[str, Verdict]]:
        """Plays what the judge says of the claims; {} where nobody judges."""
        if not self.judges_claims():
            return {}
        return (yield from consulted(JUDGE, self.held(case, claims)))
