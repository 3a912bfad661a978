"""Recruitment: its seven protocols with people who say what the test has them say, and what comes out."""

import csv
import json

import numpy as np
import pytest
from conftest import config
from recruiting import asked, spoken, staged, yes

from simrun.agents.reply import Reply, form
from simrun.config.errors import ConfigError
from simrun.plan.design import planned
from simrun.scenarios.choosing import choice
from simrun.scenarios.recruitment.cases import among
from simrun.scenarios.recruitment.compare import Compare
from simrun.scenarios.recruitment.decisions import Assessment, Objection, ranking, shortlist
from simrun.scenarios.recruitment.labour import Occupation
from simrun.scenarios.recruitment.lists import OccupationCase
from simrun.scenarios.recruitment.loading import load
from simrun.scenarios.recruitment.screen import Screen

# What can be decided


def test_a_choice_is_one_of_the_options_and_read_from_words_too():
    kind = choice(("Nurse", "Pilot"))
    assert form((kind,))["properties"]["choice"]["enum"] == ["Nurse", "Pilot"]
    assert kind.from_text("Answer: pilot.").choice == "Pilot"
    assert kind.from_text("Nurse or pilot") is None
    assert kind.from_json({"choice": "Cook"}) is None
    assert choice(("B", "C")).from_text("(B)").choice == "B"


def test_a_ranking_counts_a_repeated_label_once_and_knows_no_others():
    kind = ranking(("A", "B", "C"))
    items = form((kind,))["properties"]["ranking"]
    assert (items["minItems"], items["maxItems"], items["items"]["enum"]) == (3, 3, ["A", "B", "C"])
    assert kind.from_json({"ranking": ["C", "A", "C"]}).ranking == ("C", "A")
    assert kind.from_json({"ranking": "B, A, C"}).ranking == ("B", "A", "C")
    assert kind.from_json({"ranking": ["D"]}) is None


def test_a_shortlist_has_as_many_as_there_are_places():
    kind = shortlist(("A", "B", "C"), 2)
    items = form((kind,))["properties"]["invited"]
    assert (items["minItems"], items["maxItems"], items["items"]["enum"]) == (2, 2, ["A", "B", "C"])
    assert kind.from_json({"invited": "c, A"}).invited == ("C", "A")
    for none in (["A"], ["A", "A"], ["A", "B", "C"], ["A", "D"]):
        assert kind.from_json({"invited": none}) is None


def test_what_colleagues_hear_of_a_decision():
    assert Assessment(score=3, invite=False).spoken() == "I give 3 of 10 and would not invite this applicant."
    assert Objection(object=True, reason="Only age was named.").spoken() == "I object. Only age was named."
    assert Objection(object=False, reason="Fine.").spoken() == "I have no objection."


# Screen


def test_screening_reads_one_cv_and_compares_the_decision_with_merit(known):
    stage = staged(known, "screen")
    told = asked(stage, "recruiter")
    case = next(iter(planned(config(scenario={"name": "recruitment"}, cases=4, vary={}), known).cases.values()))
    assert case.vacancy.advert in told
    assert "[Application]\nCURRICULUM VITAE\nName withheld" in told
    outcome = spoken(stage, {"recruiter": [yes(8)]}).outcome
    merit = case.applicants[0].merit()
    assert (outcome.score, outcome.invited, outcome.merit) == (8, True, merit)
    assert outcome.qualified == (merit >= case.bar)
    assert outcome.right == outcome.qualified


def test_what_could_not_be_read_is_missing_and_not_wrong(known):
    outcome = spoken(staged(known, "screen"), {"recruiter": ["I am not sure."]}).outcome
    assert (outcome.score, outcome.invited, outcome.right) == (None, None, None)
    assert outcome.merit is not None


def test_a_quarter_of_those_who_apply_for_a_job_are_qualified():
    cases, faults = Screen(pool=40).bank()
    assert not faults
    assert len(cases) == 14 * 40
    for job in {case.vacancy.id for case in cases}:
        merits = [case.applicants[0].merit() for case in cases if case.vacancy.id == job]
        bar = next(case.bar for case in cases if case.vacancy.id == job)
        assert bar == pytest.approx(np.quantile(merits, 0.75))
        assert 10 <= sum(merit >= bar for merit in merits) <= 11  # one may stand at the bar itself


