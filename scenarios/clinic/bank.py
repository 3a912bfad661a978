"""Cases of the clinic from files: our own bank, and AgentClinic's two formats as they are."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from simrun.scenarios.base import Fault
from simrun.scenarios.clinic.cases import NORMAL, ClinicCase
from simrun.scenarios.clinic.likeness import anchors, could_have
from simrun.scenarios.clinic.words import normal
from simrun.scenarios.demographics import plain, stated
from simrun.scenarios.fields import absent, cut, ident, items, kind, table, text, truth
from simrun.scenarios.files import read, rows, source
from simrun.scenarios.versions import versions

_PLAIN = re.compile(
    r"\b(?:what|which)(?: one)?(?: of (?:the following|these))?(?: (?:is|are|was|would be|could be|represents"
    r"|do you think is|the|this|these|her|his|your|their|patient['’]s|a|most|more|likely|probable|correct|best|single"
    r"|primary|underlying|unifying|leading|clinical|final|presumptive|working|suspected|appropriate))* diagnos[ei]s\b"
    r"(?! (?:test|most closely|carries|requires))",
    re.IGNORECASE,
)
"""What is the most likely diagnosis, on whatever findings."""
_ASKED = re.compile(
    r"\bdiagnos[ei]s\b"
    r"|\b(?:what|which)\b.{0,40}\b(?:condition|disease|disorder|illness|syndrome)s?\b(?!.*\bassociated)"
    r"|\bwhat (?:is wrong|does (?:this|the|he|she|your)\b.*\bhave\b|do you think .* has)"
    r"|\b(?:cause|etiology|aetiology|explanation|explains?|accounts?)\b.{0,30}\b(?:symptoms?|presentation|illness|condition|"
    r"findings|complaints?|picture|rash|lesions?|pain|fever|mass)\b",
    re.IGNORECASE,
)
_ELSE = re.compile(
    r"\b(?:treat\w*|therap\w*|manag\w+|next (?:best )?step|medication|drug|antibiotic|surgery|intervention|tests?|"
    r"stud(?:y|ies)|procedure|imaging|work-?up|mechanism|pathogenesis|pathophysiolog\w*|prognos\w*|mortality|survival|"
    r"complication|outcome|risk|factors?|predispos\w*|vectors?|transmi\w+|organisms?|pathogens?|genes?|mutation|"
    r"chromosom\w*|inherit\w*|enzyme|antibod\w+|(?:name|term) (?:of|for) (?:this|the|these)|signs?|site|location|"
    r"associated with|reveal|confirm|establish|support\w*|rule out|exclude|prevent\w*|vaccin\w*|"
    r"(?:this|with the|of the|for the) diagnosis|not (?:a|the|likely)|except|least likely|seen|shown|discrepancy)\b",
    re.IGNORECASE,
)
"""Words by which a question asks for something else, even where it names a diagnosis or a disease."""


def load(path: str, encoding: str = "", look: bool = False) -> tuple[tuple[ClinicCase, ...], tuple[Fault, ...]]:
    """Cases of a file ("" for our own bank) in any of the three formats, and the rows that are none.

    A row whose image cannot be shown, or whose versions of it differ otherwise than declared, is none where somebody
    will `look` at it.

    Raises FileNotFoundError when there is no such file, ValueError when nothing in it is a case.
    """
    file = source(path, "clinic/cases.jsonl", "scenario.data", encoding)

    folder = str(Path(str(file)).resolve().parent) if path else ""

    def made(row: dict[str, Any], number: int) -> ClinicCase:
        images = versions(row, folder, look)
        placed = {"images": images, "folder": folder}
        return _flagged(_case(row, f"{file.stem}-{number}").model_copy(update=placed))

    cases, faults = read(file, rows(file), made, lambda case: case.id)
    return _anchored(cases), faults


def _case(row: dict[str, Any], name: str) -> ClinicCase:
    if "OSCE_Examination" in row:
        return _from_osce(table(row["OSCE_Examination"], "OSCE_Examination"), name)
    nejm = "patient_info" in row or ("image_url" in row and "history" not in row)
    return _from_nejm(row, name) if nejm else _from_own(row, name)


def _from_own(row: dict[str, Any], name: str) -> ClinicCase:
    history, background = text(row["history"], "history"), text(row["background"], "background")
    has, has_not = ("; ".join(items(row[field], field)) for field in ("symptoms", "denies"))
    complaint, age = text(row["complaint"], "complaint"), row["age"]
    if absent(age) or not str(age).removesuffix(".0").isdigit():
        raise ValueError(f"age: expected years, got {cut(age)}")
    return ClinicCase(
        id=ident(row.get("id"), name),
        complaint=f"The patient comes with {complaint}.",
        story=f"{history}\nYou have: {has}.\nYou do not have: {has_not}.\n{background}",
        findings=row["findings"],
        diagnosis=text(row["diagnosis"], "diagnosis"),
        aliases=items(row["aliases"], "aliases"),
        anchor=text(row["anchor"], "anchor"),
        ages=row["ages"],
        urgency=row.get("urgency"),
        pain=row.get("pain"),
        persona={"patient": {"age": str(int(float(age)))}},
    )


def _from_osce(exam: Mapping[str, Any], name: str) -> ClinicCase:
    complaint = plain(text(exam["Objective_for_Doctor"], "Objective_for_Doctor"))
    actor = table(exam["Patient_Actor"], "Patient_Actor")
    told = {key: _said(value, short=key == "Demographics") for key, value in actor.items() if value is not None}
    return ClinicCase(
        id=name,
        complaint=complaint,
        story=text("\n".join(f"{_title(key)}: {each}" for key, each in told.items()), "Patient_Actor"),
        findings=_findings(exam, "Physical_Examination_Findings") | _findings(exam, "Test_Results"),
        diagnosis=text(exam["Correct_Diagnosis"], "Correct_Diagnosis"),
        anchor="",
        persona={"patient": stated(complaint) | stated(told.get("Demographics", ""))},
    )


def _from_nejm(row: dict[str, Any], name: str) -> ClinicCase:
    right, wrong = offered(row)
    question = questioned(row)
    story, exams = plain(text(row["patient_info"], "patient_info")), examined(row)
    return ClinicCase(
        id=name,
        complaint="Find the most likely diagnosis of this patient.",
        story=story,
        diagnosis=right,
        anchor=min(wrong, default=""),
        findings={"Physical examination": exams, "Tests": exams},
        persona={"patient": stated(plain(question)) | stated(story)},
    )


def offered(row: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The right one of a row's answers, and the wrong ones. ValueError where not one is right, or several are."""
    if not isinstance(answers := row["answers"], list):
        raise ValueError(f"answers: expected a list, got {kind(answers)}")
    told = [(text(each["text"], "answers"), truth(each["correct"], "answers")) for each in answers]
    right, wrong = ([name for name, correct in told if correct is it] for it in (True, False))
    if len(right) != 1:
        raise ValueError(f"answers: expected one that is correct, got {len(right)}")
    return right[0], tuple(wrong)


