"""Wrong diagnoses that a bias can name: plausible ones, or none."""

import json
from pathlib import Path

import pytest
from conftest import config

from simrun.config.menus import Catalogue
from simrun.plan.design import planned
from simrun.scenarios.clinic.bank import load
from simrun.scenarios.clinic.cases import ClinicCase
from simrun.scenarios.clinic.diagnosis import same
from simrun.scenarios.clinic.likeness import anchors, could_have


def case(diagnosis: str, story: str = "You cough and your chest hurts.", **patient: str) -> ClinicCase:
    return ClinicCase(
        id=diagnosis,
        complaint="Find out.",
        story=story,
        findings={},
        diagnosis=diagnosis,
        anchor="",
        persona={"patient": patient},
    )


PNEUMONIA = case("Pneumonia", age="30", gender="man")


@pytest.mark.parametrize(
    ("other", "could"),
    [
        (case("Asthma", age="40", gender="man"), True),
        (case("Asthma", age="40"), True),
        (case("Pneumonia of the lung", age="30", gender="man"), False),  # the same disease
        (case("Meigs syndrome", age="40", gender="woman"), False),  # of the other sex
        (case("Meigs syndrome", age="40"), False),  # goes with a sex that is not told
        (case("Asthma", age="70", gender="man"), False),  # 40 years older
        (case("Asthma", age="8", gender="man"), False),  # a child
        (case("Respiratory distress syndrome", "A newborn whose chest moves in.", gender="man"), False),
        (case("Gout", "Your foot hurts.", age="40", gender="man"), False),  # elsewhere
    ],
    ids=lambda value: value.diagnosis if isinstance(value, ClinicCase) else str(value),
)
def test_who_could_have_what(other: ClinicCase, could: bool):
    assert could_have(PNEUMONIA, other) is could


def test_a_wrong_diagnosis_is_never_the_disease_itself():
    assert not [name for name, wrong in anchors().items() if same(wrong, (name,))]


def test_agentclinics_cases_all_have_one(medqa: Path):
    cases, _ = load(str(medqa))
    assert len(cases) == 107
    assert not [each.diagnosis for each in cases if not each.anchor or same(each.anchor, each.truths())]
    anchored = {each.diagnosis: each.anchor for each in cases}
    assert anchored["Pneumonia"] == "Acute bronchitis"


def exam(diagnosis: str, told: str) -> str:
    actor = {"Demographics": told, "History": "Something hurts."}
    return json.dumps(
        {
            "OSCE_Examination": {
                "Objective_for_Doctor": "Find out.",
                "Patient_Actor": actor,
                "Correct_Diagnosis": diagnosis,
            }
        }
    )


@pytest.mark.parametrize(
    ("role", "bias", "left"),
    [
        ("doctor", "recency", {"cases-1": "no plausible wrong answer is known for bias 'recency' to name"}),
        (
            "patient",
            "self_diagnosis",
            {
                "cases-1": "no plausible wrong answer is known for bias 'self_diagnosis' to name",
                "cases-2": "its patient (Newborn) is too young to believe anything of its own illness",
            },
        ),
    ],
)
def test_a_case_is_left_out_that_has_no_plausible_one_and_of_a_patients_bias_an_infant(
    role: str, bias: str, left: dict[str, str], tmp_path: Path, known: Catalogue
):
    told = [("Zebra syndrome", "40-year-old man"), ("Erythema Toxicum", "Newborn"), ("Pneumonia", "70-year-old man")]
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(exam(*each) for each in told))
    asked = config(scenario={"name": "clinic", "data": str(file)}, cases=None, vary={role: {"bias": ["none", bias]}})
    plan = planned(asked, known)
    assert {each.case: each.why.split(";")[0] for each in plan.exclusions} == left
