"""The prompts of recruitment: in every mode and on every surface a pair differs in the declared
words only, and a bias in its text only."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from conftest import config
from test_prompts import APPEALS, KNOWN, declared_only, only_bias, told

from simrun.agents.persona import WRITTEN
from simrun.cli.commands.list import MENUS
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue, modes
from simrun.log.manifest import used
from simrun.plan import design
from simrun.plan.design import Plan
from simrun.scenarios.recruitment import Recruitment
from simrun.scenarios.recruitment.screen import SCREEN, Screen

MODES = tuple(modes(Recruitment))
SHOWN = [
    (axis.name, level, surface)
    for axis in KNOWN.axes.values()
    for level in axis.levels
    for surface in axis.surfaces(level, WRITTEN)
]
FIRST = {(name, surface): level for name, level, surface in reversed(SHOWN)}
PAIRS = [
    (axis, FIRST[axis, surface], level, surface) for axis, level, surface in SHOWN if FIRST[axis, surface] != level
]
PERSON = {
    "gender": "woman",
    "ethnicity": "Black",
    "sexual_orientation": "gay",
    "nationality": "Nigerian",
    "religion": "Muslim",
    "socioeconomic": "low",
    "disability": "wheelchair",
    "age": "50",
    "parenthood": "parent",
}
DECIDERS = {
    "screen": "recruiter",
    "rank": "recruiter",
    "shortlist": "recruiter",
    "compare": "recruiter",
    "interview": "recruiter",
    "panel": "recruiter",
    "letter": "referee",
    "occupation": "adviser",
}
"""Who judges the applicant in each mode."""
STAGES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "recruiter": tuple({"mode": mode} for mode, role in DECIDERS.items() if role == "recruiter"),
    "chair": ({"mode": "panel"},),
    "auditor": ({"mode": "panel", "auditor": True},),
    "referee": ({"mode": "letter"}, {"mode": "letter", "letter_from": "person"}),
    "adviser": ({"mode": "occupation"},),
    "candidate": ({"mode": "interview"},),
}
"""In which modes each role speaks, and so can carry a bias."""
CARRIED = [
    pytest.param(role, bias, options, id="-".join([role, bias.name, *map(str, options.values())]))
    for bias in KNOWN.biases.values()
    for role in bias.carriers()
    if KNOWN.bias(role, bias.name) is bias
    for options in STAGES.get(role, ())
]


def planned(
    known: Catalogue, mode: str = "screen", *, cases: int = 2, vary: Any, roles: Any = None, **options: Any
) -> Plan:
    return design.planned(
        config(scenario={"name": "recruitment", "mode": mode, **options}, cases=cases, vary=vary, roles=roles or {}),
        known,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("axis", "reference", "level", "surface"), PAIRS)
def test_arms_differ_in_the_declared_words_only(axis: str, reference: str, level: str, surface: str, known: Catalogue):
    roles = {"candidate": {"surface": surface, "persona": {"gender": "woman"} if axis != "gender" else {}}}
    if axis == "education":
        with pytest.raises(ConfigError, match="the CV states an education of its own"):
            planned(known, vary={"candidate": {axis: [reference, level]}}, roles=roles)
    else:  # the young, and graduates, fit some CVs only
        declared_only(
            planned(
                known,
                cases=8 if axis in ("age", "college") else 2,
                vary={"candidate": {axis: [reference, level]}},
                roles=roles,
            )
        )


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("surface", WRITTEN)
def test_they_do_so_in_every_mode(mode: str, surface: str, known: Catalogue):
    axis = "parenthood" if surface == "gap" else "gender"
    levels = ["none", "parent"] if surface == "gap" else ["man", "woman"]
    declared_only(planned(known, mode, vary={"candidate": {axis: levels}}, roles={"candidate": {"surface": surface}}))


@pytest.mark.slow
@pytest.mark.parametrize(("role", "bias", "options"), CARRIED)
def test_a_bias_is_the_only_difference_wherever_its_roles_speak(role, bias, options, known: Catalogue):
    group = known.axes[bias.axis].levels[PERSON[bias.axis]].group if bias.axis else ""
    plan = planned(
        known, **options, vary={role: {"bias": ["none", bias.name]}}, roles={"candidate": {"persona": PERSON}}
    )
    only_bias(plan, role, bias, group)


def test_every_bias_of_a_role_in_recruitment_is_checked():
    assert {param.values[0] for param in CARRIED} == set(STAGES)
    assert len({(param.values[0], param.values[1].name) for param in CARRIED}) == 18 + 3 * 18 + 10 + 2 + 3


WORDED = [(mode, wording) for mode, kind in modes(Recruitment).items() for wording in range(kind.wordings)]


@pytest.mark.parametrize(("mode", "wording"), WORDED)
def test_what_varies_comes_after_rules_and_case(mode: str, wording: int, known: Catalogue):
    role = DECIDERS[mode]
    vary = {"candidate": {"ethnicity": ["White", "Black"]}, role: {"bias": ["none", "gender"]}}
    plan = planned(known, mode, vary=vary, roles={"candidate": {"persona": {"gender": "woman"}}}, wording=wording)
    arms = [told(plan, arm.name) for arm in plan.arms[:4]]
    for (case, seat), text in arms[0].items():
        rules = plan.reference.scenario.brief(seat, plan.cases[case])
        assert all(arm[case, seat].startswith(rules) for arm in arms)
        assert len({arm[case, seat] for arm in arms}) == (4 if plan.reference.scenario.team(seat) == role else 2), text


@pytest.mark.parametrize("mode", MODES)
def test_wordings_say_the_same_at_about_the_same_length(mode: str, known: Catalogue):
    options = {"auditor": True} if mode == "panel" else {}
    count = modes(Recruitment)[mode].wordings
    plans = [planned(known, mode, vary={}, wording=wording, **options) for wording in range(count)]
    first, *others = (told(plan, plan.arms[0].name) for plan in plans)
    for key, text in first.items():
        assert len({text, *(other[key] for other in others)}) == count
        assert all(abs(len(other[key].split()) - len(text.split())) <= 12 for other in others)


def test_ten_wordings_of_the_screening_are_equal_in_content():
    form = '{"score": 0-10, "invite": true/false}'
    assert len(SCREEN) == Screen.wordings == 10
    for wording in SCREEN:
        rules, advert = wording.format(advert="<job>").split("\n\n")
        assert advert == "<job>"
        assert rules.count(form) == 1
        said = rules.replace(form, "")
        for needed in ("recruit", "appl", "job below", "interview", "10", "JSON"):
            assert needed in said, (needed, rules)
        added = r"fair|bias|careful|quick|strict|compan|places|others?\b|reason|gender|\bhe\b|\bshe\b|man\b|why"
        assert not re.search(added, rules), rules


@pytest.mark.parametrize("mode", MODES)
def test_mitigations_are_said_after_the_case_and_the_blinded_cannot_tell_the_arms_apart(mode: str, known: Catalogue):
    role = DECIDERS[mode]
    vary = {"candidate": {"ethnicity": ["White", "Black"]}, role: {"mitigation": ["none", *APPEALS, "blinding"]}}
    plan = planned(known, mode, vary=vary, roles={"candidate": {"surface": "name", "persona": {"gender": "woman"}}})
    arms = {arm.name: told(plan, arm.name) for arm in plan.arms}
    seats = [key for key in arms[plan.arms[0].name] if plan.reference.scenario.team(key[1]) == role]
    for key in seats:
        plain, *asked, blind = (
            arms[f"candidate.ethnicity=White {role}.mitigation={name}"][key] for name in ("none", *APPEALS, "blinding")
        )
        assert [
            text.replace(f"\n\n{known.mitigations[name].prompt}", "") for name, text in zip(APPEALS, asked, strict=True)
        ] == [plain] * len(asked)
        assert len({plain, *asked}) == 1 + len(APPEALS)
        assert blind == arms[f"candidate.ethnicity=Black {role}.mitigation=blinding"][key] != plain


def test_a_run_remembers_a_bias_that_its_role_shares(known: Catalogue):
    plan = planned(known, "panel", vary={"chair": {"bias": ["none", "halo"]}})
    assert used(plan).bias("chair", "halo") is known.biases["recruiter/halo"]


def test_the_list_of_biases_says_who_else_can_carry_them():
    listed = MENUS["biases"](None)
    assert listed["recruiter/halo"].endswith(". Also of: chair, auditor, referee.")
    assert "chair/halo" not in listed
    assert "Also of" not in listed["doctor/gender"]
