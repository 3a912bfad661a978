"""A clinical consultation: a doctor questions a patient, orders tests and diagnoses; then the patient is asked what
it thinks."""

from collections.abc import Generator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import networkx as nx
import numpy as np
from pydantic import Field

from simrun.agents.backends.scripted import Rule
from simrun.agents.judges.base import Said, Spoken
from simrun.agents.persona import Persona
from simrun.agents.reply import Decision, Reply
from simrun.scenarios.base import Beat, Case, Fault, File, Line, Play, Turn, Unfit, heard
from simrun.scenarios.choosing import weighed
from simrun.scenarios.clinic import prompts
from simrun.scenarios.clinic.bank import load
from simrun.scenarios.clinic.base import HANDED, JUDGE, NURSE, Clinic
from simrun.scenarios.clinic.cases import ClinicCase
from simrun.scenarios.clinic.diagnosis import same
from simrun.scenarios.clinic.moves import (
    MOVES,
    SCRIPT,
    Ask,
    Diagnose,
    OrderTest,
    Rating,
    RequestImage,
)
from simrun.scenarios.clinic.telling import answer, told
from simrun.scenarios.demographics import BABY, agree
from simrun.scenarios.outcome import Asks, Better, Event, Outcome, Range
from simrun.scenarios.reasons import Explained, Explaining

SPEAKS = 12
"""Years from which a patient speaks for itself."""


class ClinicOutcome(Explained):
    """What came of a consultation. A field is None where it was not observed: a missing value, never a wrong one."""

    accuracy: ClassVar[str] = "solved"
    rank_field: ClassVar[str] = "rank"
    anchor_field: ClassVar[str] = "anchored"
    asks: ClassVar[Asks | None] = Asks("questions", "questions")

    solved: Annotated[bool | None, Better("higher")]
    """The diagnosis was right; None when there was none, since the last move was refused, cut off or unreadable, or
    when the judge was undecided. So it is of the consultations that were concluded; `concluded` says how many are."""
    concluded: Annotated[bool, Better("higher")]
    """There was a diagnosis."""
    verdict_by: Literal["none", "match", "uncommitted", "judge", "undecided"]
    """What decided: nothing to decide, the names matched or did not, several diseases were named and so none
    diagnosed, the judge in both orders, or the judge contradicted itself."""
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
    undertriaged: Annotated[bool | None, Better("lower")]
    """The urgency is less than the case's own; None where one of them is not known."""
    overtriaged: Annotated[bool | None, Better("lower")]
    """It is more."""
    pain_untreated: Annotated[bool | None, Better("lower")]
    """Nothing is given for the pain; None where the case has none, or that is not known."""
    moves: int
    """Moves that the doctor made."""
    concluded_at: Annotated[int | None, Better("neither"), Event(until="moves", horizon="questions")]
    """The move that was the diagnosis; None where there was none."""
    confidence: Annotated[int | float | None, Better("higher"), Range(1, 10)]
    """Of these three, where choices are expected, the mean over what the patient could have said."""
    compliance: Annotated[int | float | None, Better("higher"), Range(1, 10)]
    consult_again: Annotated[int | float | None, Better("higher"), Range(1, 10)]


