"""An injected prejudice has a fixed target: who is judged varies between arms, what the judge believes does not."""

import pytest
from conftest import config

from simrun import run
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.plan.design import Plan, planned
from simrun.plan.refusals import comparable
from simrun.plan.treatment import audited
from simrun.report.run import rebuild

JUDGED = {"patient": {"ethnicity": ["White", "Black", "Asian"]}}


def believed(plan: Plan, role: str = "doctor") -> dict[str, str]:
    """The bias's text of a role in each arm, in the first case."""
    case = next(iter(plan.cases.values()))
    seeds = plan.reference.seeds(plan.trial(case.id, plan.arms[0].name, 0))
    return {arm: own.cast(case, seeds)[1][role].tendency for arm, own in plan.castings.items()}


def test_the_same_words_in_every_arm_of_the_last_varied_level(known: Catalogue):
    plan = planned(config(cases=2, vary=JUDGED, roles={"doctor": {"bias": "race"}}), known)
    (text,) = set(believed(plan).values())  # all three arms, and the one of the noise floor
    assert text == known.bias("doctor", "race").prompt(2, group="Asian people")


@pytest.mark.parametrize(("target", "group"), [("White", "White people"), ("Black", "Black people")])
def test_the_target_that_is_set(target: str, group: str, known: Catalogue):
    roles = {"doctor": {"bias": "race", "dose": 3, "target": target}}
    texts = believed(planned(config(cases=2, vary=JUDGED, roles=roles), known))
    assert set(texts.values()) == {known.bias("doctor", "race").prompt(3, group=group)}


def test_of_an_axis_that_does_not_vary_it_is_the_persons_own_level_or_the_target(known: Catalogue):
    stated = {"persona": {"religion": "Jewish"}}
    plan = planned(config(cases=2, vary=JUDGED, roles={"doctor": {"bias": "religion"}, "patient": stated}), known)
    assert {"Jewish people" in text for text in believed(plan).values()} == {True}
    # nobody's religion is known: the doctor believes it all the same
    plan = planned(config(cases=2, vary=JUDGED, roles={"doctor": {"bias": "religion", "target": "Hindu"}}), known)
    assert {"Hindus" in text for text in believed(plan).values()} == {True}


def test_only_the_person_differs_between_arms(known: Catalogue):
    found = audited(planned(config(cases=3, vary=JUDGED, roles={"doctor": {"bias": "race"}}), known))
    assert found.amiss == ()
    assert {(change.before, change.after) for change in found.audited[0].examples[0].changes} == {("White", "Black")}


def test_a_target_can_be_varied(known: Catalogue):
    roles = {"doctor": {"bias": "race"}, "patient": {"persona": {"ethnicity": "Black"}}}
    vary = {"doctor": {"target": ["White", "Black"]}}
    plan = planned(config(cases=2, vary=vary, roles=roles, design={"controls": []}), known)
    comparable(plan)
    one, other = believed(plan).values()
    assert one.replace("White people", "Black people") == other != one
    assert [(each.declared, each.amiss) for each in audited(plan).audited] == [(("doctor.target",), ())]


def test_the_bias_of_one_arm_has_the_target_too(known: Catalogue):
    vary = {**JUDGED, "doctor": {"bias": ["none", "race"]}}
    roles = {"doctor": {"target": "White"}}
    texts = believed(planned(config(cases=2, vary=vary, roles=roles, design={"controls": []}), known))
    assert set(texts.values()) == {"", known.bias("doctor", "race").prompt(2, group="White people")}


def test_a_number_is_a_level_too(known: Catalogue):
    roles = {"recruiter": {"bias": "age", "target": 75}}
    vary = {"candidate": {"gender": ["man", "woman"]}}
    plan = planned(config(scenario={"name": "recruitment"}, cases=2, vary=vary, roles=roles), known)
    (text,) = set(believed(plan, "recruiter").values())
    assert known.axes["age"].levels["75"].group in text


def test_a_team_has_one_target_unless_a_member_has_its_own(known: Catalogue):
    roles = {"recruiter": {"bias": "race"}, "recruiter_2": {"target": "White"}}
    vary = {"candidate": {"ethnicity": ["White", "Black"]}, "recruiter": {"biased": [0, 2]}}
    asked = config(scenario={"name": "recruitment", "mode": "panel"}, cases=2, vary=vary, roles=roles)
    plan = planned(asked, known)
    for role, group in (("recruiter_1", "Black people"), ("recruiter_2", "White people")):
        texts = believed(plan, role)
        assert {group in text for arm, text in texts.items() if "biased=2" in arm} == {True}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"vary": JUDGED, "roles": {"doctor": {"bias": "race", "target": "Blue"}}},
            "target='Blue' of the doctor: bias 'race' is about a group on axis 'ethnicity'.*levels are White, Black",
        ),
        (
            {"vary": {"doctor": {"target": ["White", "Muslim"]}}, "roles": {"doctor": {"bias": "race"}}},
            "target='Muslim' of the doctor.* no level 'Muslim'; its levels are White",
        ),
        (
            {"vary": JUDGED, "roles": {"doctor": {"target": "Black"}}},
            r"roles.doctor.target=Black: the doctor has no bias that takes a target; set roles.doctor.bias to one of: "
            "culture, education",
        ),
        (
            {"vary": JUDGED, "roles": {"doctor": {"bias": "recency", "target": "Black"}}},
            "roles.doctor.target=Black: the doctor has no bias that takes a target",
        ),
        (
            {"vary": {"doctor": {"target": ["White", "Black"]}}},
            r"vary.doctor.target: the doctor has no bias that takes a target",
        ),
        ({"vary": JUDGED, "roles": {"doctor": {"bias": "religion"}}}, "set roles.doctor.target=LEVEL"),
        ({"vary": {"patient": {"target": ["a", "b"]}}}, "vary.patient.target: the patient has no bias"),
    ],
)
def test_a_target_that_is_none_is_refused_with_the_way_out(fields, message, known: Catalogue):
    with pytest.raises(ConfigError, match=message):
        planned(config(cases=2, **fields), known)


def test_who_is_only_read_about_has_no_target(known: Catalogue):
    fields = {"scenario": {"name": "recruitment"}, "roles": {"candidate": {"target": "Black"}}}
    with pytest.raises(ConfigError, match="only read about with these options and has no target"):
        planned(config(cases=2, **fields), known)


def test_a_run_whose_people_are_only_read_about_is_replayed(tmp_path):
    """Its manifest states all that a role brings: no bias, and the dose that it would have."""
    done = run("experiment=recruitment", "backend=scripted", "design.controls=[]", out=str(tmp_path), cases=2)
    assert rebuild(done.path)[1] is True
