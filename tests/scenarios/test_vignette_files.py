"""Vignettes of somebody's file: rows with answers to choose from, and an image."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import shared
from test_vignette import decided

from simrun import run
from simrun.config.errors import ConfigError
from simrun.report.sections.notes import notes
from simrun.scenarios.clinic.multiple_choice import load
from simrun.scenarios.clinic.vignette import Vignette

NAMES = ("Eczema", "Psoriasis", "Scabies", "Tinea", "Lichen planus")


def row(*names: str, **fields: Any) -> dict[str, Any]:
    """The first of the names is right."""
    question = "A 40-year-old woman has a rash on the arm. She is well. What is the most likely diagnosis?"
    answers = [{"text": name, "correct": name == names[0]} for name in names]
    told = {"question": question, "patient_info": "You are a woman aged 40 with a rash.", "physical_exams": "Scales."}
    return {**told, "answers": answers, **fields}


def written(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    (tmp_path / "cases.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    return tmp_path / "cases.jsonl"


def test_the_answers_of_a_row_are_what_can_be_chosen(tmp_path):
    (case,), faults = load(str(written(tmp_path, row(*NAMES))))
    assert faults == ()
    assert case.options() == ("Eczema", "Lichen planus", "Psoriasis", "Scabies", "Tinea")  # the right one, the others
    case = case.model_copy(update={"order": (2, 0, 4, 3, 1)})
    asked = Vignette(data="x").asked(case)[0]
    assert asked.text.splitlines()[1:] == ["A. Psoriasis", "B. Eczema", "C. Tinea", "D. Scabies", "E. Lichen planus"]
    assert asked.options == ("A", "B", "C", "D", "E")
    found = decided({"diagnosis": '{"diagnosis": "B"}'}, case, plan=False)
    assert (found.correct, found.chance, found.diagnosis) == (1, 0.2, "Eczema")
    assert decided({"diagnosis": '{"diagnosis": "E"}'}, case, plan=False).anchored == 1


def test_the_doctor_reads_the_question_without_what_it_asks(tmp_path):
    (one, other), _ = load(str(written(tmp_path, row(*NAMES), row(*NAMES, question="What is the diagnosis?"))))
    assert one.vignette == "A 40-year-old woman has a rash on the arm. She is well."
    assert other.vignette.startswith("The patient's account: You are a woman aged 40 with a rash.")
    assert other.vignette.endswith("Scales.")
    assert one.persona == {"patient": {"age": "40", "gender": "woman"}}
    assert "Temperature" not in Vignette(data="x").brief("doctor", one)


def test_what_such_a_case_calls_for_is_not_known(tmp_path):
    (case,), _ = load(str(written(tmp_path, row(*NAMES))))
    said = {"urgency": "5", "imaging": "advanced", "invasive": "yes", "analgesia": "none", "referral": "no"}
    said |= {"mental_health": "no", "admission": "yes", "diagnosis": "A"}
    found = decided({what: json.dumps({what: level}) for what, level in said.items()}, case)
    assert (found.urgency, found.imaging, found.admission) == (5, 2, 1)
    assert (found.undertriaged, found.overtriaged, found.undertreated, found.overtreated) == (None,) * 4
    assert found.pain_undertreated is None


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (row("Eczema"), "answers"),
        (row(*(f"Disease {number}" for number in range(9))), "answers"),
        ({"OSCE_Examination": {}}, "answers"),
        (row(*NAMES, question="Which drug is the best treatment?"), "question"),
        (row(*NAMES, image_url="none.png"), "image_url"),
    ],
)
def test_a_row_that_is_none_is_named(tmp_path, bad, field):
    cases, (fault,) = load(str(written(tmp_path, row(*NAMES), bad)), look=True)
    assert (len(cases), fault.line, fault.field) == (1, 2, field)


def test_a_specialty_is_one_of_our_own_cases(tmp_path):
    with pytest.raises(ConfigError, match="none in this file"):
        run(
            "scenario=clinic",
            "scenario.mode=vignette",
            "scenario.specialty=cardiology",
            "backend=scripted",
            scenario={"data": str(written(tmp_path, row(*NAMES)))},
            out=str(tmp_path),
        )


def test_agentclinics_own_file_plays(tmp_path):
    nejm = shared("clinic/agentclinic_nejm.jsonl")
    asked = ("scenario=clinic", "scenario.mode=vignette", "scenario.plan=false", "backend=scripted", "cases=null")
    done = run(*asked, "vary={}", "design.controls=[]", scenario={"data": str(nejm)}, out=str(tmp_path))
    assert done.complete
    assert set(done.outcomes[done.outcomes.outcome == "chance"].value) == {0.2}
    assert any("15 cases have an image that nobody was shown" in note for note in notes(done.scored))
