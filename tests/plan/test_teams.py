"""Teams of which k members carry a bias, and what is set, varied and played for all of them alike."""

from collections.abc import Mapping
from statistics import fmean
from typing import Annotated, Any, ClassVar

import networkx as nx
import numpy as np
import pytest
from playing import played

from simrun.agents.backends.scripted import Rule
from simrun.agents.bias import Bias
from simrun.agents.reply import Decision
from simrun.config import menus as menus
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.config.options import Config
from simrun.plan.design import Plan, planned
from simrun.plan.refusals import comparable
from simrun.scenarios.base import Case, Play, Scenario, Turn
from simrun.scenarios.outcome import Better, Outcome, Range


class Vote(Decision):
    score: Annotated[int, Range(0, 10)]


class PanelOutcome(Outcome):
    accuracy: ClassVar[str] = "score"
    score: Annotated[float | None, Better("higher"), Range(0, 10)]


MEMBERS = ("member1", "member2", "member3")


class Panel(Scenario):
    """Three members score alone."""

    name: ClassVar[str] = "panel"
    about: ClassVar[str] = "Three members score alone."
    outcome: ClassVar[type[Outcome]] = PanelOutcome

    def people(self) -> tuple[str, ...]:
        return (*MEMBERS, "author")

    def teams(self) -> Mapping[str, tuple[str, ...]]:
        return {"member": MEMBERS}

    def bank(self) -> Any:
        return tuple(Case(id=f"case{number}") for number in range(4)), ()

    def roles(self) -> tuple[str, ...]:
        return (*MEMBERS, "author")

    def hears(self, case: Any, rng: np.random.Generator) -> "nx.DiGraph[str]":
        return nx.DiGraph()

    def brief(self, role: str, case: Any) -> str:
        return f"You score {case.id}."

    def play(self, case: Any, rng: np.random.Generator) -> Play:
        votes = yield tuple(Turn(member, reply=Vote) for member in MEMBERS)
        return PanelOutcome(score=sum(vote.decision.score for vote in votes) / 3)


SOUR = Bias(
    name="sour",
    role="member",
    kind="cognitive",
    doses=("You are a little sour.", "You are sour.", "You are very sour."),
    control="You sit well.",
)


@pytest.fixture
def panel(known: Catalogue) -> Catalogue:
    return known.model_copy(update={"biases": {**known.biases, "member/sour": SOUR}})


def paneled(**fields: Any) -> Config:
    rules = [{"when": "very sour", "say": {"score": 2}}, {"when": "", "say": {"score": 8}}]
    return Config.of(
        {
            "scenario": {"name": f"{__name__}:Panel"},
            "backend": {"name": "scripted", "rules": rules},
            "cases": 2,
            **fields,
        }
    )


def prompts(plan: Plan, arm: str) -> list[str]:
    casting, case = plan.castings[arm], next(iter(plan.cases.values()))
    trial = next(trial for trial in plan.trials() if trial.arm == arm)
    return [agent.tendency for agent in casting.cast(case, casting.seeds(trial))[1].values()]


def test_k_of_n_members_carry_the_bias_and_the_others_its_control_text(panel):
    asked = paneled(
        roles={"member": {"bias": "sour", "dose": 3}},
        vary={"member": {"biased": [0, 1, 2, 3]}},
        design={"controls": []},
    )
    plan = planned(asked, panel)
    sour, well = "You are very sour.", "You sit well."
    assert [prompts(plan, arm.name) for arm in plan.arms] == [
        [well, well, well, ""],
        [sour, well, well, ""],
        [sour, sour, well, ""],
        [sour, sour, sour, ""],
    ]


def test_k_biased_members_of_three_lower_the_mean_by_k_thirds(panel):
    asked = paneled(
        roles={"member": {"bias": "sour", "dose": 3}},
        vary={"member": {"biased": [0, 1, 2, 3]}},
        design={"controls": []},
    )
    plan = planned(asked, panel)
    scores = [fmean(outcome.score for outcome in played(plan, arm.name)) for arm in plan.arms]
    assert scores == [8, 6, 4, 2]  # known answer 6 of shared/metrics.md: k x 6 / 3 less


