"""Outcomes that count how probable a choice was: by hand, and from the command line to the report."""

import json
from math import log
from types import SimpleNamespace

import pytest
from conftest import config
from recruiting import staged

from simrun import run
from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.options import Config
from simrun.plan.design import planned
from simrun.report.sections.choices import Choices, _tempered
from simrun.scenarios.clinic.consultation import Consultation
from simrun.scenarios.clinic.moves import Rating
from simrun.scenarios.peer_review.forms import again
from simrun.scenarios.peer_review.outcomes import score
from simrun.scenarios.recruitment.deciding import FIT, INVITE

FIT_SAID = Answer(text='{"score": 9}', options={"7": log(0.5), "9": log(0.25), "10": log(0.25)})
INVITED = Answer(text='{"invite": true}', options={"true": log(0.7), "false": log(0.3)})


def answered(stage, answers):
    """Everybody gives the answer for what the cue asks; the texts of all chats that were asked."""
    asked = []
    while not stage.over:
        for turn in stage.pending():
            chat = stage.chat(turn).text()
            asked.append(chat)
            stage.say(turn, Reply.of(next(each for cue, each in answers.items() if cue in chat[-400:]), turn.kinds()))
    return asked


@pytest.mark.parametrize(("outcomes", "twins"), [("expected", (None, None)), ("both", (9, 1))])
def test_each_field_of_a_screening_is_asked_on_its_own_and_counts_as_its_expectation(known, outcomes, twins):
    """.5 x 7 + .25 x 9 + .25 x 10 = 8.25; invited with .7, and so right with .7 where qualified, else with .3."""
    margin = {"invited": 0.05, "score": 0.5}
    stage = staged(known, "screen", outcomes=outcomes, design={"margin": margin, "controls": []})
    asked = answered(stage, {FIT: FIT_SAID, INVITE: INVITED})
    found = stage.outcome
    assert (found.score, found.invited) == pytest.approx((8.25, 0.7))
    assert found.right == pytest.approx(0.7 if found.qualified else 0.3)
    assert (found.score_sampled, found.invited_sampled) == twins
    assert len(asked) == 2
    assert not any('"score": 9' in chat for chat in asked)


def test_a_sampled_screening_is_one_reply_of_yes_and_no(known):
    stage = staged(known, "screen")
    (chat,) = answered(stage, {"": Answer(text='{"score": 7.5, "invite": true}')})
    assert FIT not in chat
    assert (stage.outcome.score, stage.outcome.invited, stage.outcome.invited_sampled) == (7.5, True, None)


def test_a_chair_is_asked_aside_before_it_decides_and_forgets_it(known):
    """What it says aloud moves the play on; what counts is how probable that was."""
    stage = staged(known, "panel", outcomes="expected", design={"margin": {"invited": 0.05, "score": 0.5}})
    aloud = Answer(text=json.dumps({"score": 2, "invite": False}))
    asked = answered(stage, {FIT: FIT_SAID, INVITE: INVITED, "": aloud})
    assert stage.outcome.invited == pytest.approx(0.7)
    assert stage.outcome.overruled is False
    assert [FIT in chat for chat in asked][-3:] == [True, False, False]


def test_a_planted_bias_lowers_an_invitation_by_just_as_much(tmp_path):
    """Scripted: invited with .8, for women .6; four points less where not: .8 s + .2 (s - 4) = s - .8, then s - 1.6."""
    found = run(
        "scenario=recruitment",
        "outcomes=both",
        "roles.candidate.surface=stated",
        "vary.candidate.gender=[man,woman]",
        "design.controls=[]",
        "design.margin={invited: 0.05, score: 0.5}",
        "backend=scripted",
        backend={"group": "Gender: woman", "effect": 0.2},
        cases=6,
        out=str(tmp_path),
    )
    told = {each.outcome: each for each in found.scored.contrasts}
    assert told["invited"].difference == pytest.approx(-0.2)
    assert told["score"].difference == pytest.approx(-0.8)
    assert set(found.outcomes[found.outcomes.outcome == "invited_sampled"].value) <= {0.0, 1.0}
    assert found.manifests[0].config.outcomes == "both"


def test_what_no_choice_makes_counts_as_said_and_the_report_says_so(tmp_path):
    found = run(
        "scenario=clinic",
        "outcomes=expected",
        "design.margin=0.05",
        "design.controls=[]",
        "backend=scripted",
        cases=2,
        out=str(tmp_path),
    )
    (note,) = (block.text for block in Choices().compute(found.scored) if block.block == "prose")
    assert note.endswith("As said in any case, since no one choice makes it: solved.")


@pytest.mark.parametrize(("outcomes", "value"), [("sampled", 9), ("expected", 8.25)])
def test_a_patients_opinion_is_a_mean_over_what_could_be_said(outcomes, value):
    reply = Reply.of(FIT_SAID, (Rating,))
    assert Consultation(outcomes=outcomes).score(reply) == pytest.approx(value)
    assert Consultation(outcomes=outcomes, mirrored=True).score(reply) == pytest.approx(11 - value)


def test_a_score_after_a_discussion_is_a_mean_over_the_scale():
    said = Answer(text='{"overall": 9, "why": ""}', options=FIT_SAID.options)
    reply = Reply.of(said, (again(tuple(map(float, range(1, 11)))),))
    assert score(reply) == 9
    assert score(reply, "expected") == pytest.approx(8.25)


@pytest.mark.parametrize(
    ("outcomes", "temperature", "told"), [("both", 0.7, True), ("both", 1.0, False), ("expected", 0.7, False)]
)
def test_replies_drawn_at_another_temperature_are_not_held_to_be_the_same(outcomes, temperature, told):
    """Options are weighed at temperature 1; what was drawn colder is drawn from another law."""
    config = Config(
        scenario={"name": "clinic"}, outcomes=outcomes, backend={"name": "local", "temperature": temperature}
    )
    assert ("drawn at a temperature of 0.7" in _tempered(SimpleNamespace(config=config))) is told


def first(known, mode):
    """The case that `staged` plays."""
    plan = planned(config(scenario={"name": "recruitment", "mode": mode}, cases=4, vary={}), known)
    return next(iter(plan.cases.values()))


def test_a_comparison_counts_how_probable_each_applicant_was(known):
    """.7 for the applicant's own letter in the first order; in the second, where letters are exchanged, that is the
    rival's: .3. So is every letter on average, and the one read first has the same letter in both: .7 or .3."""
    stage = staged(known, "compare", outcomes="both", design={"margin": 0.05})
    own, rival = first(known, "compare").labels()
    said = Answer(text=json.dumps({"choice": rival}), options={own: log(0.7), rival: log(0.3)})
    answered(stage, {"": said})
    found = stage.outcome
    assert (found.chosen, found.chosen_sampled) == pytest.approx((0.5, 0.5))
    assert found.letters == pytest.approx({own: 0.7, rival: 0.3})
    assert found.first == pytest.approx(0.3)  # the rival is read first
    assert found.consistent is False


def test_a_suggestion_counts_the_share_of_a_group_over_all_that_could_be_suggested(known):
    stage = staged(known, "occupation", outcomes="expected", design={"margin": 0.05})
    case = first(known, "occupation")
    names = sorted(case.names(), key=case.share)
    said = Answer(text=json.dumps({"choice": names[0]}), options={names[0]: log(0.75), names[-1]: log(0.25)})
    answered(stage, {"": said})
    mean = 0.75 * case.share(names[0]) + 0.25 * case.share(names[-1])
    assert (stage.outcome.share, stage.outcome.typical) == pytest.approx((mean, 0.25))
    assert stage.outcome.chosen == names[0]
