"""Cases of the clinic: our own bank, and AgentClinic's two file formats as they are."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError
from rapidfuzz import fuzz, process, utils

from simrun.agents.images import check
from simrun.scenarios.base import Case, Fault
from simrun.scenarios.demographics import stated

NORMAL = "Normal readings."
_ABBREVIATIONS = {
    "cbc": "complete blood count",
    "fbc": "complete blood count",
    "ecg": "electrocardiogram",
    "ekg": "electrocardiogram",
    "cxr": "chest x-ray",
    "lfts": "liver function tests",
    "lft": "liver function tests",
    "tfts": "thyroid function tests",
    "ua": "urinalysis",
    "emg": "electromyography",
    "esr": "erythrocyte sedimentation rate",
    "crp": "c-reactive protein",
    "tsh": "thyroid-stimulating hormone",
    "lp": "lumbar puncture",
    "eeg": "electroencephalogram",
    "cmp": "metabolic panel",
    "bmp": "metabolic panel",
    "abg": "arterial blood gas",
    "echo": "echocardiogram",
    "vitals": "vital signs",
    "chest radiograph": "chest x-ray",
}
_CLOSE = 82
"""Least similarity (0-100, token sets) at which a requested test is one that the case has."""


class ClinicCase(Case):
    """A patient, what examining them finds, and what they have."""

    complaint: str
    """What the doctor is told before the consultation."""
    story: str
    """What the patient knows, addressed to the patient."""
    findings: Mapping[str, str]
    """Name of an examination or test -> its result."""
    diagnosis: str
    aliases: tuple[str, ...] = ()
    anchor: str
    """A plausible diagnosis that is wrong."""
    ages: tuple[int, int] | None = None
    """Years of age in which the case is plausible, None when unknown."""

    def finding(self, test: str) -> str:
        """The result of a test asked for in anybody's words; normal readings when the case has none like it."""
        asked = utils.default_process(test)
        asked = _ABBREVIATIONS.get(asked, asked)
        found = process.extractOne(
            asked,
            self.findings.keys(),
            scorer=fuzz.token_set_ratio,
            processor=utils.default_process,
            score_cutoff=_CLOSE,
        )
        return f"{found[0]}: {self.findings[found[0]]}" if found else f"{test.strip()[:80]}: {NORMAL}"

    def truths(self) -> tuple[str, ...]:
        """All names that count as the right diagnosis."""
        return (self.diagnosis, *self.aliases)


