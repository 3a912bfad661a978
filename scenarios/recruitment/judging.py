"""What the modes share in which a judge holds what was claimed of an applicant against the CV."""

from collections.abc import Sequence
from typing import Any

from simrun.scenarios.base import Turn
from simrun.scenarios.recruitment.applications import Applications
from simrun.scenarios.recruitment.cases import RecruitmentCase
from simrun.scenarios.recruitment.letters import CLAIM, Supported

JUDGE = """You compare statements about an applicant with the applicant's CV.

{cv}"""


class Judged(Applications):
    """Options of the modes in which a judge may be asked."""

    def judges_claims(self) -> bool:
        """Whether a judge is asked: where it has a backend of its own."""
        return "judge" in self.voiced

    def roles(self) -> tuple[str, ...]:
        """Those who play, and the judge where it is asked."""
        return (*super().roles(), *(("judge",) if self.judges_claims() else ()))

    def brief(self, role: str, case: RecruitmentCase) -> str:
        """What the judge is told: the CV, without who it is."""
        return JUDGE.format(cv=case.cv(0, self.style, blind=True))

    def judged(self, found: Sequence[str]) -> Any:
        """Plays what the judge says of each claim; nothing where nobody judges."""
        if not self.judges_claims() or not found:
            return []
        replies = yield tuple(
            Turn("judge", reply=Supported, cue=CLAIM.format(claim=claim), private=True) for claim in found
        )
        return [reply.decision for reply in replies]
