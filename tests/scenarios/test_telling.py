"""A patient who speaks by rule: what the case says, in the first person, alike in every arm and without a model."""

import re

import pytest
from conftest import config

from simrun.agents.agent import Agent
from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.config.menus import Catalogue
from simrun.plan.design import planned
from simrun.plan.treatment import audited
from simrun.scenarios.clinic.bank import load
from simrun.scenarios.clinic.consultation import Consultation
from simrun.scenarios.clinic.telling import ALL, UNKNOWN, answer, first_person, told
from simrun.stage.seeds import Seeds
from simrun.stage.stage import Stage

CASES = {case.id: case for case in load("")[0]}
CASE = CASES["pulmonary-embolism"]
ETHNICITY = {"patient": {"ethnicity": ["White", "Black"]}}
SCRIPTED = {"name": "clinic", "patient": "scripted"}


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Any sore throat?", "Sore throat? No."),
        ("Is your calf tight?", "My right calf has felt tight and sore for four days. Tight sore right calf? Yes."),
        ("Do you smoke?", UNKNOWN),
        (
            "Anything else?",
            "I woke this morning with a stabbing pain under my right ribs that catches when I breathe in, "
            "and the smallest effort leaves me out of breath. I have had a dry cough since yesterday and feel slightly "
            "feverish.",
        ),
    ],
)
def test_an_answer_shares_the_words_of_its_question(question: str, said: str):
    assert answer(question, told(CASE.story), []) == said


def test_the_story_goes_on_and_ends():
    said: list[str] = []
    while (words := answer("Anything else?", told(CASE.story), said)) != ALL:
        assert words not in said
        said.append(words)
    assert " ".join(said) == " ".join(told(CASE.story).story)


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.id)
def test_nobody_speaks_of_themselves_as_of_another_or_names_the_disease(case):
    every = " ".join(told(case.story).known())
    assert not re.search(r"\byour?\b", every, re.IGNORECASE)
    assert not re.search(r"\bI\b[.,;:!?]|\b(?:to|with|around|leaves|bothers) I\b", every)
    assert case.diagnosis.lower() not in every.lower()


@pytest.mark.parametrize(
    ("sentence", "own"),
    [
        ("You were ill, and it woke you.", "I was ill, and it woke me."),
        ("Light bothers you when your eyes are open.", "Light bothers me when my eyes are open."),
        ("People around you had it; you are well yourself.", "People around me had it; I am well myself."),
    ],
)
def test_first_person(sentence: str, own: str):
    assert first_person(sentence) == own


def test_a_file_that_speaks_of_a_third_person_is_quoted_and_says_no_age():
    story = "Demographics: 35-year-old female\nHistory: The patient has double vision. She tires."
    assert told(story).story == (
        'My file says: "History: The patient has double vision."',
        'My file says: "She tires."',
    )


def test_no_model_speaks_for_the_patient():
    scenario = Consultation(patient="scripted")
    cast = {role: Agent(role=role, brief=scenario.brief(role, CASE)) for role in scenario.roles()}
    stage = Stage(scenario, CASE, cast, Seeds(0, CASE.id, 0))
    for text in ("Any sore throat?", '{"move": "diagnose", "diagnosis": "Flu"}'):
        turn = stage.pending()[0]
        assert turn.role == "doctor"
        stage.say(turn, Reply.of(Answer(text=text), turn.kinds()))
    assert stage.over
    assert [(entry.role, entry.kind) for entry in stage.transcript[1:]] == [
        ("doctor", "turn"),
        ("patient", "line"),
        ("doctor", "turn"),
    ]
    assert "Patient: Sore throat? No." in stage.told()["doctor"][0]
    assert (stage.outcome.confidence, stage.outcome.compliance, stage.outcome.consult_again) == (None, None, None)


def test_the_record_shows_who_it_is_and_the_words_are_those_of_every_arm(known: Catalogue):
    plan = planned(config(scenario=SCRIPTED, cases=3, vary=ETHNICITY), known)
    assert audited(plan).amiss == ()
    one, other = (plan.castings[arm.name] for arm in plan.arms[:2])
    for name, case in plan.cases.items():
        cast = [casting.cast(case, casting.seeds(plan.trial(name, "same", 0)))[0] for casting in (one, other)]
        assert one.scenario.scripted(cast[0]) == other.scenario.scripted(cast[1]) != ()


def test_who_speaks_by_rule_believes_nothing(known: Catalogue):
    with pytest.raises(ConfigError, match=r"the patient of scenario=clinic is only read about .* and has no bias"):
        planned(config(scenario=SCRIPTED, vary=ETHNICITY, roles={"patient": {"bias": "recency"}}), known)


def test_it_is_played(play):
    done = play("scenario.patient=scripted", cases=4)
    assert {each.pairs for each in done.scored.contrasts if each.outcome == "solved"} == {4}
    assert {each.pairs for each in done.scored.contrasts if each.outcome == "confidence"} <= {0}