def questioned(row: Mapping[str, Any]) -> str:
    """A row's question, "" for none. ValueError where it asks for something else than a diagnosis."""
    question = "" if absent(row.get("question")) else text(row["question"], "question")
    if asked := other_question(question):
        raise ValueError(f"question: asks for something else than a diagnosis ({asked!r})")
    return question


def examined(row: Mapping[str, Any]) -> str:
    """What examining a row's patient finds."""
    exams = row.get("physical_exams")
    return NORMAL if absent(exams) else _said(exams)


def other_question(text: str) -> str:
    """The question of a text that asks for something else than a diagnosis, such as a treatment; "" for none."""
    questions = re.findall(r"[^.?!]*(?:\.\d[^.?!]*)*\?", text)
    asked = questions[-1].strip() if questions else ""
    if not asked or _PLAIN.search(asked):
        return ""
    return asked if _ELSE.search(asked) or not _ASKED.search(asked) else ""


def _findings(exam: Mapping[str, Any], field: str) -> dict[str, str]:
    """Every examination by name, groups too: asked for blood tests, an examiner reads out all of them."""
    found = exam.get(field)
    if isinstance(found, dict):
        return _flat(found)
    return {} if absent(found) else {_title(field): _said(found)}


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in tree.items():
        if value is None:  # nothing was found out, which is no result
            continue
        title = _title(key)
        named = (
            f"{above} {title}".strip() if title.casefold() in ("findings", "results", "result", "comments") else title
        )
        found.setdefault(named, _said(value))
        if isinstance(value, Mapping):
            found = _flat(value, named) | found
    return found


def _said(value: Any, short: bool = False) -> str:
    """A value in words: of an object or a list all that is there."""
    if isinstance(value, Mapping):
        told = (f"{_title(key)}: {_said(item, short)}" for key, item in value.items() if item is not None)
        return "; ".join(map(plain, told))
    if isinstance(value, list):
        return ", ".join(_said(item) for item in value if item is not None)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain(str(value), short)


def _title(key: str) -> str:
    return key.replace("_", " ").strip()


def _flagged(case: ClinicCase) -> ClinicCase:
    """Flag a truth that the case's own texts give away."""
    leaks = [
        where
        for where, text in {"story": case.story, "complaint": case.complaint, **case.findings}.items()
        if _says(text, case.truths())
    ]
    return case.model_copy(update={"flags": tuple(f"the diagnosis is named in {where!r}" for where in leaks[:3])})


def _says(text: str, names: Sequence[str]) -> bool:
    said = f" {normal(text)} "
    return any(len(name) > 3 and f" {name} " in said for name in map(normal, names))


def _anchored(cases: Sequence[ClinicCase]) -> tuple[ClinicCase, ...]:
    """A case without an anchor takes that of our table, else the diagnosis of the case most like it that this patient
    could have; "" where there is none."""
    if all(case.anchor for case in cases):
        return tuple(cases)

    def nearest(case: ClinicCase) -> ClinicCase:
        if known := anchors().get(normal(case.diagnosis)):
            return case.model_copy(update={"anchor": known})
        others = {other.diagnosis: other.story for other in cases if could_have(case, other)}
        best = process.extractOne(case.story, others, scorer=fuzz.token_set_ratio)
        return case.model_copy(update={"anchor": best[2] if best else ""})

    return tuple(case if case.anchor else nearest(case) for case in cases)