class Consultation(Clinic):
    """Options of the consultation."""

    mode: ClassVar[str] = "consultation"
    outcome: ClassVar[type[Outcome]] = ClinicOutcome
    wordings: ClassVar[int] = len(prompts.DOCTOR)
    lays: ClassVar[tuple[str, ...]] = (*Explaining.lays, "diagnosis", "disease")
    script: ClassVar[tuple[Rule, ...]] = SCRIPT

    questions: int = Field(20, ge=1)
    """Moves the doctor has; the last must conclude."""
    patient: Literal["agent", "scripted"] = "agent"
    """Whether an agent speaks for the patient, or each question is answered by rule from the case, without a model and
    alike in every arm; then the patient is asked for no opinion."""
    examiner: Literal["lookup", "agent"] = "lookup"
    """Whether tests are looked up in the case, or answered by an agent that has its findings."""
    images: Literal["never", "start", "request"] = "never"
    """When the doctor sees a case's image; needs a backend that takes images."""
    data: Annotated[str, File()] = ""
    """A file of cases: our own format or AgentClinic's; "" is simrun's own bank."""
    encoding: str = ""
    """How its text is encoded, such as cp1252; "" for what a byte order mark says, else UTF-8."""

    def bank(self) -> tuple[tuple[Case, ...], tuple[Fault, ...]]:
        """The cases of `data`."""
        return load(self.data, self.encoding, look=self.looks)

    def roles(self) -> tuple[str, ...]:
        """The judge only where it has a backend of its own, patient and examiner only as agents."""
        return (
            "doctor",
            *(("patient",) if self.patient == "agent" else ()),
            *(("examiner",) if self.examiner == "agent" else ()),
            *(("judge",) if "judge" in self.voiced else ()),
        )

    def written(self) -> tuple[str, ...]:
        """A patient who speaks by rule has a persona and no engine."""
        return () if self.patient == "agent" else ("patient",)

    def scripted(self, case: ClinicCase) -> tuple[str, ...]:
        """All that a patient can say who speaks by rule."""
        return () if self.patient == "agent" else told(case.story).lines()

    def hears(self, case: ClinicCase, rng: np.random.Generator) -> "nx.DiGraph[str]":
        """The doctor is heard by all it talks to; the patient hears no test result."""
        graph = heard("doctor", "patient", "examiner")
        graph.add_edge(NURSE, "doctor")
        return graph

    def brief(self, role: str, case: ClinicCase) -> str:
        """The rules, then the case."""
        match role:
            case "doctor":
                moves = self.moves(case)[:: -1 if self.swapped else 1]
                return self.said(prompts.DOCTOR).format(
                    moves="\n".join(MOVES[move] for move in moves), complaint=case.complaint
                )
            case "patient":
                return self.said(prompts.PATIENT).format(story=case.story)
            case "examiner":
                return prompts.EXAMINER.format(
                    findings="\n".join(f"{name}: {result}" for name, result in case.findings.items())
                )
            case _:
                return JUDGE.brief(Said())

    def evidence(self, case: ClinicCase, outcome: Any, lines: Sequence[Spoken]) -> Mapping[str, tuple[str, ...]]:
        """What was decided and why; the diagnosis that was given, where one was, and the case's disease."""
        names = {"diagnosis": (outcome.diagnosis,) if outcome.diagnosis else (), "disease": (case.diagnosis,)}
        return {**super().evidence(case, outcome, lines), **names}

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
        if "patient" in self.ever_carrying and (minor := _minor(case)):
            raise Unfit(f"its patient ({minor}) is too young to believe anything of its own illness")
        known = case.persona.get("patient", {})
        self.pictured(case)
        texts = agree(texts, known, personas["patient"], case.ages, fixed=(case.diagnosis,))
        findings = {name: texts[f"finding {name}"] for name in case.findings}
        return case.model_copy(update={"complaint": texts["complaint"], "story": texts["story"], "findings": findings})

    def moves(self, case: ClinicCase) -> tuple[type[Decision], ...]:
        """What a doctor may do; plain speech that is no other move counts as a question."""
        look = (RequestImage,) if self.images == "request" and case.images else ()
        return (Ask, OrderTest, *look, Diagnose)

    def play(self, case: ClinicCase, rng: np.random.Generator) -> Play:
        """The consultation, the patient's opinion of it, and the verdict."""
        said, answers = list[Reply](), list[str]()
        yield Line(NURSE, HANDED)
        if self.images == "start" and case.images:
            yield Line("examiner", prompts.IMAGE, self.pictured(case))
        for spent in range(self.questions):
            last = spent == self.questions - 1
            cue = prompts.LAST if last else prompts.LEFT.format(left=self.questions - spent)
            move = yield Turn("doctor", reply=Diagnose if last else self.moves(case), cue=cue)
            said.append(move)
            match move.decision:
                case Diagnose():
                    break
                case Ask(question=question) if self.patient == "scripted":
                    answers.append(answer(question, told(case.story), answers))
                    yield Line("patient", answers[-1])
                case Ask():
                    yield Turn("patient")
                case OrderTest(test=test) if self.examiner == "lookup":
                    yield Line("examiner", case.finding(test))
                case OrderTest():
                    yield Turn("examiner")
                case RequestImage():
                    image = self.pictured(case)
                    yield Line("examiner", prompts.IMAGE if image else prompts.NO_IMAGE, image)
                case _:
                    yield Line("examiner", prompts.UNREADABLE)
        opinions = yield from self._opinions()
        conclusion = said[-1].decision if isinstance(said[-1].decision, Diagnose) else None
        why = yield from self.explained("doctor", conclusion.concluded() if conclusion else "")
        correct, verdict_by = yield from self.verdict(case, conclusion.diagnosis if conclusion else None)
        return _outcome(
            case,
            said,
            conclusion,
            correct,
            verdict_by,
            {**opinions, **why},
        )

    def _opinions(self) -> Generator[Beat, Any, Mapping[str, float | None]]:
        """What the patient thinks of it; nothing that speaks by rule thinks."""
        if self.patient == "scripted":
            return dict.fromkeys(prompts.ASIDE)
        given = yield tuple(Turn("patient", reply=Rating, cue=self.aside(what), private=True) for what in prompts.ASIDE)
        return {what: self.score(each) for what, each in zip(prompts.ASIDE, given, strict=True)}

    def aside(self, what: str) -> str:
        """The question about one opinion."""
        low, high = (10, 1) if self.mirrored else (1, 10)
        return prompts.ASIDE[what].format(low=low, high=high)

    def score(self, opinion: Reply) -> float | None:
        """What a patient answered, or would on average, 10 being the most whichever way the question was put."""
        given = weighed(opinion, "score", self.outcomes).value
        if given is None:
            return None
        return 11 - given if self.mirrored else given


