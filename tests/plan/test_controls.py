"""Designs and controls: fractions, teams of which k carry a bias, swaps, mirrors, planted biases, and
what is refused before a token is spent."""

import asyncio
from collections.abc import Mapping
from statistics import fmean
from typing import Annotated, Any, ClassVar

import networkx as nx
import numpy as np
import pytest
from conftest import config

from simrun.agents.backends.scripted import Rule
from simrun.agents.bias import Bias
from simrun.agents.reply import Decision, Reply
from simrun.config import menus as menus
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.config.options import Config
from simrun.plan.casting import Casting
from simrun.plan.design import Plan, planned
from simrun.plan.refusals import comparable
from simrun.report.sections.notes import notes
from simrun.scenarios.base import Case, Play, Scenario, Turn
from simrun.scenarios.outcome import Better, Outcome, Range
from simrun.stage.stage import Stage


def played(plan: Plan, arm: str) -> list[Outcome]:
    """The outcomes of one arm, its trials in order."""
    casting = plan.castings[arm]
    return [
        asyncio.run(ended(casting.stage(plan.cases[trial.case], trial), casting))
        for trial in plan.trials()
        if trial.arm == arm
    ]


async def ended(stage: Stage, casting: Casting) -> Outcome:
    while not stage.over:
        for turn in stage.pending():
            stage.say(turn, Reply.of(await casting.backends[turn.role].reply(stage.chat(turn)), turn.kinds()))
    return stage.outcome


THREE = {"patient": {"ethnicity": ["White", "Black"], "gender": ["woman", "man"], "insurance": ["private", "none"]}}


# Fractions


def test_half_of_a_cube_has_each_pair_of_levels_once(known):
    plan = planned(config(cases=2, vary=THREE, design={"cross": "fractional", "controls": []}), known)
    cells = [tuple(arm.settings.values()) for arm in plan.arms]
    assert cells == [
        ("White", "woman", "private"),
        ("White", "man", "none"),
        ("Black", "woman", "none"),
        ("Black", "man", "private"),
    ]


def test_a_third_of_three_cubed_has_each_pair_of_levels_once(known):
    vary = {
        "patient": {
            "ethnicity": ["White", "Black", "Asian"],
            "religion": ["Christian", "Muslim", "Jewish"],
            "age": [30, 40, 50],
        }
    }
    plan = planned(config(cases=2, vary=vary, design={"cross": "fractional", "reduction": 3, "controls": []}), known)
    cells = [tuple(arm.settings.values()) for arm in plan.arms]
    assert cells[0] == ("White", "Christian", "30")
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert len({(cell[one], cell[other]) for cell in cells}) == len(cells) == 9


def test_a_factor_of_a_fraction_is_compared_over_the_levels_of_the_others(play):
    given = {"backend": {"group": "Black", "effect": 0.4}, "cases": None, "repeats": 4}
    done = play(vary=THREE, design={"cross": "fractional"}, **given)
    found = {each.arm: each for each in done.scored.contrasts if each.outcome == "solved"}
    ethnicity = found["patient.ethnicity=Black"]
    assert ethnicity.low <= -0.4 <= ethnicity.high < 0
    assert ethnicity.pairs == 120
    for other in ("patient.gender=man", "patient.insurance=none"):
        assert found[other].low <= 0 <= found[other].high
    told = next(note for note in notes(done.scored) if "cannot be told apart" in note)
    assert "the effect of patient.ethnicity from what patient.gender and patient.insurance do together" in told


@pytest.mark.parametrize(
    ("vary", "design", "why"),
    [
        (
            {"patient": {"ethnicity": ["White", "Black"], "gender": ["woman", "man"]}},
            {},
            "a part of their combinations needs 3",
        ),
        (
            THREE,
            {"reduction": 3},
            "reduction=3 of 8 combinations mixes .* patient.ethnicity with .* "
            "patient.gender; use design.reduction=2, or",
        ),
        (
            THREE,
            {"reduction": 5},
            "reduction=5 of 8 combinations leaves too few to play every level; use "
            "design.reduction=2, or design.cross=full",
        ),
        (THREE, {"reduction": 8}, "reduction=8 of 8 combinations leaves too few"),
        (
            {"patient": {**THREE["patient"], "ethnicity": ["White", "Black", "Asian"]}},
            {},
            "mixes the effect .*; use design.cross=full or one_at_a_time",
        ),
    ],
)
def test_fractions_that_cannot_tell_factors_apart_are_refused(vary, design, why, known):
    with pytest.raises(ConfigError, match=why):
        planned(config(cases=2, vary=vary, design={"cross": "fractional", **design}), known)


