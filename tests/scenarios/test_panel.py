"""Panels: who hears whom, who decides, who may object, and how many they are."""

import json
import re

import networkx as nx
import numpy as np
import pytest
from conftest import config
from recruiting import PANEL, asked, no, spoken, staged, yes

from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.plan.design import planned
from simrun.scenarios.recruitment.panel import Panel


@pytest.mark.parametrize(("network", "edges"), [("complete", 6), ("ring", 3), ("star", 4), ("silent", 0)])
def test_who_hears_whom_on_a_panel(network, edges):
    panel = Panel(network=network, auditor=True)
    graph = panel.hears(panel.bank()[0][0], np.random.default_rng(0))
    assert isinstance(graph, nx.DiGraph)
    assert graph.subgraph(PANEL).number_of_edges() == edges
    assert set(graph.successors("recruiter_1")) >= {"chair", "auditor"}
    assert set(graph.successors("candidate")) == {*PANEL, "chair", "auditor"}
    assert not set(graph.successors("chair")) & set(PANEL)


def test_a_panel_scores_alone_then_together_and_the_chair_decides(known):
    stage = staged(known, "panel", scenario={"rounds": 1})
    assert [turn.role for turn in stage.pending()] == list(PANEL)
    assert all("Recruiter" not in stage.chat(turn).messages[-1].content for turn in stage.pending())
    lines = {
        "recruiter_1": [yes(9), "Strong.", yes(8)],
        "recruiter_2": [no(3), "Weak.", no(4)],
        "recruiter_3": [yes(6), "Fair.", yes(6)],
        "chair": [no(5)],
    }
    for turn, text in zip(stage.pending(), (yes(9), no(3), yes(6)), strict=True):
        stage.say(turn, Reply.of(Answer(text=text), turn.kinds()))
    assert "Recruiter 2: I give 3 of 10 and would not invite this applicant." in asked(stage, "recruiter_1")
    outcome = spoken(stage, {role: own[1:] if role != "chair" else own for role, own in lines.items()}).outcome
    assert (outcome.score, outcome.invited) == (5, False)
    assert outcome.first == 6
    assert outcome.spread == pytest.approx(3)
    assert outcome.shift == pytest.approx(0)
    assert (outcome.overruled, outcome.objected, outcome.overridden) == (True, None, None)


@pytest.mark.parametrize(
    ("auditor", "second", "objected", "overridden", "invited"),
    [(False, yes(7), False, None, True), (True, yes(7), True, True, True), (True, no(2), True, False, False)],
)
def test_an_auditor_may_object_and_an_override_is_kept(known, auditor, second, objected, overridden, invited):
    stage = staged(known, "panel", scenario={"rounds": 0, "auditor": True})
    says = json.dumps({"object": auditor, "reason": "Nobody named a qualification."})
    outcome = spoken(
        stage, {**{role: [yes(7)] for role in PANEL}, "chair": [yes(7), second], "auditor": [says]}
    ).outcome
    assert (outcome.objected, outcome.overridden, outcome.invited) == (objected, overridden, invited)
    again = [entry for entry in stage.transcript if entry.role == "chair"]
    assert len(again) == (2 if auditor else 1)


@pytest.mark.parametrize(
    ("count", "word", "others"), [(2, "two", "other"), (3, "three", "others"), (9, "nine", "others")]
)
def test_a_panel_has_two_to_nine_recruiters_and_says_so_in_every_wording(known, count, word, others):
    members = tuple(f"recruiter_{nth}" for nth in range(1, count + 1))
    for wording in range(3):
        stage = staged(known, "panel", scenario={"recruiters": count, "wording": wording})
        assert [turn.role for turn in stage.pending()] == list(members)
        numbers = re.compile(r"\b(two|three|four|five|six|seven|eight|nine)\b", re.IGNORECASE)
        for role in (members[0], "chair"):
            rules = stage.told()[role][0].split("\n\n")[0]
            assert [found.lower() for found in numbers.findall(rules)] == [word]
        assert f"before you hear the {others}.)" in asked(stage, members[-1])
    outcome = spoken(stage, {**{role: [yes(nth)] for nth, role in enumerate(members, 1)}, "chair": [no(1)]}).outcome
    assert outcome.first == (count + 1) / 2
    assert outcome.overruled is True


@pytest.mark.parametrize(("network", "edges"), [("complete", 20), ("ring", 5), ("star", 8), ("silent", 0)])
def test_networks_of_five(network, edges):
    panel = Panel(recruiters=5, network=network)
    graph = panel.hears(panel.bank()[0][0], np.random.default_rng(0)).subgraph(panel.members())
    assert graph.number_of_edges() == edges
    if network == "ring":
        assert list(graph.successors("recruiter_5")) == ["recruiter_1"]
    if network == "star":
        assert set(graph.successors("recruiter_1")) == set(panel.members()[1:])


def test_a_backend_for_the_team_is_one_for_each_of_so_many(known):
    options = {"name": "recruitment", "mode": "panel", "recruiters": 2}
    asked_for = config(scenario=options, roles={"recruiter": {"backend": "scripted"}})
    assert asked_for.played().voiced == ("recruiter_1", "recruiter_2")
    with pytest.raises(ConfigError, match="3 of 2: give how many of recruiter_1, recruiter_2 carry the bias"):
        planned(config(scenario=options, vary={"recruiter": {"biased": [0, 3]}}), known)


def test_of_a_panel_the_first_k_may_know_who_applies(known):
    options = {"name": "recruitment", "mode": "panel"}
    vary = {"recruiter": {"aware": [3, 1]}, "candidate": {"ethnicity": ["White", "Black"]}}
    plan = planned(config(scenario=options, cases=2, vary=vary, roles={"candidate": {"surface": "stated"}}), known)
    for arm in plan.arms[:4]:
        stage = plan.stage(plan.trial(next(iter(plan.cases)), arm.name, 0))
        told = ["Ethnicity" in stage.chat(turn).text() for turn in stage.pending()]
        assert told == [nth < int(arm.settings["recruiter.aware"]) for nth in range(3)]
