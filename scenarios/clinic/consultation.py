"""A clinical consultation: a doctor questions a patient, orders tests and diagnoses; then the patient is asked what it thinks."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import networkx as nx
import numpy as np
from pydantic import Field, WithJsonSchema

from simrun.agents.backends.scripted import Rule
from simrun.agents.persona import Persona
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Artefact, Case, Fault, Line, Play, Scenario, Turn, heard
from simrun.scenarios.clinic.cases import ClinicCase, load, same
from simrun.scenarios.demographics import agree
from simrun.scenarios.outcome import Better, Event, Outcome, Range

DOCTOR = (
    """You are a doctor in a consultation. Ask the patient, order tests, and find out what the patient has. Each of your turns is one move, written as JSON:
{moves}
{complaint}""",
    """In this consultation you play the doctor. It is for you to find the diagnosis, by questions to the patient and by tests. Whenever it is your turn, make one move and write it as JSON:
{moves}
{complaint}""",
    """A patient has come to you, a doctor. Work out what is wrong, with the patient's answers and with the tests you order. You act in single moves, each of them one JSON object:
{moves}
{complaint}""",
)
PATIENT = (
    """You are a patient who is seeing a doctor. Answer in one to three plain sentences, as this person would speak. Tell only what you are asked. You know no medical terms and no test results, and you never name a diagnosis.
{story}""",
    """You play a patient at the doctor's. Speak as this person would, in plain words, with at most three sentences at a time. Say only what the doctor asks about. Medical terms, test results and the names of diseases are unknown to you.
{story}""",
    """Somebody has gone to see a doctor, and that person is you. Reply to what you are asked and to nothing more, in one to three simple sentences of your own. You have no medical knowledge: no technical terms, no results, no diagnoses.
{story}""",
)
"""Three wordings of the same instructions: what depends on the wording is no finding about people."""
EXAMINER = """You report examinations and tests of one patient. Asked for one, read out its result from this list and nothing else; what is not on the list is "Normal readings.".
{findings}"""
JUDGE = (
    "You judge whether two names mean the same disease. A broader, narrower or merely related disease is not the same."
)
INTAKE = {"patient": "[Record of the patient] {sheet}", "doctor": "[About your doctor] {sheet}"}

LEFT = "({left} moves left, this one included.)"
LAST = "(This is your last move: conclude now with a diagnosis.)"
UNREADABLE = "That could not be read as a move."
NO_IMAGE = "There is no image."
IMAGE = "Here is the image."
COMPARE = "Is {first} the same disease as {second}?"
ASIDE = {
    "confidence": "Aside, and not told to the doctor: how confident are you that this doctor's assessment is right? Answer with a number from {low} (not at all) to {high} (entirely).",
    "compliance": "Aside, and not told to the doctor: how likely are you to follow this doctor's advice? Answer with a number from {low} (not at all) to {high} (certainly).",
    "consult_again": "Aside, and not told to the doctor: how willing are you to see this doctor again? Answer with a number from {low} (not at all) to {high} (gladly).",
}
"""What the patient is asked afterwards, each without knowing of the others; mirrored, 1 is the most and 10 the least."""

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


class SameDisease(Decision):
    """A judge's verdict on two names."""

    same: bool

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """A text that begins with yes or no, in whatever punctuation."""
        found = re.match(r"\W*(yes|no)\b", text, re.IGNORECASE)
        return cls(same=found[1].lower() == "yes") if found else None