# Swap, mirror, positive control


def test_a_swap_lists_the_same_moves_in_the_opposite_order(known):
    plan = planned(config(cases=2, design={"controls": ["swap"]}), known)
    case = next(iter(plan.cases.values()))
    before, after = (
        plan.castings[arm].scenario.brief("doctor", case).splitlines() for arm in (plan.arms[0].name, "swap")
    )
    assert before != after
    assert before[1:4] == after[1:4][::-1]
    assert sorted(before) == sorted(after)


def test_a_mirrored_question_is_read_back(play):
    # a patient that names the end of the scale that means "entirely": 10 of 1 to 10, 1 of 10 to 1
    rules = [
        {"role": "patient", "when": r"10 \(not at all\)", "say": {"score": 1}},
        {"role": "patient", "when": r"10 \(\w+ly\)", "say": {"score": 10}},
    ]
    done = play(backend={"rules": rules}, cases=2, design={"controls": ["mirror"]})
    confident = done.outcomes[done.outcomes.outcome == "confidence"]
    assert set(confident["value"]) == {10.0}
    mirrored = done.calls.merge(done.episodes[["trial", "control"]], on="trial").query(
        "role == 'patient' and control == 'mirror'"
    )
    assert '{"score": 1}' in set(mirrored["text"])


def test_a_patient_that_always_says_seven_is_found_out_by_the_mirror(play):
    done = play(
        backend={"rules": [{"role": "patient", "when": "Answer with a number", "say": {"score": 7}}]},
        cases=4,
        design={"controls": ["mirror"]},
    )
    (found,) = [each for each in done.scored.contrasts if (each.arm, each.outcome) == ("mirror", "confidence")]
    assert (found.difference, found.family) == (-3.0, "control")  # 11 - 7 against 7


def test_the_positive_control_finds_what_was_planted_and_asks_no_model(play):
    done = play(cases=None, repeats=4, vary={}, design={"controls": ["positive"], "planted": 0.3})
    (found,) = [each for each in done.scored.contrasts if each.outcome == "solved"]
    assert (found.arm, found.reference, found.family) == ("positive", "positive reference", "control")
    assert found.low <= -0.3 <= found.high < 0
    text = (done.path / "report" / "report.md").read_text()
    assert "planted: -0.3; found: -0.2" in text or "planted: -0.3; found: -0.3" in text


def test_the_positive_control_is_scripted_whatever_the_run_plays_on(known):
    asked = {
        "scenario": {"name": "clinic"},
        "backend": {"name": "server", "model": "large"},
        "cases": 2,
        "design": {"controls": ["positive"]},
    }
    plan = planned(Config.of(asked), known)
    planted = plan.castings["positive"].backends["doctor"]
    assert (planted.name, planted.effect) == ("scripted", 0.2)
    assert {backend.name for backend in plan.castings["positive reference"].backends.values()} == {"scripted"}
    assert plan.castings[plan.arms[0].name].backends["doctor"].name == "server"


def test_a_judge_leaves_the_planted_effect_as_it_is(known):
    asked = {"cases": None, "vary": {}, "design": {"controls": ["positive"], "planted": 0.4}}
    plan, judged = (
        planned(config(**asked), known),
        planned(config(**asked, roles={"judge": {"backend": "scripted"}}), known),
    )
    for arm in ("positive reference", "positive"):
        solved = [outcome.solved for outcome in played(plan, arm)]
        assert [outcome.solved for outcome in played(judged, arm)] == solved
        assert None not in solved


@pytest.mark.parametrize("planted", [0.81, 1.0])
def test_no_more_is_planted_than_the_chance_of_being_right(planted, known):
    with pytest.raises(
        ConfigError, match=rf"design.planted={planted:g}: .* with a chance of 0.8, .*; give at most 0.8"
    ):
        planned(config(design={"controls": ["positive"], "planted": planted}), known)
    all_of_it = planned(config(vary={}, design={"controls": ["positive"], "planted": 0.8}), known)
    assert not any(outcome.solved for outcome in played(all_of_it, "positive"))