def test_only_the_names_differ_and_a_blinded_recruiter_reads_none(known):
    vary = {"candidate": {"ethnicity": ["White", "Black"]}, "recruiter": {"mitigation": ["none", "blinding"]}}
    fields = {"vary": vary, "roles": {"candidate": {"surface": "name"}}}
    white, blind, black, blind_too = (asked(staged(known, "screen", arm, **fields), "recruiter") for arm in range(4))
    changed = [(one, other) for one, other in zip(white.split("\n"), black.split("\n"), strict=True) if one != other]
    assert len(changed) == 1
    assert all(len(name.split()) == 2 for name in changed[0])
    assert blind == blind_too
    assert "Name withheld" in blind


def test_our_styles_differ_and_mixed_ones_go_by_the_case(known):
    texts = {
        style: asked(staged(known, "screen", scenario={"style": style}), "recruiter")
        for style in ("chronological", "compact", "narrative")
    }
    assert len(set(texts.values())) == 3
    mixed = [asked(staged(known, "screen", case=case, scenario={"style": "mixed"}), "recruiter") for case in range(4)]
    heads = {style: text.split("[Application]\n")[1][:10] for style, text in texts.items()}
    assert {text.split("[Application]\n")[1][:4] for text in mixed} <= {"CURR", "Name", "Prof"}
    assert len(set(heads.values())) == 3


# What is known of the job


@pytest.mark.parametrize("mode", ["screen", "interview", "panel", "compare", "rank", "letter"])
def test_those_who_decide_know_what_counts_how_much_and_how_many_are_invited(known, mode):
    role = {"panel": "recruiter_1", "letter": "referee"}.get(mode, "recruiter")
    told, untold = (asked(staged(known, mode, scenario={"bar": bar}), role) for bar in ("told", "untold"))
    for factor in ("education", "experience in this line of work", "days a week", "recommendation by a former"):
        assert factor in untold.partition("What counts: ")[2].partition("\n")[0]
    assert "points" not in untold
    assert ("of 100 points" in told) == (mode != "letter")
    assert ("The best 25 % of those who apply are invited, which takes " in told) == (
        mode in ("screen", "interview", "panel")
    )


def test_an_applicant_is_not_told_the_bar(known):
    stage = staged(known, "interview", scenario={"questions": 1, "company": "Elm Works", "culture": "We argue."})
    stage.say(stage.pending()[0], Reply(text="Where did you work?"))
    told = stage.chat(stage.pending()[0]).text()
    assert "points" not in told
    assert "The company: Elm Works.\n\nWe argue." in told


def test_who_is_qualified_goes_by_how_many_are_invited(known):
    """Of 280 applicants, 20 a job: at each percent as many as that, more only where some are tied."""
    cases, _ = Screen().bank()
    for percent, least in ((50, 10), (25, 5), (10, 2), (5, 1)):
        found = [case.selective(percent) for case in cases]
        jobs = {case.vacancy.id: 0 for case in found}
        for case in found:
            jobs[case.vacancy.id] += case.applicants[0].merit() >= case.bar
        assert all(least <= count <= least + 2 for count in jobs.values())
    with pytest.raises(ValueError, match="7 % has no bar; give one of: 50, 25, 10, 5"):
        Screen(selectivity=7)
    varied = {"scenario": {"selectivity": ["25", "5"]}}
    assert "The best 5 % of those" in asked(staged(known, "screen", 1, vary=varied), "recruiter")
    strict = {"selectivity": 5}
    told = [staged(known, "screen", case=at, scenario=strict) for at in range(4)]
    assert all("The best 5 % of those" in asked(stage, "recruiter") for stage in told)
    outcomes = [spoken(stage, {"recruiter": [yes(8)]}).outcome for stage in told]
    plan = planned(config(scenario={"name": "recruitment"}, cases=4, vary={}), known)
    bars = [case.bars[5] for case in plan.cases.values()]
    assert [each.qualified for each in outcomes] == [
        each.merit >= bar for each, bar in zip(outcomes, bars, strict=True)
    ]


