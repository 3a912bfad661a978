"""What can be decided in a consultation: the doctor's moves, the patient's ratings, the judge's verdict; and how
scripted agents move."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema

from simrun.agents.backends.scripted import Rule
from simrun.agents.reading.bare import bare, label
from simrun.agents.reading.values import WRAPPING
from simrun.agents.reply import Decision
from simrun.scenarios import reasons
from simrun.scenarios.clinic.prompts import LAST


def _at_most(most: int) -> Any:
    """A text that an engine is held to be short; what is longer is read all the same."""
    return WithJsonSchema({"type": "string", "minLength": 1, "maxLength": most})


Name = Annotated[str, Field(min_length=1), _at_most(80)]
_FORMS = re.compile(r"DIAGNOSIS READY|REQUEST (?:TEST|IMAGE)", re.IGNORECASE)


def _move(name: str, *others: str) -> Any:
    """The tag of a move; `others` are what else models call it."""
    known = {name, *others}
    return BeforeValidator(lambda given: name if isinstance(given, str) and label(given) in known else given)


class Ask(Decision):
    """A question to the patient."""

    move: Annotated[Literal["ask"], _move("ask", "question", "ask patient")] = "ask"
    question: Annotated[str, Field(min_length=1), _at_most(300)]

    def spoken(self) -> str:
        """The question."""
        return self.question

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Plain speech that ends with a question; a model without constrained decoding talks like that."""
        asking = text.rstrip(WRAPPING).endswith(("?", "？", "؟")) and not _FORMS.search(text)
        return cls(question=text) if asking else None


class OrderTest(Decision):
    """An examination or a test."""

    also: ClassVar[Mapping[str, str]] = {"request test": "test", "order test": "test"}

    move: Annotated[Literal["test"], _move("test", "order", "order test", "request test", "examine")] = "test"
    test: Name

    def spoken(self) -> str:
        """What is ordered."""
        return f"I order a test: {self.test}."


class RequestImage(Decision):
    """A look at the case's image."""

    move: Annotated[Literal["image"], _move("image", "images", "request image", "request images")] = "image"

    def spoken(self) -> str:
        """That the image is wanted."""
        return "I would like to see the image."

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """The form `REQUEST IMAGES`."""
        return cls() if label(bare(text)) in ("request image", "request images") else None


class Diagnose(Decision):
    """The conclusion; what is left out, or is no value of its field, is None."""

    also: ClassVar[Mapping[str, str]] = {"diagnosis ready": "diagnosis", "final diagnosis": "diagnosis"}

    move: Annotated[
        Literal["diagnose"], _move("diagnose", "diagnosis", "conclude", "conclusion", "final diagnosis")
    ] = "diagnose"
    diagnosis: Name
    differential: Annotated[
        tuple[str, ...],
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

    def concluded(self) -> str:
        """The conclusion as it is told to whoever asks why, and to judges."""
        said = {None: "", True: "yes", False: "no"}
        told = {
            "diagnosis": self.diagnosis,
            "urgency": str(self.urgency or ""),
            "referral": said[self.referral],
            "pain relief": said[self.pain_relief],
        }
        return f"{'; '.join(f'{what}: {each}' for what, each in told.items() if each)}."


class Rating(Decision):
    """A number from 1 to 10."""

    also: ClassVar[Mapping[str, str]] = {"rating": "score", "confidence": "score", "number": "score"}

    score: Annotated[int, Field(ge=1, le=10)]


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
    reasons.SCRIPT,
    Rule.model_validate(_SURE | {"when": re.escape(LAST)}),
    Rule(role="doctor", turn=0, say={"move": "ask", "question": "What brings you here, and since when?"}),
    Rule(role="doctor", turn=1, say={"move": "test", "test": "{test}"}),
    Rule.model_validate(_SURE),
    Rule(role="judge", say={"same": False}),
)
"""A doctor that asks, orders a test, and is right in four of five consultations; a judge, asked only where the names
differ, agrees with that."""
