"""Files of clinical cases as people have them: what is no case is listed, and the doctor is told no code."""

import json
from pathlib import Path
from typing import Any

import pytest

from simrun.agents.persona import Persona, Trait
from simrun.scenarios.base import Unfit
from simrun.scenarios.clinic.bank import load, other_question
from simrun.scenarios.clinic.cases import ClinicCase
from simrun.scenarios.clinic.consultation import Consultation

MISSING = object()


def osce(**changed: Any) -> dict[str, Any]:
    exam = {
        "Objective_for_Doctor": "Find out what the patient has.",
        "Patient_Actor": {"Demographics": "57-year-old female", "History": "A cough for a week."},
        "Physical_Examination_Findings": {"Lungs": "Crackles"},
        "Test_Results": {"X-ray": "Infiltrate"},
        "Correct_Diagnosis": "Pneumonia",
    } | changed
    return {"OSCE_Examination": {key: value for key, value in exam.items() if value is not MISSING}}


def nejm(**changed: Any) -> dict[str, Any]:
    answers = [{"text": "Flu", "correct": False}, {"text": "Asthma", "correct": True}]
    told = {"question": "What is the diagnosis?", "patient_info": "You cough.", "answers": answers}
    return told | {"physical_exams": "Wheezes."} | changed


def own(**changed: Any) -> dict[str, Any]:
    told = {"id": "s", "complaint": "a cough", "history": "You cough.", "symptoms": ["a cough"], "denies": ["fever"]}
    told |= {"background": "You work.", "findings": {"X-ray": "clear"}, "diagnosis": "asthma", "aliases": []}
    return told | {"anchor": "pneumonia", "ages": [18, 80], "age": 40} | changed


def read(tmp_path: Path, *rows: dict[str, Any]) -> tuple[tuple[ClinicCase, ...], list[str]]:
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    cases, faults = load(str(file))
    return cases, [str(fault).removeprefix(f"{file}:") for fault in faults]


NO_TEXT = [None, "", "NaN", [], ["a"], {}, {"a": 1}, 7, True]


@pytest.mark.parametrize("value", NO_TEXT, ids=repr)
@pytest.mark.parametrize(
    ("form", "field"),
    [
        (osce, "Correct_Diagnosis"),
        (osce, "Objective_for_Doctor"),
        (nejm, "patient_info"),
        (own, "diagnosis"),
        (own, "complaint"),
        (own, "history"),
        (own, "anchor"),
    ],
)
def test_what_must_be_a_text_and_is_none_is_listed(tmp_path: Path, form: Any, field: str, value: Any) -> None:
    cases, faults = read(tmp_path, form(**{field: value}), osce())
    assert [case.id for case in cases] == ["a-2"]
    assert faults[0].startswith(f"1: field '{field}': ")


@pytest.mark.parametrize("value", NO_TEXT, ids=repr)
def test_a_right_answer_that_is_no_text_is_listed(tmp_path: Path, value: Any) -> None:
    cases, faults = read(tmp_path, nejm(answers=[{"text": value, "correct": True}]), osce())
    assert ([case.id for case in cases], faults[0][:19]) == (["a-2"], "1: field 'answers':")


def test_right_and_wrong_in_words_are_read(tmp_path: Path) -> None:
    answers = [{"text": "Flu", "correct": "false"}, {"text": "Asthma", "correct": "True"}]
    (case,), _ = read(tmp_path, nejm(answers=answers))
    assert (case.diagnosis, case.anchor) == ("Asthma", "Flu")
    assert read(tmp_path, nejm(answers=[{"text": "Flu", "correct": "maybe"}]), osce())[1] == [
        "1: field 'answers': expected true or false, got 'maybe'"
    ]


