"""What all modes of peer review share: submissions, and who wrote them."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from simrun.agents.persona import Persona
from simrun.scenarios.anchor import Anchor
from simrun.scenarios.base import Fault, File, Scenario
from simrun.scenarios.peer_review.human import anchors

AUTHOR, CHAIR, REVIEWER = "author", "chair", "reviewer"
"""Whom the audit is about, who decides, and the team of those who review."""
BYLINE = "[About the author] {person}"


class PeerReview(Scenario):
    """Options of all modes."""

    name: ClassVar[str] = "peer_review"
    about: ClassVar[str] = (
        "Reviewers, authors and a chair assess papers whose quality is known: does who wrote one change what "
        "becomes of it?"
    )
    default_mode: ClassVar[str] = "review"
    wordings: ClassVar[int] = 3
    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {AUTHOR: {"affiliation": ("unknown", "famous")}}

    draw: int = Field(0, ge=0)
    """Which submissions are made: another number, other flaws and figures."""
    encoding: str = ""
    """How the text of a given file is encoded, such as cp1252; "" for what a byte order mark says, else UTF-8."""

    human: Annotated[str, File()] = ""
    """Ratings and decisions of a real venue, beside which the report reads those of the run: a table with the columns
    title, ratings (`8, 6, 3`) and decision."""

    def anchor(self) -> tuple[tuple[Anchor, ...], tuple[Fault, ...]]:
        """The venue that `human` names."""
        return anchors(self.human, self.encoding) if self.human else ((), ())

    def introduce(self, role: str, persona: Persona, case: Any) -> str:
        """An author by the byline."""
        sheet = persona.sheet()
        return BYLINE.format(person=sheet) if sheet and role.partition("_")[0] == AUTHOR else ""
