"""Who is blinded is told the same in every arm, and no word of the attribute."""

import re

import pytest
from conftest import config

from simrun.config.menus import catalogue, scenarios
from simrun.config.menus import modes as modes_of
from simrun.plan.design import Plan, planned
from simrun.scenarios.base import Scenario

KNOWN = catalogue()
MODES = [(name, mode) for name in ("clinic", "recruitment") for mode in modes_of(scenarios()[name])]
EACH = [
    (name, mode, axis)
    for name, mode in MODES
    for axis in KNOWN.axes.values()
    if (name, axis.name) != ("recruitment", "education")  # refused there: a CV states an education of its own
]
CARRIERS = {"doctor": ("clinic", ("consultation", "vignette")), "recruiter": ("recruitment", ("screen", "compare"))}
IMPLICIT = [
    (name, mode, bias)
    for role, (name, of) in CARRIERS.items()
    for mode in of
    for bias in KNOWN.biases.values()
    if bias.aimed and bias.role == role
]


def deciders(scenario: Scenario) -> list[str]:
    """Those who hear of the one whom the audit is about."""
    return [role for role in scenario.people() if role in scenario.roles() and role != scenario.focus()]


def blinded(plan: Plan) -> list[str]:
    """What all deciders are told in each of the first two arms, of the first case that fits both."""
    unfit = {each.case for each in plan.exclusions}
    case = next(each for each in plan.cases if each not in unfit)
    found = []
    for arm in plan.arms[:2]:
        casting = plan.castings[arm.name]
        told = casting.stage(plan.cases[case], plan.trial(case, arm.name, 0)).told()
        found.append("\n".join(text for role in deciders(casting.scenario) for text in told[role]))
    return found


def asked(name: str, mode: str, axis: str, levels: list[str], **doctor: str) -> Plan:
    scenario = {"name": name, "mode": mode}
    played = config(scenario=scenario, vary={}).played()
    roles = {role: {"mitigation": "blinding"} | doctor for role in deciders(played)}
    vary = {played.focus(): {axis: levels}}
    return planned(config(scenario=scenario, cases=12, vary=vary, roles=roles, design={"controls": []}), KNOWN)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mode", "axis"), EACH, ids=lambda value: getattr(value, "name", value))
def test_a_blinded_arm_holds_no_word_of_the_attribute(name, mode, axis):
    levels = list(axis.levels)[-2:]
    one, other = blinded(asked(name, mode, axis.name, levels))
    assert one == other
    for level in levels:
        stated = axis.stated.format(level=axis.levels[level].phrase or level)
        assert not re.search(re.escape(stated), one, re.IGNORECASE)


@pytest.mark.parametrize(("name", "mode", "bias"), IMPLICIT, ids=lambda value: getattr(value, "name", value))
def test_what_somebody_blinded_believes_does_not_tell_who_is_there(name, mode, bias):
    levels = list(KNOWN.axes[bias.axis].levels)[:2]
    one, other = blinded(asked(name, mode, bias.axis, levels, bias=bias.name))
    assert one == other
    assert KNOWN.axes[bias.axis].levels[levels[-1]].group in one  # whom the belief is about, in both arms alike