# Teams: k of n


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


# Bad designs, before a token is spent


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (
            {"cases": 1},
            r"one case \(\S+\) cannot show what patient.ethnicity changes: an interval needs two; "
            r"give cases=2 or more, or vary=\{\}",
        ),
        ({"vary": {"patient": {"ethnicity": ["White", ""]}}}, "none of them empty"),
        ({"vary": {"patient": {"ethnicity": ["White", "White"]}}}, "at least two different levels"),
        ({"vary": {"patient": {"ethnicity": ["White"]}}}, "at least two different levels"),
        ({"vary": {"patient": {"ethnicty": ["White", "Black"]}}}, "did you mean 'ethnicity'"),
        (
            {"vary": {"doctor": {"dose": [0, 2]}}},
            r"vary.doctor.dose: the doctor has no bias; set roles.doctor.bias=NAME",
        ),
        (
            {"vary": {"doctor": {"bias": ["none", "recency"]}}, "roles": {"doctor": {"mitigation": "no_stereotypes"}}},
            "no mitigation 'no_stereotypes'",
        ),
        ({"design": {"primary": ["solvd"]}}, "did you mean 'solved'"),
        (
            {"design": {"controls": ["sme"]}},
            "design.controls.0: Input should be 'same', 'placebo', 'swap', 'mirror' or 'positive', got 'sme'",
        ),
        ({"vary": {"patient": {"ethnicity": ["White", "  "]}}}, "none of them empty"),
        (
            {"roles": {"doctor": {"bias": "recency", "dose": 0}}},
            "the doctor's bias 'recency' is played at dose 0 only, .*; set roles.doctor.dose to 1, 2 or 3",
        ),
        (
            {"roles": {"doctor": {"dose": 0}}, "vary": {"doctor": {"bias": ["none", "recency"]}}},
            "'recency' is played at dose 0 only",
        ),
        (
            {"roles": {"doctor": {"bias": "recency"}}, "vary": {"doctor": {"dose": [1, 2, "02"]}}},
            "vary.doctor.dose: '2' and '02' play the same prompts",
        ),
        (
            {"roles": {"doctor": {"bias": "recency"}}, "vary": {"doctor": {"dose": [1, 9]}}},
            "arm 'doctor.dose=9': dose: Input should be less than or equal to 3, got '9'",
        ),
        (
            {"roles": {"doctor": {"bias": "recency"}}, "vary": {"doctor": {"dose": [1, "strong"]}}},
            "arm 'doctor.dose=strong': dose: Input should be a valid integer",
        ),
        (
            {"vary": {"patient": {"surface": ["stated", "shouted"]}}},
            "arm 'patient.surface=shouted': surface: Input should be 'stated', 'name'",
        ),
        (
            {"vary": {"scenario": {"questions": [5, 10, "10 "]}}},
            "vary.scenario.questions: '10' and '10 ' play the same",
        ),
        (
            {"vary": {"patient": {"placebo": ["blue", "green"]}}, "design": {"controls": ["placebo"]}},
            "leave placebo out of design.controls",
        ),
        (
            {"cases": ["gerd-cough", "obsessive-compulsive-disorder"], "vary": {"patient": {"age": [30, 75]}}},
            r"'patient.age=75': of 2 cases 1 fits it .* \(plausible from 18 to 60 years, not at 75\)",
        ),
        # its own arms are not in the half that is played, which would report a difference of 0 as a finding
        (
            {
                "roles": {"doctor": {"bias": "recency"}},
                "vary": {
                    "patient": {"ethnicity": ["White", "Black"], "gender": ["woman", "man"]},
                    "doctor": {"dose": ["1", "01"]},
                },
                "design": {"cross": "fractional"},
            },
            "vary.doctor.dose: '1' and '01' play the same",
        ),
    ],
)
def test_bad_designs_are_refused_with_the_way_out(play, options, why, tmp_path):
    with pytest.raises(ConfigError, match=why):
        play(**options)
    assert not (tmp_path / "runs").exists()


def test_one_case_can_be_played_without_comparing_anything(play):
    assert play(cases=1, vary={}).complete