def test_nobody_is_told_code(tmp_path: Path) -> None:
    actor = {"Demographics": "57-year-old female", "History": None, "Symptoms": ["Cough", None, {"Since": "May"}]}
    tests = {"X-ray": None, "Normal": True, "Blood": {"WBC": None, "Hb": 12.5}, "Notes": ["a", None]}
    (case,), _ = read(tmp_path, osce(Patient_Actor=actor, Test_Results=tests, Physical_Examination_Findings="Clear"))
    assert case.story == "Demographics: 57-year-old female\nSymptoms: Cough, Since: May"
    assert dict(case.findings) == {
        "Physical Examination Findings": "Clear",
        "Normal": "yes",
        "Blood": "Hb: 12.5",
        "Hb": "12.5",
        "Notes": "a",
    }


def test_one_text_is_a_list_of_one(tmp_path: Path) -> None:
    (case,), _ = read(tmp_path, own(symptoms="cough since May", denies="fever", aliases="bronchial asthma"))
    assert "You have: cough since May.\nYou do not have: fever." in case.story
    assert case.aliases == ("bronchial asthma",)
    assert read(tmp_path, own(symptoms={"a": 1}), osce())[1] == [
        "1: field 'symptoms': expected a list of texts, got an object"
    ]


@pytest.mark.parametrize(("name", "found"), [(0, "0"), (12, "12"), (" x ", "x"), (None, "a-1")])
def test_ids_are_texts_or_numbers_and_stand_once(tmp_path: Path, name: Any, found: str) -> None:
    cases, faults = read(tmp_path, own(id=name), own(id=found))
    assert [case.id for case in cases] == [found]
    assert faults == [f"2: field 'id': {found!r} is that of line 1 already; give each row its own"]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_and_lists_are_read(tmp_path: Path, name: str, encoding: str) -> None:
    file = tmp_path / name
    file.write_text(json.dumps([osce()] if name == "a.json" else osce()), encoding)
    assert [case.id for case in load(str(file))[0]] == ["a-1"]


def test_another_encoding_is_an_option(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(osce(Correct_Diagnosis="Menière"), ensure_ascii=False), "cp1252")
    with pytest.raises(ValueError, match=r"set scenario\.encoding=cp1252"):
        Consultation(data=str(file)).bank()
    (case,), _ = Consultation(data=str(file), encoding="cp1252").bank()
    assert case.diagnosis == "Menière"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("demographics", "given"),
    [
        ("35F", {"age": "35", "gender": "woman"}),
        ("35 y.o. F", {"age": "35", "gender": "woman"}),
        ("62yo M", {"age": "62", "gender": "man"}),
        ("M/62", {"age": "62", "gender": "man"}),
        ("62 y/o", {"age": "62"}),
        ("Female, 35 years", {"age": "35", "gender": "woman"}),
        ("aged 35, male", {"age": "35", "gender": "man"}),
        ("thirty-five-year-old woman", {"age": "35", "gender": "woman"}),
        ({"Age": 35}, {"age": "35"}),
        ({"Age": 35, "Gender": "Female"}, {"age": "35", "gender": "woman"}),
        ({"Age": "35 years", "Sex": "M"}, {"age": "35", "gender": "man"}),
        ("6-month-old boy", {"gender": "man"}),
        ("3-week-old", {}),
    ],
)
def test_demographics_however_short_are_read_and_followed(
    tmp_path: Path, known: Any, demographics: Any, given: dict[str, str]
) -> None:
    (case,), _ = read(tmp_path, osce(Patient_Actor={"Demographics": demographics, "History": "A cough."}))
    assert dict(case.persona["patient"]) == given
    if given.get("age") == "35" and given.get("gender") == "woman":
        fitted = fit(case, known, gender="man", age="60").story.lower()
        assert "60" in fitted
        assert "male" in fitted or " man" in fitted
        assert not {"35", "female", "woman", "f"} & set(fitted.replace(",", "").replace("-", " ").split())


def fit(case: ClinicCase, known: Any, **levels: str) -> ClinicCase:
    traits = tuple(Trait(axis=known.axes[axis], level=level) for axis, level in levels.items())
    return Consultation().fit(case, {"patient": Persona(traits=traits)}, frozenset())


