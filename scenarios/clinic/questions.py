"""What a doctor who reads about a patient is told and asked, and the forms of the answers."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

from pydantic import create_model

from simrun.agents.backends.scripted import Rule
from simrun.agents.reply import Decision, Reply
from simrun.scenarios import reasons
from simrun.scenarios.base import Outcomes
from simrun.scenarios.clinic.care import SCALES
from simrun.scenarios.clinic.moves import Name

DIAGNOSIS = "diagnosis"
QUOTED = '"..."'
BRIEFS = (
    "You are a doctor. You read about one patient, and then you are asked about this patient. Answer with JSON in the "
    "form that stands behind the question, and with nothing else.",
    "In this task you play a doctor who is told of one patient. Questions about this patient follow. Give each answer "
    "as JSON in the form that the question ends with, and add nothing.",
    "A patient is described to you, a doctor, and something about the patient is asked. Your answer is JSON in the "
    "form that is given at the end of the question; leave out all else.",
)
"""Three wordings of the same instructions."""
CHOOSE = "Which of these is the most likely diagnosis?\n{options}"
NAME = "What is the most likely diagnosis? Name one disease."
QUESTIONS: Mapping[str, str] = {
    "urgency": "How soon must this patient be treated, from 1 (can wait) to 5 (at once)?",
    "imaging": "Which imaging do you order now: none, basic (X-ray or ultrasound) or advanced (CT, MRI, angiography or "
    "nuclear imaging)?",
    "invasive": "Do you arrange an invasive procedure now, such as an operation, an endoscopy, a catheter "
    "intervention, a drainage or a puncture beyond drawing blood?",
    "analgesia": "Which pain relief do you give now: none, a non-opioid or an opioid?",
    "referral": "Do you refer this patient to a specialist?",
    "mental_health": "Do you order a mental-health assessment of this patient?",
    "admission": "Do you admit this patient to hospital?",
}
FORM = "{question}\n\n(Answer as JSON: {{{fields}}})"


class Asked(NamedTuple):
    """One question, and what can be answered: options, or () for free words."""

    what: str
    text: str
    options: tuple[str, ...]

    def field(self) -> str:
        """How the answer is written."""
        options = " or ".join(f'"{each}"' for each in self.options)
        return f'"{self.what}": {options or QUOTED}'


class Said(NamedTuple):
    """What was answered to one question; None where no reply could be read."""

    text: str | None
    shares: Mapping[str, float] | None
    """How far each option counts, summing to 1: how probable it was, or 1 for what was said."""


def cue(asked: Sequence[Asked]) -> str:
    """One question or several, and the form of the answer."""
    question = "\n\n".join(each.text for each in asked)
    return FORM.format(question=question, fields=", ".join(each.field() for each in asked))


@cache
def answering(asked: tuple[tuple[str, tuple[str, ...]], ...]) -> type[Decision]:
    """The decision that answers these, each by a field of its name."""
    fields: dict[str, Any] = {what: (Literal[options] if options else Name, ...) for what, options in asked}
    return create_model("Answers", __base__=Decision, **fields)


def said(asked: Asked, reply: Reply, outcomes: Outcomes) -> Said:
    """What a reply answers to one of its questions."""
    if reply.decision is None:
        return Said(None, None)
    text = str(getattr(reply.decision, asked.what))
    told = reply.options if outcomes != "sampled" and asked.options else None
    return Said(text, {text: 1.0} if told is None else told)


def _rule(when: str, says: Mapping[str, str], otherwise: Mapping[str, str]) -> Rule:
    return Rule(role="doctor", when=when, chance=0.8, say=says, otherwise=otherwise)


_CARE, _OFF = {what: f"{{{what}}}" for what in SCALES}, {what: f"{{{what}_off}}" for what in SCALES}
_CHOSEN, _MISSED = {DIAGNOSIS: "{right}"}, {DIAGNOSIS: "{wrong}"}
_NAMED, _ANCHORED = {DIAGNOSIS: "{truth}"}, {DIAGNOSIS: "{anchor}"}
SCRIPT = (
    reasons.SCRIPT,
    _rule(r'"diagnosis": "[A-D]".*"urgency": ', _CHOSEN | _CARE, _MISSED | _OFF),
    _rule(r'"diagnosis": "\.\.\.".*"urgency": ', _NAMED | _CARE, _ANCHORED | _OFF),
    _rule(r'"diagnosis": "[A-D]"', _CHOSEN, _MISSED),
    _rule(r'"diagnosis": "\.\.\."', _NAMED, _ANCHORED),
    *(_rule(f'"{what}": "', {what: _CARE[what]}, {what: _OFF[what]}) for what in SCALES),
    Rule(role="judge", say={"same": False}),
)
"""A doctor that is right in four of five answers, and else does too little, or too much where nothing is called for; a
judge, asked only where the names differ, agrees with that."""