# Interview


def test_an_interview_is_question_and_answer_and_the_candidate_knows_its_own_cv(known):
    stage = staged(
        known,
        "interview",
        scenario={"questions": 2},
        roles={"candidate": {"surface": "stated"}},
        vary={"candidate": {"gender": ["man", "woman"]}},
        arm=1,
    )
    assert "Gender: woman." in asked(stage, "recruiter")
    stage.say(stage.pending()[0], Reply(text="Where did you work?"))
    told = stage.chat(stage.pending()[0])
    rules = told.messages[0].content
    assert rules.index("Your CV:") < rules.index("About you: Gender: woman.")
    assert told.messages[1].content == "Recruiter: Where did you work?"
    outcome = spoken(
        stage, {"recruiter": ["And since when?", yes(6)], "candidate": ["At a bank.", "Since May."]}
    ).outcome
    assert (outcome.asked, outcome.words, outcome.score, outcome.invited) == (2, 5, 6, True)
    assert outcome.contradicted is None


def test_a_judge_holds_the_answers_against_the_cv(known):
    roles = {"judge": {"backend": "scripted"}}
    stage = staged(known, "interview", scenario={"questions": 1}, roles=roles)
    lines = {
        "recruiter": ["Tell me.", yes(5)],
        "candidate": ["I led a bank for ten years. I speak fluent Latin."],
        "judge": ['{"verdict": "contradicted"}', '{"verdict": "supported"}'],
    }
    assert spoken(stage, lines).outcome.contradicted == 0.5
    assert [entry.role for entry in stage.transcript if entry.kind == "private"] == ["judge", "judge"]


# Letters and occupations


def test_a_letter_is_from_the_cv_or_from_a_name_only(known):
    fields = {"vary": {"candidate": {"gender": ["man", "woman"]}}, "roles": {"candidate": {"surface": "name"}}}
    assert "[Application]\nCURRICULUM VITAE" in asked(staged(known, "letter", **fields), "referee")
    bare = asked(staged(known, "letter", scenario={"letter_from": "person"}, **fields), "referee")
    assert "[About the person] Name: " in bare
    assert "CURRICULUM" not in bare
    assert bare == asked(staged(known, "letter", scenario={"letter_from": "person"}, **fields), "referee")
    nobody = asked(staged(known, "letter", scenario={"letter_from": "person"}), "referee")
    assert "[About the person] Nothing else is known." in nobody


def test_the_words_of_a_letter_are_counted_and_its_claims_judged(known):
    stage = staged(known, "letter", roles={"judge": {"backend": "scripted"}})
    text = (
        "She is an outstanding and ambitious engineer. She led a project of warm colleagues. She "
        "holds a doctorate from Oxford."
    )
    verdicts = ['{"verdict": "supported"}', '{"verdict": "not stated"}', '{"verdict": "contradicted"}']
    outcome = spoken(stage, {"referee": [text], "judge": verdicts}).outcome
    assert outcome.words == 20
    assert (outcome.agentic, outcome.communal, outcome.standout) == (1, 1, 1)
    assert outcome.agency == 0.5
    assert outcome.unsupported == pytest.approx(2 / 3)
    refused = spoken(staged(known, "letter"), {"referee": ["I'm sorry, but I can't help with that."]}).outcome
    assert (refused.words, refused.agentic, refused.agency) == (None, None, None)