def test_gender_and_age_stand_in_the_question_or_the_objective_too(tmp_path: Path, known: Any) -> None:
    asked = nejm(question="A 40-year-old man coughs. What is the diagnosis?", patient_info="You are a 40-year-old.")
    told = osce(Objective_for_Doctor="Examine a 40-year-old man.", Patient_Actor={"History": "Cough."})
    for case in read(tmp_path, asked, told)[0]:
        assert dict(case.persona["patient"]) == {"age": "40", "gender": "man"}


def test_words_of_a_gender_that_nothing_states_follow(tmp_path: Path, known: Any) -> None:
    actor = {"Demographics": "23-year-old student", "History": "He cannot sit still. His legs hurt him."}
    (case,), _ = read(tmp_path, osce(Patient_Actor=actor))
    assert "She cannot sit still. Her legs hurt her." in fit(case, known, gender="woman").story
    assert fit(case, known, gender="man").story == case.story
    with pytest.raises(Unfit, match="its text says man; only woman and man can be swapped"):
        fit(case, known, gender="nonbinary")
    both = {"History": "He cannot sit still. She says that this is new."}
    with pytest.raises(Unfit, match=r"speaks of a woman and of a man \(He, She\)"):
        fit(read(tmp_path, osce(Patient_Actor=both))[0][0], known, gender="woman")


def test_a_diagnosis_of_one_sex_binds_a_story_without_a_word_of_it(tmp_path: Path, known: Any) -> None:
    (case,), _ = read(tmp_path, osce(Correct_Diagnosis="Endometriosis"))
    with pytest.raises(Unfit, match="sex-specific"):
        fit(case, known, gender="man")
    assert fit(case, known, gender="woman") == case


DIAGNOSES = """
What is the most likely diagnosis?
Based on the imaging shown, which of the following is the most likely diagnosis?
What is the best diagnosis for the findings that the test confirmed?
Which condition does this patient have?
What disease best explains the symptoms?
Which of the following is the most likely cause of this patient's symptoms?
What is your diagnosis?
"""
OTHERS = """
Which is the best treatment?
What is the next best step in management?
Which vector transmits this?
Which of the following factors is associated with a worse prognosis in this diagnosis?
What is the pathogenesis of this disease?
Which test is most likely to confirm the diagnosis?
What is the name of this sign?
Which gene is mutated in this condition?
Where is the lesion most likely?
Which complication should be expected?
What should be done now?
Which syndrome is the diagnosis most closely associated with?
"""


@pytest.mark.parametrize("question", DIAGNOSES.strip().splitlines())
def test_a_question_for_a_diagnosis_plays(question: str) -> None:
    assert other_question(f"A 2.5-kg boy was seen. {question}") == ""


@pytest.mark.parametrize("question", OTHERS.strip().splitlines())
def test_a_question_for_something_else_is_left_out_with_its_words(tmp_path: Path, question: str) -> None:
    cases, faults = read(tmp_path, nejm(question=f"A 2.5-kg boy was seen. {question}"), nejm())
    assert [case.id for case in cases] == ["a-2"]
    assert faults == [f"1: field 'question': asks for something else than a diagnosis ({question!r})"]


QUIRKS = Path(__file__).parents[2].parent / "shared" / "data" / "quirks"


@pytest.mark.skipif(not QUIRKS.is_dir(), reason="../shared/data/quirks is not here")
@pytest.mark.parametrize(
    ("name", "found", "listed"),
    [
        ("clinic_age_article.jsonl", 4, 0),
        ("clinic_bom.jsonl", 2, 0),
        ("clinic_demographics_short.jsonl", 4, 0),
        ("clinic_gender_unstated.jsonl", 3, 0),
        ("clinic_objective_null.jsonl", 2, 1),
        ("own_symptoms_string.jsonl", 1, 0),
    ],
)
def test_shared_quirks(name: str, found: int, listed: int) -> None:
    cases, faults = load(str(QUIRKS / name))
    assert (len(cases), len(faults)) == (found, listed)
