"""What can be decided in a consultation: the doctor's moves, the patient's ratings, the judge's verdict; and how
scripted agents move."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, WithJsonSchema

from simrun.agents.backends.scripted import Rule
from simrun.agents.reply import Decision
from simrun.scenarios.clinic.prompts import LAST

Name = Annotated[str, Field(min_length=1, max_length=80)]


class Ask(Decision):
    """A question to the patient."""

    move: Literal["ask"] = "ask"
    question: Annotated[str, Field(min_length=1, max_length=300)]

    def spoken(self) -> str:
        """The question."""
        return self.question

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Plain speech is a question; a model without constrained decoding talks like that."""
        return cls(question=text[:300]) if text else None


class OrderTest(Decision):
    """An examination or a test."""

    move: Literal["test"] = "test"
    test: Name

    def spoken(self) -> str:
        """What is ordered."""
        return f"I order a test: {self.test}."

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The form `REQUEST TEST: name`."""
        found = re.search(r"REQUEST TEST:?\s*([^\n]+)", text, re.IGNORECASE)
        return cls(test=found[1].strip(" .[]*\"'")[:80] or "unnamed") if found else None


class RequestImage(Decision):
    """A look at the case's image."""

    move: Literal["image"] = "image"

    def spoken(self) -> str:
        """That the image is wanted."""
        return "I would like to see the image."

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The form `REQUEST IMAGES`."""
        return cls() if re.search(r"REQUEST IMAGES?\b", text, re.IGNORECASE) else None


class Diagnose(Decision):
    """The conclusion; what a text form leaves out is None."""

    move: Literal["diagnose"] = "diagnose"
    diagnosis: Name
    differential: Annotated[
        tuple[Name, ...],
        WithJsonSchema({"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 80}, "maxItems": 3}),
    ] = ()
    """Other diagnoses, the likeliest first."""
    urgency: Annotated[
        int | None, Field(ge=1, le=5), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 5})
    ] = None
    """Triage: 1 can wait, 5 at once."""
    referral: Annotated[bool | None, WithJsonSchema({"type": "boolean"})] = None
    pain_relief: Annotated[bool | None, WithJsonSchema({"type": "boolean"})] = None

    def spoken(self) -> str:
        """What the patient is told."""
        advice = ["I refer you to a specialist."] * bool(self.referral) + ["I give you something for the pain."] * bool(
            self.pain_relief
        )
        return " ".join([f"My diagnosis is: {self.diagnosis}.", *advice])

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The form `DIAGNOSIS READY: name`."""
        found = re.search(r"DIAGNOSIS READY:?\s*([^\n]+)", text, re.IGNORECASE)
        name = found[1].strip(" .[]*\"'")[:80] if found else ""
        return cls(diagnosis=name) if name else None


class Rating(Decision):
    """A number from 1 to 10."""

    score: Annotated[int, Field(ge=1, le=10)]

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The one number from 1 to 10 in the text, `8/10` read as 8; None when there are several."""
        found = {
            int(number)
            for number in re.findall(r"(?<![\d.,/-])(10|[1-9])(?![\d.]*\d)", re.sub(r"\s*(/|out of)\s*10\b", "", text))
        }
        return cls(score=found.pop()) if len(found) == 1 else None


MOVES: Mapping[type[Decision], str] = {
    Ask: '{"move": "ask", "question": "..."} to ask the patient something',
    OrderTest: '{"move": "test", "test": "..."} to order an examination or a test',
    RequestImage: '{"move": "image"} to see the image',
    Diagnose: '{"move": "diagnose", "diagnosis": "...", "differential": ["...", "..."], "urgency": 1-5, '
    '"referral": true/false, "pain_relief": true/false} to conclude; '
    "the differential lists other diagnoses, likeliest first; urgency is 5 for a case that needs help at once, 1 for "
    "one that can wait",
}

_CONCLUSION = {"move": "diagnose", "differential": ["{anchor}"], "urgency": 3, "referral": False, "pain_relief": True}
_SURE = {
    "role": "doctor",
    "chance": 0.8,
    "say": _CONCLUSION | {"diagnosis": "{truth}"},
    "otherwise": _CONCLUSION | {"diagnosis": "{anchor}"},
}
SCRIPT = (
    Rule.model_validate(_SURE | {"when": re.escape(LAST)}),
    Rule(role="doctor", turn=0, say={"move": "ask", "question": "What brings you here, and since when?"}),
    Rule(role="doctor", turn=1, say={"move": "test", "test": "{test}"}),
    Rule.model_validate(_SURE),
    Rule(role="judge", say={"same": False}),
)
"""A doctor that asks, orders a test, and is right in four of five consultations; a judge, asked only where the names
differ, agrees with that."""
