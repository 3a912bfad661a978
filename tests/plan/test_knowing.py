"""Somebody who is not told who they are: only others read it."""

import pytest
from conftest import config

from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.plan.design import Plan, planned
from simrun.plan.treatment import audited

ETHNICITY = {"patient": {"ethnicity": ["White", "Black"]}}


def told(plan: Plan, nth: int, role: str) -> str:
    case, arm = next(iter(plan.cases)), plan.arms[nth].name
    return "\n".join(plan.castings[arm].stage(plan.cases[case], plan.trial(case, arm, 0)).told()[role])


@pytest.mark.parametrize("knows", [True, False])
def test_the_record_shows_it_and_the_patient_knows_it_or_not(knows: bool, known: Catalogue):
    plan = planned(config(cases=1, vary=ETHNICITY, roles={"patient": {"knows": knows}}), known)
    assert "Ethnicity: Black." in told(plan, 1, "doctor")
    assert ("Ethnicity: Black." in told(plan, 1, "patient")) == knows
    assert (told(plan, 0, "patient") == told(plan, 1, "patient")) != knows
    assert audited(plan).amiss == ()


def test_both_know_it_or_the_doctor_or_the_patient_only_or_nobody(known: Catalogue):
    vary = {**ETHNICITY, "doctor": {"mitigation": ["none", "blinding"]}}
    vary["patient"] = {**vary["patient"], "knows": ["true", "false"]}
    plan = planned(config(cases=1, vary=vary, design={"controls": []}), known)
    shown = [
        tuple("Ethnicity: Black." in told(plan, nth, role) for role in ("doctor", "patient"))
        for nth, arm in enumerate(plan.arms)
        if arm.settings["patient.ethnicity"] == "Black"
    ]
    assert shown == [(True, True), (False, True), (True, False), (False, False)]
    assert audited(plan).amiss == ()


def test_it_can_be_varied(known: Catalogue):
    vary = {"patient": {"knows": [True, False]}}
    asked = config(cases=1, vary=vary, roles={"patient": {"persona": {"ethnicity": "Black"}}}, design={"controls": []})
    plan = planned(asked, known)
    assert told(plan, 0, "doctor") == told(plan, 1, "doctor")
    assert "Ethnicity: Black." in told(plan, 0, "patient")
    assert "Ethnicity: Black." not in told(plan, 1, "patient")
    assert audited(plan).amiss == ()


def test_who_is_only_read_about_knows_nothing_anyway(known: Catalogue):
    scenario = {"name": "clinic", "mode": "vignette"}
    with pytest.raises(ConfigError, match=r"the patient of scenario=clinic is only read about .* and has no knows"):
        planned(config(scenario=scenario, cases=1, vary=ETHNICITY, roles={"patient": {"knows": False}}), known)