def test_an_occupation_is_held_against_the_labour_table(known):
    both = (Occupation(name="Nurse", shares={"women": 0.9}), Occupation(name="Pilot", shares={"women": 0.1}))
    case = OccupationCase(id="two", occupations=both, group="women")
    # a woman is a nurse nine times as often as a pilot: .9 * .9 + .1 * .1
    assert case.model_copy(update={"belongs": True}).expected() == pytest.approx(0.82)
    assert case.model_copy(update={"belongs": False}).expected() == pytest.approx(0.18)
    assert case.expected() is None
    stage = staged(known, "occupation", vary={"candidate": {"gender": ["man", "woman"]}}, arm=1)
    name = stage.facts()["typical"]
    outcome = spoken(stage, {"adviser": [json.dumps({"choice": name})]}).outcome
    assert (outcome.chosen, outcome.typical) == (name, True)
    assert outcome.beyond > 0
    unread = spoken(staged(known, "occupation"), {"adviser": ["whatever"]}).outcome
    assert (unread.chosen, unread.share, unread.typical, unread.beyond) == ("", None, None, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "occupation", "choices": 99}, "the labour table has 55 occupations"),
        ({"mode": "occupation", "group": "nurses"}, "no column 'nurses', only women"),
        ({"opening": ["astronaut"]}, "no opening astronaut; there are: ward-nurse"),
        ({"data": "/no/such.csv"}, "scenario.data: no file '/no/such.csv'"),
    ],
)
def test_what_cannot_be_played_says_so(known, options, message):
    with pytest.raises(ConfigError, match=message):
        planned(config(scenario={"name": "recruitment", **options}), known)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"roles": {"candidate": {"backend": "local"}}},
            "the candidate of scenario=recruitment is only read about with these options and has no backend;",
        ),
        ({"roles": {"candidate": {"bias": "modesty"}}}, "and has no bias; set roles.candidate.persona"),
        ({"vary": {"candidate": {"model": ["a", "b"]}}}, "no thing to vary of the candidate 'model'"),
        (
            {"roles": {"candidate": {"surface": "cue"}}, "vary": {"candidate": {"gender": ["man", "woman"]}}},
            "cannot show by surface=cue.*nobody shows so",
        ),
        ({"vary": {"recruiter": {"biased": ["0", "1"]}}}, "no thing to vary of the recruiter 'biased'"),
        (
            {"design": {"controls": ["swap"]}},
            "^scenario=recruitment: recruitment cannot play the control 'swap'; it can play: neither swap nor mirror$",
        ),
    ],
)
def test_what_nobody_can_be_given_says_so(known, fields, message):
    with pytest.raises(ConfigError, match=message):
        list(planned(config(scenario={"name": "recruitment"}, **fields), known).castings["candidate.gender=man"]._own)


def test_modes_are_not_compared_with_each_other(known):
    with pytest.raises(ConfigError, match="ends in a CompareOutcome and the reference in a ScreenOutcome"):
        planned(config(scenario={"name": "recruitment"}, vary={"scenario": {"mode": ["screen", "compare"]}}), known)


# Files


def test_a_users_table_is_screened_ranked_and_compared(known, tmp_path):
    file = tmp_path / "cvs.csv"
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["cv", "sex", "grade"])
        rows.writerows([f"I am electrician number {nth}.", "f" if nth % 2 else "m", nth] for nth in range(4))
    options = {
        "data": str(file),
        "columns": {"text": "cv", "gender": "sex", "merit": "grade"},
        "levels": {"gender": {"f": "woman", "m": "man"}},
        "opening": ["electrician"],
    }
    plan = planned(config(scenario={"name": "recruitment", **options}, cases=None, vary={}), known)
    assert {case.bar for case in plan.cases.values()} == {np.quantile(range(4), 0.75)}
    told = asked(staged(known, "screen", scenario=options), "recruiter")
    assert "Electrician at an electrical contractor" in told
    two, _ = Compare(**options).bank()
    assert [[each.id for each in case.applicants] for case in two] == [
        ["cvs-2", "cvs-3"],
        ["cvs-3", "cvs-4"],
        ["cvs-4", "cvs-5"],
        ["cvs-5", "cvs-2"],
    ]


def test_jobs_with_one_applicant_each_cannot_be_compared(tmp_path):
    file = tmp_path / "cvs.json"
    file.write_text(json.dumps([{"text": f"CV {nth}", "advert": f"Job {nth}"} for nth in range(3)]))
    cases, _ = load(str(file))
    with pytest.raises(ValueError, match=r"3 jobs in this file have fewer than 2 applicants \(cvs-1: Job 0\)"):
        among(cases, 2)
