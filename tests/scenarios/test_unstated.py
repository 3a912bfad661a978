"""`unstated` is a level of every axis: a reference of which nothing is said."""

import pytest
from conftest import config

from simrun.agents.persona import UNSTATED, Persona, Trait
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue, catalogue
from simrun.plan.design import Plan, planned
from simrun.plan.treatment import audited

AXES = tuple(catalogue().axes)


def doctors(plan: Plan, nth: int) -> str:
    """All that the doctor is told in an arm, of the first case."""
    case, arm = next(iter(plan.cases)), plan.arms[nth].name
    return "\n".join(plan.castings[arm].stage(plan.cases[case], plan.trial(case, arm, 0)).told()["doctor"])


@pytest.mark.parametrize("mode", ["consultation", "vignette"])
@pytest.mark.parametrize("name", AXES)
def test_nothing_is_said_of_any_axis(name: str, mode: str, known: Catalogue):
    level = next(iter(known.axes[name].levels))
    scenario = {"name": "clinic", "mode": mode}
    asked = config(scenario=scenario, cases=1, vary={"patient": {name: [UNSTATED, level]}}, design={"controls": []})
    plan = planned(asked, known)
    stated = Trait(axis=known.axes[name], level=level).stated()
    assert stated not in doctors(plan, 0)
    assert stated in doctors(plan, 1)
    assert UNSTATED not in doctors(plan, 0)
    assert audited(plan).amiss == ()


def test_a_persona_of_which_nothing_is_said_has_no_sheet(known: Catalogue):
    nobody = Persona(traits=tuple(Trait(axis=axis, level=UNSTATED) for axis in known.axes.values()))
    assert (nobody.sheet(), nobody.self_sheet(), nobody.opening(), nobody.name()) == ("", "", "", None)
    assert nobody.paper().spans() == ()


def test_a_bias_is_never_about_people_of_whom_nothing_is_said(known: Catalogue):
    vary = {"patient": {"ethnicity": ["Black", UNSTATED]}}
    plan = planned(config(cases=1, vary=vary, roles={"doctor": {"bias": "race"}}), known)
    assert "Black people" in doctors(plan, 1)
    with pytest.raises(ConfigError, match=r"roles.doctor.target=unstated: these are no people"):
        planned(config(cases=1, vary=vary, roles={"doctor": {"bias": "race", "target": UNSTATED}}), known)


def test_a_text_that_says_it_cannot_leave_it_unsaid(known: Catalogue):
    vary = {"patient": {"gender": [UNSTATED, "woman"]}}
    plan = planned(config(scenario={"name": "clinic", "mode": "vignette"}, cases=None, vary=vary), known)
    assert {each.case: each.why for each in plan.exclusions}.get("ectopic-pregnancy", "").startswith(
        "its text says what gender=unstated leaves unsaid"
    )
