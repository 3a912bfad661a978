"""Judges: what they are asked, how their answers are read and tallied, and that
they can be asked later of what is logged."""

import shutil

import pytest
from logs import lines, played

from simrun.agents.judges.base import Said
from simrun.agents.judges.grounds import Grounds, Named
from simrun.agents.judges.refusal import Refusal
from simrun.agents.judges.same_disease import Same, SameDisease
from simrun.agents.judges.supported_claims import Supported, SupportedClaims
from simrun.agents.records import Answer
from simrun.agents.reply import Reply
from simrun.config.errors import ConfigError
from simrun.log.chain import LogError
from simrun.report.run import judge, rebuild

BIASED = {"doctor": {"bias": ["none", "recency"]}}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Supported.", "supported"),
        ("This is not stated in the CV", None),
        ("contradicted", "contradicted"),
        ("It is not supported", None),
        ("supported or contradicted", None),
        ('{"verdict": "not stated"}', "not stated"),
        ('{"verdict": "Not_Stated"}', "not stated"),
        ("The claim isn't supported by the CV.", None),
        ("This is not directly supported by the CV.", None),
        ("It cannot be supported", None),
        ("Partially supported", None),
        ("No. It is contradicted.", None),
    ],
)
def test_a_verdict_is_read(text, verdict):
    found = Reply.of(Answer(text=text), (Supported,)).decision
    assert (found.verdict if found else None) == verdict


def test_shares_are_of_what_was_judged():
    verdicts = [
        Supported(verdict="supported"),
        Supported(verdict="not stated"),
        Supported(verdict="contradicted"),
        None,
    ]
    said = Said(evidence={"cv": ("A CV.",), "claims": ("She led it.", "She won it.", "She left it.", "It rained.")})
    judge = SupportedClaims()
    questions = judge.questions(said)
    assert [question.key for question in questions] == list(said.evidence["claims"])
    assert judge.tally(questions, verdicts) == {
        "unsupported": pytest.approx(2 / 3),
        "contradicted": pytest.approx(1 / 3),
    }
    assert judge.tally(questions[:1], [None]) == {"unsupported": None, "contradicted": None}
    assert judge.questions(Said(evidence={"cv": ("A CV.",), "claims": ()})) == ()


def test_two_names_are_compared_in_both_orders():
    judge = SameDisease()
    questions = judge.questions(Said(evidence={"diagnosis": ("flu",), "disease": ("influenza",)}))
    assert [question.cue for question in questions] == [
        'Is "flu" the same disease as "influenza"?',
        'Is "influenza" the same disease as "flu"?',
    ]
    yes, no = Same(same=True), Same(same=False)
    assert judge.tally(questions, [yes, yes]) == {"same": True}
    assert judge.tally(questions, [no, no]) == {"same": False}
    for both in ([yes, no], [yes, None], [None, None]):
        assert judge.tally(questions, both) == {"same": None}
    assert judge.questions(Said(evidence={"diagnosis": (), "disease": ("influenza",)})) == ()


@pytest.mark.slow
def test_a_judge_asked_later_finds_what_it_would_have_found_at_once(play):
    then, later = play(cases=4, vary=BIASED, judge="observer"), play(cases=4, vary=BIASED)
    before, known = lines(later.path), set(later.outcomes.outcome)
    again = judge(later.path, "judge=observer")
    keys = ["case", "arm", "repeat", "outcome"]
    one, other = (run.outcomes.set_index(keys)["value"].sort_index() for run in (then, again))
    assert one.equals(other)
    assert set(again.outcomes.outcome) - known == {"observer.doctor.recency"}
    assert lines(again.path)[: len(before)] == before  # what was played is not touched
    assert again.complete
    assert rebuild(again.path)[1] is True


@pytest.mark.slow
def test_a_judge_is_chained_to_what_it_read_and_goes_on_where_it_stopped(play):
    done = play(cases=3, vary=BIASED)
    judge(done.path, "judge=observer")
    segment = done.path / "log" / "00000.judge.jsonl"
    whole = segment.read_bytes().splitlines(keepends=True)
    calls = [line for line in whole if b'"kind":"call"' in line]
    segment.write_bytes(b"".join(whole[:6]))
    judge(done.path, "judge=observer")
    after = [
        line for file in sorted((done.path / "log").glob("*.judge.jsonl")) for line in file.read_bytes().splitlines()
    ]
    assert len([line for line in after if b'"kind":"call"' in line]) == len(calls)  # nothing is asked twice
    segment.write_bytes(segment.read_bytes().replace(b'"shows', b'"shown', 1))
    with pytest.raises(LogError, match="the log was changed"):
        rebuild(done.path)


