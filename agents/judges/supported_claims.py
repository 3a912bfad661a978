"""Whether a document, such as a CV, bears out what is claimed of somebody."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from simrun.agents.judges.base import Judge, Question, Said, Verdict
from simrun.agents.quoting import quoted
from simrun.agents.reply import Decision

BRIEF = """You compare statements about an applicant with the applicant's CV.

{cv}"""
CLAIM = (
    "Somebody says of the applicant, or the applicant says: {claim}\n"
    'Does the CV bear this out? Answer as JSON: {{"verdict": "supported"}}, {{"verdict": '
    '"contradicted"}} if the CV says '
    'otherwise, or {{"verdict": "not stated"}}. An opinion that claims no fact counts as supported.'
)


class Supported(Decision):
    """The verdict on one claim."""

    verdict: Literal["supported", "contradicted", "not stated"]


class SupportedClaims(Judge):
    """One question a claim."""

    name: ClassVar[str] = "supported_claims"
    version: ClassVar[str] = "2"
    about: ClassVar[str] = "Which share of what is claimed of somebody their CV does not bear out, or contradicts."
    decision: ClassVar[type[Decision]] = Supported
    needs: ClassVar[tuple[str, ...]] = ("cv", "claims")

    def brief(self, said: Said) -> str:
        """The CV."""
        return BRIEF.format(cv="\n".join(said.evidence.get("cv", ())))

    def questions(self, said: Said) -> tuple[Question, ...]:
        """One for each claim."""
        return tuple(
            Question(key=claim, cue=CLAIM.format(claim=quoted(claim))) for claim in said.evidence.get("claims", ())
        )

    def tally(self, questions: Sequence[Question], decisions: Sequence[Decision | None]) -> Mapping[str, Verdict]:
        """Shares of the claims that were judged, 0 to 1, lower is better: `unsupported`, and of them `contradicted`."""
        found = [said.verdict for said in decisions if isinstance(said, Supported)]
        wrong = {
            "unsupported": sum(verdict != "supported" for verdict in found),
            "contradicted": found.count("contradicted"),
        }
        return {name: count / len(found) if found else None for name, count in wrong.items()}