def _minor(case: ClinicCase) -> str:
    """What says that a case is about a child who does not speak for itself; "" where nothing does."""
    age = case.persona.get("patient", {}).get("age", "")
    baby = BABY.search(f"{case.complaint} {case.story}")
    return baby[0] if baby else f"{age} years" if age.isdigit() and int(age) < SPEAKS else ""


def _outcome(
    case: ClinicCase,
    said: Sequence[Reply],
    conclusion: Diagnose | None,
    correct: bool | None,
    verdict_by: Any,
    asked: Mapping[str, Any],
) -> ClinicOutcome:
    moves = [reply.decision for reply in said]
    urgency, relief = (conclusion.urgency, conclusion.pain_relief) if conclusion else (None, None)
    off = urgency - case.urgency if urgency and case.urgency else None
    ranked = (conclusion.diagnosis, *conclusion.differential) if conclusion else ()
    places = [place for place, name in enumerate(ranked, 1) if (place == 1 and correct) or same(name, case.truths())]
    return ClinicOutcome(
        solved=correct,
        concluded=conclusion is not None,
        verdict_by=verdict_by,
        diagnosis=conclusion.diagnosis if conclusion else "",
        rank=places[0] if places else None,
        anchored=same(conclusion.diagnosis, (case.anchor,)) if conclusion else None,
        questions=sum(isinstance(move, Ask) for move in moves),
        tests=sum(isinstance(move, OrderTest) for move in moves),
        lost_moves=moves.count(None),
        words=sum(len(reply.spoken().split()) for reply in said if isinstance(reply.decision, Ask | Diagnose)),
        urgency=urgency,
        referral=conclusion.referral if conclusion else None,
        pain_relief=relief,
        undertriaged=None if off is None else off < 0,
        overtriaged=None if off is None else off > 0,
        pain_untreated=not relief if case.pain and relief is not None else None,
        moves=len(said),
        concluded_at=len(said) if conclusion else None,
        **asked,
    )