def same(answer: str, names: Sequence[str]) -> bool:
    """Whether an answer says one of these names: the same words, or the name as a phrase in a committed short
    answer."""
    said = normal(answer)
    for name in map(normal, names):
        if name and (said == name or sorted(said.split()) == sorted(name.split())):
            return True
        hedged = re.search(r"\b(or|vs|versus|not|no|without|rule out|unlikely|exclude[ds]?|history of|risk of)\b", said)
        if name and not hedged and len(said.split()) <= len(name.split()) + 6 and f" {name} " in f" {said} ":
            return True
    return False


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Case, accents, possessives, punctuation, articles and the word `disease` taken off; what stands in brackets
    too."""
    text = unicodedata.normalize("NFKD", text.replace("’", "'")).encode("ascii", "ignore").decode().casefold()
    text = re.sub(r"'s\b", "", re.sub(r"\([^)]*\)", " ", text))
    return " ".join(word for word in re.findall(r"[a-z0-9]+", text) if word not in ("the", "a", "an", "of", "disease"))


def load(path: str, look: bool = False) -> tuple[tuple[ClinicCase, ...], tuple[Fault, ...]]:
    """Cases of a JSON-lines file ("" for our own bank) in any of the three formats, and the lines that are none.

    A line whose image cannot be shown is none where somebody will `look` at it.

    Raises FileNotFoundError when there is no such file, ValueError when not one line of it is a case.
    """
    source = Path(path).expanduser() if path else files("simrun.scenarios.clinic") / "data" / "cases.jsonl"
    if not source.is_file():
        raise FileNotFoundError(
            f"scenario.data: no file {path!r}; give the path of a JSON-lines file, or leave it out for simrun's own "
            "cases"
        )
    cases: list[ClinicCase] = []
    faults: list[Fault] = []
    folder = str(source.resolve().parent) if isinstance(source, Path) and path else ""
    for number, line in enumerate(source.read_bytes().splitlines(), 1):
        if line.strip():
            read = _read(line, f"{Path(path).stem or 'clinic'}-{number}")
            read = _placed(read, folder, look) if isinstance(read, ClinicCase) else read
            if isinstance(read, ClinicCase):
                cases.append(_flagged(read))
            else:
                faults.append(Fault(file=str(source), line=number, field=read[0], why=read[1]))
    if not cases:
        raise ValueError(
            f"scenario.data: {source} holds no case that could be read"
            + (f"; first fault: {faults[0]}" if faults else "")
        )
    return _anchored(cases), tuple(faults)


def _placed(case: ClinicCase, folder: str, look: bool) -> ClinicCase | tuple[str, str]:
    """The case as one of a file in this folder, or the image that cannot be shown and why."""
    try:
        for image in case.images if look else ():
            check(image, folder)
    except ValueError as error:
        return "image_url", str(error)
    return case.model_copy(update={"folder": folder})


def _read(line: bytes, name: str) -> ClinicCase | tuple[str, str]:
    """A case, or the field at fault and what is wrong with it."""
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return "-", f"not JSON ({error})"
    if not isinstance(fields, dict):
        return "-", f"expected a JSON object, got {type(fields).__name__}"
    try:
        return _format(fields)(fields, name)
    except KeyError as error:
        return str(error.args[0]), "missing"
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            return ".".join(map(str, first["loc"])), first["msg"]
        return "-", str(error)


def _format(fields: Mapping[str, Any]) -> Callable[[dict[str, Any], str], ClinicCase]:
    if "OSCE_Examination" in fields:
        return _from_osce
    return _from_nejm if "patient_info" in fields or "image_url" in fields else _from_own


def _from_own(fields: dict[str, Any], name: str) -> ClinicCase:
    history, has, has_not = fields["history"], "; ".join(fields["symptoms"]), "; ".join(fields["denies"])
    story = f"{history}\nYou have: {has}.\nYou do not have: {has_not}.\n{fields['background']}"
    return ClinicCase(
        id=fields["id"],
        complaint=f"The patient comes with {fields['complaint']}.",
        story=story,
        findings=fields["findings"],
        diagnosis=fields["diagnosis"],
        aliases=fields["aliases"],
        anchor=fields["anchor"],
        ages=fields["ages"],
        persona={"patient": {"age": str(fields["age"])}},
    )


def _from_osce(fields: dict[str, Any], name: str) -> ClinicCase:
    exam = fields["OSCE_Examination"]
    actor = exam["Patient_Actor"]
    findings = _flat(exam.get("Physical_Examination_Findings") or {}) | _flat(exam.get("Test_Results") or {})
    return ClinicCase(
        id=name,
        complaint=str(exam["Objective_for_Doctor"]),
        story="\n".join(f"{_title(key)}: {_text(value)}" for key, value in actor.items()),
        findings=findings,
        diagnosis=_required(exam, "Correct_Diagnosis"),
        anchor="",
        persona={"patient": stated(_text(actor.get("Demographics", "")))},
    )


def _from_nejm(fields: dict[str, Any], name: str) -> ClinicCase:
    answers = fields["answers"]
    right, wrong = (
        [str(answer["text"]) for answer in answers if bool(answer["correct"]) is truth] for truth in (True, False)
    )
    if len(right) != 1:
        raise ValueError(f"answers: expected one that is correct, got {len(right)}")
    story = _required(fields, "patient_info")
    exams = fields.get("physical_exams") or NORMAL
    return ClinicCase(
        id=name,
        complaint="Find the most likely diagnosis of this patient.",
        story=story,
        diagnosis=right[0],
        anchor=min(wrong, default=""),
        findings={"Physical examination": exams, "Tests": exams},
        persona={"patient": stated(story) or stated(fields.get("question", ""))},
        images=(fields["image_url"],) if fields.get("image_url") else (),
    )


def _required(fields: Mapping[str, Any], key: str) -> str:
    if not str(fields[key]).strip():
        raise ValueError(f"{key}: empty")
    return str(fields[key])


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Every examination by name, groups too: asked for blood tests, an examiner reads out all of them."""
    found: dict[str, str] = {}
    for key, value in tree.items():
        title = _title(key)
        named = (
            f"{above} {title}".strip() if title.casefold() in ("findings", "results", "result", "comments") else title
        )
        found.setdefault(named, _text(value))
        if isinstance(value, Mapping):
            found = _flat(value, named) | found
    return found


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{_title(key)}: {_text(item)}" for key, item in value.items())
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)


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
    """A case without an anchor takes the diagnosis of the case most like it: plausible, and another one."""
    known = [case for case in cases if case.anchor]

    def nearest(case: ClinicCase) -> ClinicCase:
        others = {other.diagnosis: other.story for other in cases if not _alike(other.diagnosis, case.truths())}
        best = process.extractOne(case.story, others, scorer=fuzz.token_set_ratio)
        return case.model_copy(update={"anchor": best[2] if best else "an infection"})

    return tuple(cases) if len(known) == len(cases) else tuple(case if case.anchor else nearest(case) for case in cases)


def _alike(name: str, others: Sequence[str]) -> bool:
    return any(fuzz.token_set_ratio(normal(name), normal(other)) > 85 for other in others)
