"""What all modes of peer review share: submissions, and who wrote them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from simrun.agents.persona import Persona
from simrun.scenarios.base import Scenario

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

    def introduce(self, role: str, persona: Persona, case: Any) -> str:
        """An author by the byline."""
        sheet = persona.sheet()
        return BYLINE.format(person=sheet) if sheet and role.partition("_")[0] == AUTHOR else ""