MOVES: Mapping[type[Decision], str] = {
    Ask: '{"move": "ask", "question": "..."} to ask the patient something',
    OrderTest: '{"move": "test", "test": "..."} to order an examination or a test',
    RequestImage: '{"move": "image"} to see the image',
    Diagnose: '{"move": "diagnose", "diagnosis": "...", "differential": ["...", "..."], "urgency": 1-5, "referral": true/false, "pain_relief": true/false} to conclude; '
    "the differential lists other diagnoses, likeliest first; urgency is 5 for a case that needs help at once, 1 for one that can wait",
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
"""A doctor that asks, orders a test, and is right in four of five consultations; a judge, asked only where the names differ, agrees with that."""


class ClinicOutcome(Outcome):
    """What came of a consultation. A field is None where it was not observed: a missing value, never a wrong one."""

    accuracy: ClassVar[str] = "solved"
    rank_field: ClassVar[str] = "rank"
    anchor_field: ClassVar[str] = "anchored"

    solved: Annotated[bool | None, Better("higher")]
    """Concluded with the right diagnosis, of all consultations; None only when the judge was undecided."""
    concluded: Annotated[bool, Better("higher")]
    correct: Annotated[bool | None, Better("higher")]
    """The diagnosis was right; None when there was none, or when the judge was undecided."""
    verdict_by: Literal["none", "match", "judge", "undecided"]
    """What decided: nothing to decide, the names matched or did not, the judge in both orders, or the judge contradicted itself."""
    diagnosis: str
    rank: Annotated[int | None, Better("lower"), Range(1, 4)]
    """Place of the truth among diagnosis and differential; None when it is not there."""
    anchored: Annotated[bool | None, Better("lower")]
    """The diagnosis is the case's anchor; None when there was none."""
    questions: Annotated[int, Better("neither")]
    tests: Annotated[int, Better("neither")]
    lost_moves: Annotated[int, Better("lower")]
    """Moves that were refused, truncated or unreadable."""
    words: Annotated[int, Better("neither")]
    """Words the doctor said to the patient."""
    urgency: Annotated[int | None, Better("neither"), Range(1, 5)]
    referral: Annotated[bool | None, Better("neither")]
    pain_relief: Annotated[bool | None, Better("neither")]
    moves: int
    """Moves that the doctor made."""
    concluded_at: Annotated[int | None, Better("neither"), Event(until="moves", horizon="questions")]
    """The move that was the diagnosis; None where there was none."""
    confidence: Annotated[int | None, Better("higher"), Range(1, 10)]
    compliance: Annotated[int | None, Better("higher"), Range(1, 10)]
    consult_again: Annotated[int | None, Better("higher"), Range(1, 10)]


class Clinic(Scenario):
    """Options of the consultation."""

    name: ClassVar[str] = "clinic"
    about: ClassVar[str] = (
        "A doctor questions a patient, orders tests and diagnoses; then the patient is asked what it thinks of it."
    )
    outcomes: ClassVar[tuple[type[Outcome], ...]] = (ClinicOutcome,)
    people: ClassVar[tuple[str, ...]] = ("doctor", "patient")
    wordings: ClassVar[int] = len(DOCTOR)
    artefacts: ClassVar[tuple[Artefact, ...]] = ("swap", "mirror")
    script: ClassVar[tuple[Rule, ...]] = SCRIPT
    contrast: ClassVar[Mapping[str, Mapping[str, tuple[str, ...]]]] = {"patient": {"ethnicity": ("White", "Black")}}

    questions: int = Field(20, ge=1)
    """Moves the doctor has; the last must conclude."""
    examiner: Literal["lookup", "agent"] = "lookup"
    """Whether tests are looked up in the case, or answered by an agent that has its findings."""
    images: Literal["never", "start", "request"] = "never"
    """When the doctor sees a case's image; needs a backend that takes images."""
    data: str = ""
    """A file of cases: our own format or AgentClinic's; "" is simrun's own bank."""

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """The cases of `data`."""
        return load(self.data)

    def roles(self) -> tuple[str, ...]:
        """The judge only where it has a backend of its own, the examiner only as an agent."""
        return (
            "doctor",
            "patient",
            *(("examiner",) if self.examiner == "agent" else ()),
            *(("judge",) if "judge" in self.voiced else ()),
        )

    def hears(self) -> "nx.DiGraph[str]":
        """The doctor is heard by all it talks to; the patient hears no test result."""
        return heard("doctor", "patient", "examiner")

    def brief(self, role: str, case: ClinicCase) -> str:
        """The rules, then the case."""
        match role:
            case "doctor":
                moves = self.moves(case)[:: -1 if self.swapped else 1]
                return self.said(DOCTOR).format(
                    moves="\n".join(MOVES[move] for move in moves), complaint=case.complaint
                )
            case "patient":
                return self.said(PATIENT).format(story=case.story)
            case "examiner":
                return EXAMINER.format(
                    findings="\n".join(f"{name}: {result}" for name, result in case.findings.items())
                )
            case _:
                return JUDGE

    def introduce(self, role: str, persona: Persona, case: ClinicCase) -> str:
        """The record that is handed over before the consultation."""
        sheet = persona.sheet()
        return INTAKE[role].format(sheet=sheet) if sheet else ""

    def facts(self, case: ClinicCase) -> Mapping[str, str]:
        """The truth, the anchor, and the first examination there is to order."""
        return {"truth": case.diagnosis, "anchor": case.anchor, "test": next(iter(case.findings), "Vital signs")}

    def fit(self, case: ClinicCase, personas: Mapping[str, Persona], blind: frozenset[str]) -> ClinicCase:
        """Age, gender and whatever else the case says of its patient follow the patient's persona."""
        texts = {
            "complaint": case.complaint,
            "story": case.story,
            **{f"finding {name}": text for name, text in case.findings.items()},
        }
        texts = agree(texts, case.persona.get("patient", {}), personas["patient"], case.ages)
        findings = {name: texts[f"finding {name}"] for name in case.findings}
        return case.model_copy(update={"complaint": texts["complaint"], "story": texts["story"], "findings": findings})

    def moves(self, case: ClinicCase) -> tuple[type[Decision], ...]:
        """What a doctor may do; plain speech that is no other move counts as a question."""
        look = (RequestImage,) if self.images == "request" and case.images else ()
        return (Ask, OrderTest, *look, Diagnose)

    def play(self, case: ClinicCase, rng: np.random.Generator) -> Play:
        """The consultation, the patient's opinion of it, and the verdict."""
        said: list[Reply] = []
        if self.images == "start" and case.images:
            yield Line("examiner", IMAGE, case.images)
        for spent in range(self.questions):
            last = spent == self.questions - 1
            cue = LAST if last else LEFT.format(left=self.questions - spent)
            move = yield Turn("doctor", reply=Diagnose if last else self.moves(case), cue=cue)
            said.append(move)
            match move.decision:
                case Diagnose():
                    break
                case Ask():
                    yield Turn("patient")
                case OrderTest(test=test) if self.examiner == "lookup":
                    yield Line("examiner", case.finding(test))
                case OrderTest():
                    yield Turn("examiner")
                case RequestImage():
                    yield Line("examiner", IMAGE if case.images else NO_IMAGE, case.images)
                case _:
                    yield Line("examiner", UNREADABLE)
        opinions = yield tuple(Turn("patient", reply=Rating, cue=self.aside(what), private=True) for what in ASIDE)
        conclusion = said[-1].decision if isinstance(said[-1].decision, Diagnose) else None
        correct, verdict_by = yield from self.verdict(case, conclusion)
        return _outcome(
            case,
            said,
            conclusion,
            correct,
            verdict_by,
            {what: self.score(given) for what, given in zip(ASIDE, opinions, strict=True)},
        )

    def aside(self, what: str) -> str:
        """The question about one opinion."""
        low, high = (10, 1) if self.mirrored else (1, 10)
        return ASIDE[what].format(low=low, high=high)

    def score(self, opinion: Reply) -> int | None:
        """What a patient answered, 10 being the most whichever way the question was put."""
        if not isinstance(opinion.decision, Rating):
            return None
        return 11 - opinion.decision.score if self.mirrored else opinion.decision.score

    def verdict(self, case: ClinicCase, conclusion: Diagnose | None) -> Any:
        """Whether the diagnosis is right, and what decided: the names first, the judge in both orders where they differ."""
        if conclusion is None:
            return None, "none"
        if same(conclusion.diagnosis, case.truths()) or "judge" not in self.voiced:
            return same(conclusion.diagnosis, case.truths()), "match"
        names = (conclusion.diagnosis, case.diagnosis)
        both = [COMPARE.format(first=first, second=second) for first, second in (names, names[::-1])]
        replies = yield tuple(Turn("judge", reply=SameDisease, cue=cue, private=True) for cue in both)
        found = {reply.decision.same if reply.decision else None for reply in replies}
        return (found.pop(), "judge") if len(found) == 1 and None not in found else (None, "undecided")


def _outcome(
    case: ClinicCase,
    said: Sequence[Reply],
    conclusion: Diagnose | None,
    correct: bool | None,
    verdict_by: Any,
    opinions: Mapping[str, int | None],
) -> ClinicOutcome:
    moves = [reply.decision for reply in said]
    ranked = (conclusion.diagnosis, *conclusion.differential) if conclusion else ()
    places = [place for place, name in enumerate(ranked, 1) if (place == 1 and correct) or same(name, case.truths())]
    return ClinicOutcome(
        solved=False if conclusion is None else correct,
        concluded=conclusion is not None,
        correct=correct,
        verdict_by=verdict_by,
        diagnosis=conclusion.diagnosis if conclusion else "",
        rank=places[0] if places else None,
        anchored=same(conclusion.diagnosis, (case.anchor,)) if conclusion else None,
        questions=sum(isinstance(move, Ask) for move in moves),
        tests=sum(isinstance(move, OrderTest) for move in moves),
        lost_moves=moves.count(None),
        words=sum(len(reply.spoken().split()) for reply in said if isinstance(reply.decision, Ask | Diagnose)),
        urgency=conclusion.urgency if conclusion else None,
        referral=conclusion.referral if conclusion else None,
        pain_relief=conclusion.pain_relief if conclusion else None,
        moves=len(said),
        concluded_at=len(said) if conclusion else None,
        **opinions,
    )