def test_what_is_set_for_a_team_holds_for_its_members_unless_they_have_their_own(panel):
    asked = paneled(
        roles={"member": {"bias": "sour"}, "member2": {"bias": "none"}}, vary={"author": {"gender": ["woman", "man"]}}
    )
    plan = planned(asked, panel)
    assert prompts(plan, plan.arms[0].name)[:3] == ["You are sour.", "", "You are sour."]


def test_what_is_varied_of_a_team_is_varied_of_all_its_members_alike(panel):
    plan = planned(paneled(vary={"member": {"bias": ["none", "sour"]}}, design={"controls": []}), panel)
    assert [prompts(plan, arm.name) for arm in plan.arms] == [
        ["", "", "", ""],
        ["You are sour.", "You are sour.", "You are sour.", ""],
    ]
    aged = planned(
        paneled(
            vary={"member": {"age": [30, 60]}}, roles={"member2": {"persona": {"age": "50"}}}, design={"controls": []}
        ),
        panel,
    )
    cast = aged.castings["member.age=60"].cast(
        aged.cases["case0"], aged.castings["member.age=60"].seeds(next(aged.trials()))
    )[1]
    assert {cast[member].persona for member in MEMBERS} == {"About you: Age: 60."}


def test_a_member_takes_the_bias_of_its_team_when_only_its_dose_is_varied(panel):
    plan = planned(
        paneled(roles={"member": {"bias": "sour"}}, vary={"member1": {"dose": [0, 3]}}, design={"controls": []}), panel
    )
    comparable(plan)
    assert prompts(plan, "member1.dose=3") == ["You are very sour.", "You are sour.", "You are sour.", ""]


def test_a_backend_for_a_team_is_one_for_each_of_its_members(panel):
    assert paneled(roles={"member": {"backend": "scripted"}}).played().voiced == ("member1", "member2", "member3")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (
            {"vary": {"member": {"biased": [0, 4]}}, "roles": {"member": {"bias": "sour"}}},
            "4 of 3: give how many of member1, member2, member3",
        ),
        (
            {"vary": {"member": {"biased": [0, 1]}}},
            r"vary.member.biased: the member has no bias; set roles.member.bias=NAME",
        ),
        ({"vary": {"member": {"biased": [0, "²"]}}, "roles": {"member": {"bias": "sour"}}}, "² of 3"),
        ({"vary": {"author": {"biased": [0, 1]}}}, "no thing to vary of the author 'biased'"),
        (
            {"vary": {"crew": {"age": [30, 60]}}},
            "casts no 'crew' .* are member1, member2, member3, author; its teams are member",
        ),
        ({"roles": {"crew": {"bias": "sour"}}}, "casts no 'crew'"),
        ({"vary": {"member": {"bias": ["none", "recency"]}}}, "no bias of the member 'recency'"),
        (
            {"vary": {"member": {"biased": [0, 2]}}, "roles": {"member": {"bias": "sour", "dose": 0}}},
            "'member.biased=2' changes nothing",
        ),
        ({"design": {"controls": ["swap"]}}, "panel cannot play the control 'swap'; it can play: neither"),
        ({"design": {"controls": ["positive"]}}, "scenario=panel has no script that a bias could be planted in"),
    ],
)
def test_bad_teams_and_controls_are_refused(fields, why, panel):
    with pytest.raises(ConfigError, match=why):
        planned(paneled(**fields), panel)


def test_members_that_carry_nothing_do_not_count(panel):
    asked = paneled(
        roles={"member": {"bias": "sour"}, "member2": {"bias": "none"}}, vary={"member": {"biased": [0, 1, 2]}}
    )
    with pytest.raises(ConfigError, match=r"vary.member.biased: '1' and '2' play the same prompts"):
        comparable(planned(asked, panel))


def test_a_script_without_chance_has_nothing_to_plant_a_bias_in(panel, monkeypatch):
    monkeypatch.setattr(Panel, "script", (Rule(say={"score": 5}),))
    with pytest.raises(ConfigError, match="no script that a bias could be planted in"):
        planned(paneled(design={"controls": ["positive"]}), panel)