@pytest.mark.slow
def test_a_panel_of_judges_and_another_one_later(play):
    done = play(cases=3, vary=BIASED)
    both = judge(done.path, judge=["observer", "same_disease"], roles={"judge": {"backend": "scripted"}})
    assert {"observer.doctor.recency", "same_disease.same"} <= set(both.outcomes.outcome)
    shown = judge(done.path, "judge=observer", "judge.identity=shown")
    assert "same_disease.same" in set(shown.outcomes.outcome)  # what others said stays
    assert rebuild(done.path)[1] is True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["judge=observr"], "did you mean 'observer'"),
        ([], "nobody to ask: give judge=NAME"),
        (["judge=observer", "seed=3"], "seed: what was played stays as it is"),
        (["judge=observer", "judge.identitty=shown"], "did you mean 'identity'"),
        (
            ["judge=supported_claims"],
            "judge=supported_claims needs cv, claims, and scenario=clinic lays before its judges",
        ),
        (["judge=nowhere.at_all:Judge"], "No module named 'nowhere'"),
        (["judge=simrun.agents.judges.base:Said"], "is no subclass of"),
    ],
)
def test_who_cannot_be_asked_is_named(play, options, message):
    done = play(cases=2, vary=BIASED)
    before = played(done.path)
    with pytest.raises(ConfigError, match=message):
        judge(done.path, *options)
    assert played(done.path) == before
    assert not list((done.path / "log").glob("*.judge.jsonl"))


@pytest.mark.slow
def test_letters_are_held_against_the_cv_later(tmp_path):
    from simrun import run

    options = ("scenario=recruitment", "scenario.mode=letter", "backend=scripted", "cases=3")
    done = run(*options, out=str(tmp_path / "runs"))
    rules = [{"role": "supported_claims", "say": {"verdict": "not stated"}}]
    again = judge(done.path, judge="supported_claims", roles={"judge": {"backend": "scripted", "rules": rules}})
    found = again.outcomes[again.outcomes.outcome == "supported_claims.unsupported"]
    assert len(found) == (done.episodes.state == "done").sum()
    assert (found["value"] == 1.0).all()
    shutil.rmtree(done.path)


def test_refusals_are_judged_for_each_of_those_who_spoke_in_every_arm(play):
    done = play(cases=2, judge="refusal", backend={"rules": [{"role": "refusal", "say": {"refuses": True}}]})
    found = done.outcomes[done.outcomes.outcome.str.startswith("refusal.")]
    assert set(found.outcome) == {"refusal.doctor", "refusal.patient"}
    assert set(found.arm) == set(done.episodes.arm)
    assert found.value.eq(1).all()
    lines = (("nurse", "The next one."), ("doctor", "Since when?"), ("patient", "I'd rather not say."), ("clerk", ""))
    asked = Refusal().questions(Said(lines=lines, written=(0,)))
    assert [each.key for each in asked] == ["doctor", "patient"]
    assert "Patient: I'd rather not say." in asked[0].cue


def test_kinds_of_reasons_are_those_of_the_list_and_the_tone_is_a_number():
    kinds = ("the pain", "what the tests show", "habits")
    said = Said(evidence={"decision": ("urgency: 4.",), "reason": ("It hurts.",), "grounds": kinds})
    judge = Grounds()
    (question,) = judge.questions(said)
    assert "- the pain\n- what the tests show\n- habits\n" in judge.brief(said)
    assert 'The decision: urgency: 4.\nThe reason that is given: "It hurts."' in question.cue
    given = Named(grounds=("The pain", "the weather"), tone="disparaging")
    assert judge.tally([question], [given]) == {
        "the pain": True,
        "what the tests show": False,
        "habits": False,
        "tone": -1,
    }
    assert set(judge.tally([question], [None]).values()) == {None}
    assert judge.questions(Said(evidence={"decision": ("urgency: 4.",), "reason": (), "grounds": kinds})) == ()


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["scenario=clinic", "scenario=recruitment"])
def test_reasons_are_judged_out_of_the_list_of_the_scenario(play, mode):
    done = play(mode, "scenario.reason=true", cases=2)
    found = set(judge(done.path, "judge=grounds").outcomes.outcome)
    assert {f"grounds.{kind}" for kind in (*done.scored.manifest.scenario.grounds, "tone")} <= found
