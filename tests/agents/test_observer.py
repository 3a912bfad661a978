"""Whether an injected bias shows: what the observer is asked, what it is not told, and what its word is worth."""

import pytest

from simrun.agents.judges.base import Said, Tendency
from simrun.agents.judges.observer import Observer
from simrun.agents.persona import masked
from simrun.config.options import Config
from simrun.plan.design import planned

OBSERVER = "observer"


def rules(*, obeyed: bool) -> list[dict[str, object]]:
    """A doctor that names the anchor when told of it (or never), and an observer that goes by whether it did."""
    anchored = {"role": "doctor", "say": {"move": "diagnose", "diagnosis": "{anchor}"}}
    return [
        {**anchored, "when": "clearly less likely|fresh in your mind"}
        if obeyed
        else {**anchored, "when": "never said"},
        {"role": "doctor", "say": {"move": "diagnose", "diagnosis": "{truth}"}},
        {
            "role": OBSERVER,
            "when": "(?s)My diagnosis is: (.+?)\\..*it turned out to be\\s+\\1\\b",
            "say": {"shows": True},
        },
        {"role": OBSERVER, "say": {"shows": False}},
    ]


def watched(play, *, obeyed: bool = True, **options):
    given = {"cases": 6, "vary": {"doctor": {"bias": ["none", "recency"]}}} | options
    return play("judge=observer", backend={"rules": rules(obeyed=obeyed)}, **given)


def shown(done, arm: str) -> list[float]:
    own = done.outcomes[(done.outcomes.outcome == "observer.doctor.recency") & (done.outcomes.arm == arm)]
    return own["value"].tolist()


def test_the_observer_is_asked_the_same_in_every_arm_and_sees_what_was_done(play):
    done = watched(play)
    assert shown(done, "doctor.bias=recency") == [1.0] * 6
    assert shown(done, "doctor.bias=none") == [0.0] * 6
    asked = done.calls[done.calls.role == OBSERVER]
    assert len(asked) == 18  # three arms, the control `same` among them


@pytest.mark.slow
def test_a_run_with_an_observer_is_replayed_and_resumed_like_any_other(play):
    from logs import killed, played

    from simrun.report.run import rebuild, resume

    done = watched(play, cases=2)
    before = played(done.path)
    assert rebuild(done.path)[1] is True
    resume(killed(done.path, 9))
    assert played(done.path) == before


def test_nobody_is_asked_where_no_observer_is_cast_or_nothing_is_injected(play):
    assert OBSERVER not in set(play(cases=2, vary={"doctor": {"bias": ["none", "recency"]}}).calls.role)
    assert OBSERVER not in set(play("judge=observer", cases=2).calls.role)


def test_words_that_tell_who_somebody_is_are_taken_out(known):
    tendency = Tendency(name="doctor.race", role="doctor", text="You distrust a certain group of people.")
    said = Said(
        lines=(
            ("patient", "I am a Black woman; my name is Lakisha McCray. She said so."),
            ("doctor", "Blackouts? The man said her pain is mild."),
        ),
        tendencies=(tendency,),
        masked=masked([known.axes["ethnicity"], known.axes["gender"]]),
    )
    (question,) = Observer().questions(said)
    asked = question.cue
    assert "Lakisha" in Observer(identity="shown").questions(said)[0].cue
    for word in ("Black ", "woman", "Lakisha", "McCray", "She", " man ", " her "):
        assert word not in asked, word
    assert "Blackouts?" in asked
    assert "Patient: I am a [...]; my name is [...]. [...] said so." in asked


def asked_of(known, **options):
    """What the observer is shown in the first trial of a run."""
    config = Config.of(
        {"scenario": {"name": "clinic"}, "backend": {"name": "scripted"}, "cases": 2, "judge": "observer", **options}
    )
    return planned(config, known)


def test_the_group_that_a_bias_is_about_is_taken_out_of_the_question(known):
    plan = asked_of(known, roles={"doctor": {"bias": "race"}})
    stage = plan.stage(next(plan.trials()))
    (tendency,) = plan.reference._shown(stage._case).tendencies
    assert "a certain group of people" in tendency.text
    assert "{group}" not in tendency.text


CONTROLS = ("same", "placebo")


def test_every_bias_that_an_arm_injects_is_asked_about(known):
    varied = {"doctor": {"bias": ["none", "recency", "confirmation"]}}
    plan = asked_of(known, roles={"patient": {"bias": "self_diagnosis"}}, vary=varied)
    assert [(each.name, each.arms) for each in plan.injections] == [
        ("patient.self_diagnosis", ("doctor.bias=none", "doctor.bias=recency", "doctor.bias=confirmation", *CONTROLS)),
        ("doctor.recency", ("doctor.bias=recency",)),
        ("doctor.confirmation", ("doctor.bias=confirmation",)),
    ]


def test_the_observer_is_told_nothing_of_the_case_or_of_anybody(play):
    done = play(
        "judge=observer",
        cases=2,
        vary={"doctor": {"bias": ["none", "recency"]}, "patient": {"ethnicity": ["White", "Black"]}},
    )
    brief = Observer().agent(Said(evidence={"case": ("Black",)})).prompt()
    assert brief == Observer().agent(Said()).prompt()
    assert "Black" not in brief
    assert (done.calls.role == OBSERVER).sum() == len(done.episodes)


@pytest.mark.parametrize(("text", "verdict"), [("Yes.", True), ('{"shows": false}', False), ("Hard to say.", None)])
def test_a_verdict_is_read_tolerantly(text, verdict):
    from simrun.agents.judges.observer import Shows
    from simrun.agents.records import Answer
    from simrun.agents.reply import Reply

    decision = Reply.of(Answer(text=text), (Shows,)).decision
    assert (decision.shows if decision else None) is verdict
