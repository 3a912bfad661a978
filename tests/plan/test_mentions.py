"""A control text that names the anchor or the group of a bias, and says nothing of it."""

import pytest
from conftest import config

from simrun.agents.bias import NONE
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue, catalogue
from simrun.plan.design import Plan, planned
from simrun.plan.treatment import audited

KNOWN = catalogue()
SLOTTED = [bias for bias in KNOWN.biases.values() if bias.aimed or bias.anchored or bias.name == "motherhood"]


@pytest.mark.parametrize("bias", SLOTTED, ids=lambda bias: f"{bias.role}-{bias.name}")
def test_a_mention_names_it_once_at_the_length_of_the_doses(bias):
    text = bias.prompt(0, anchor="influenza", group="women", control="mention")
    named = "mothers" if bias.name == "motherhood" else "women" if bias.aimed else "influenza"
    assert text.count(named) == 1
    words = [len(each.split()) for each in (text, *(bias.prompt(dose, "influenza", "women") for dose in range(4)))]
    assert max(words) <= 1.15 * min(words)


def test_what_names_nobody_cannot_be_mentioned():
    assert KNOWN.biases["recruiter/name_based"].controls() == NONE.controls() == ("unrelated",)


def tendencies(plan: Plan, role: str) -> list[str]:
    case = next(iter(plan.cases.values()))
    casts = [
        plan.castings[arm.name].cast(case, plan.castings[arm.name].seeds(plan.trial(case.id, arm.name, 0)))[1]
        for arm in plan.arms
    ]
    return [cast[role].tendency for cast in casts]


def test_dose_0_mentions_the_target_in_both_arms_and_the_dose_is_as_ever(known: Catalogue):
    vary = {"patient": {"ethnicity": ["White", "Black"]}, "doctor": {"dose": [0, 2]}}
    roles = {"doctor": {"bias": "race", "control": "mention"}}
    plan = planned(config(cases=1, vary=vary, roles=roles, design={"controls": []}), known)
    told = dict(zip([tuple(arm.settings.values()) for arm in plan.arms], tendencies(plan, "doctor"), strict=True))
    group = known.axes["ethnicity"].levels["Black"].group
    assert f"One of its tables is about {group}," in told["White", "0"]
    assert told["White", "0"] == told["Black", "0"]
    assert told["White", "2"] == known.biases["doctor/race"].prompt(2, group=group)
    assert audited(plan).amiss == ()


def test_the_two_controls_can_be_compared_at_dose_0(known: Catalogue):
    vary = {"doctor": {"control": ["unrelated", "mention"]}}
    plan = planned(config(cases=1, vary=vary, roles={"doctor": {"bias": "recency", "dose": 0}}), known)
    unrelated, mention = tendencies(plan, "doctor")[:2]
    anchor = next(iter(plan.cases.values())).anchor
    assert unrelated == known.biases["doctor/recency"].control
    assert f"one of its lines reads: {anchor}." in mention
    assert audited(plan).amiss == ()


@pytest.mark.parametrize(
    ("scenario", "roles", "why"),
    [
        ({"name": "clinic"}, {"doctor": {"control": "mention"}}, "the doctor has no bias; set roles.doctor.bias=NAME"),
        (
            {"name": "recruitment"},
            {"recruiter": {"bias": "name_based", "control": "mention"}},
            "the recruiter has bias 'name_based', which names neither a group nor an anchor; set mention: in its file",
        ),
    ],
)
def test_a_mention_of_nothing_is_refused(scenario, roles, why: str, known: Catalogue):
    with pytest.raises(ConfigError, match=why):
        planned(config(scenario=scenario, roles=roles), known)
