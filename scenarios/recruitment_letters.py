"""PROVISIONAL by the lead, so that scenarios/recruitment.py imports: whoever owns this file keeps these names and signatures (or changes recruitment.py's `letter`, `interview` and `judged` in the same go)."""

import re
from collections.abc import Sequence
from typing import Any, Literal, Self

from simrun.agents.reply import Decision
from simrun.scenarios.recruitment_lexicons import counts, lexicons

CLAIM = 'Somebody says of the applicant: "{claim}" Does the CV bear this out? Answer as JSON: {{"verdict": "supported" | "contradicted" | "not stated"}}.'


class Supported(Decision):
    """A judge's verdict on one claim."""

    verdict: Literal["supported", "contradicted", "not stated"]

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The one verdict that is named in the text."""
        found = [each for each in ("supported", "contradicted", "not stated") if re.search(rf"\b{each}\b", text, re.IGNORECASE)]
        return cls(verdict=found[0]) if len(found) == 1 else None


def claims(text: str) -> tuple[str, ...]:
    """The sentences of a text that claim something."""
    return tuple(each.strip() for each in re.split(r"(?<=[.!?])\s+", text) if each.strip())


def unsupported(verdicts: Sequence[Decision | None]) -> float | None:
    """Share of the claims judged that are not supported; None without any."""
    found = [each.verdict != "supported" for each in verdicts if isinstance(each, Supported)]
    return sum(found) / len(found) if found else None


def contradicted(verdicts: Sequence[Decision | None]) -> float | None:
    """Share of the claims judged that contradict the CV; None without any."""
    found = [each.verdict == "contradicted" for each in verdicts if isinstance(each, Supported)]
    return sum(found) / len(found) if found else None


def counted(text: str) -> dict[str, Any]:
    """Words, and how many of them stand in each word list; None of all where there is no text."""
    if not text.strip():
        return dict.fromkeys(("words", "agentic", "communal", "standout", "ability", "grindstone", "agency"))
    found = {name: counts(text, lexicon).total for name, lexicon in lexicons().items()}
    both = found["agentic"] + found["communal"]
    return {"words": counts(text, lexicons()["agentic"]).words, **found, "agency": found["agentic"] / both if both else None}


def tone(text: str) -> dict[str, Any]:
    """Positivity and formality."""
    return {"positivity": None, "formality": None}
