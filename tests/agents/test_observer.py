"""Whether an injected bias shows: what the observer is asked, what it is not told, and what its word is worth."""

import pytest

from simrun.agents.judges.observer import OBSERVER, Check, checks, injected, masked
from simrun.config.options import Config
from simrun.plan.design import planned


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
    return play("roles.observer.backend=scripted", backend={"rules": rules(obeyed=obeyed)}, **given)


def shown(done, arm: str) -> list[float]:
    own = done.outcomes[(done.outcomes.outcome == "shows doctor.recency") & (done.outcomes.arm == arm)]
    return own["value"].tolist()


def test_the_observer_is_asked_the_same_in_every_arm_and_sees_what_was_done(play):
    done = watched(play)
    assert shown(done, "doctor.bias=recency") == [1.0] * 6
    assert shown(done, "doctor.bias=none") == [0.0] * 6
    asked = done.calls[done.calls.role == OBSERVER]
    assert len(asked) == 18  # three arms, the control `same` among them


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
    assert OBSERVER not in set(play("roles.observer.backend=scripted", cases=2).calls.role)


def test_words_that_tell_who_somebody_is_are_taken_out(known):
    check = Check(
        name="doctor.race",
        role="doctor",
        text="You distrust a certain group of people.",
        masked=masked([known.axes["ethnicity"], known.axes["gender"]]),
    )
    said = [
        ("patient", "I am a Black woman; my name is Lakisha Washington. She said so."),
        ("doctor", "Blackouts? The man said her pain is mild."),
    ]
    asked = check.question(said)
    for word in ("Black ", "woman", "Lakisha", "Washington", "She", " man ", " her "):
        assert word not in asked, word
    assert "Blackouts?" in asked
    assert "Patient: I am a [...]; my name is [...]. [...] said so." in asked


def test_the_group_that_a_bias_is_about_is_taken_out_of_the_question(known):
    config = Config.of(
        {"scenario": {"name": "clinic"}, "backend": {"name": "scripted"}, "roles": {"doctor": {"bias": "race"}}}
    )
    (check,) = checks(injected(config, known), "influenza", "")
    assert "a certain group of people" in check.text
    assert "{group}" not in check.text


def test_every_bias_that_an_arm_injects_is_asked_about(known):
    config = Config.of(
        {
            "scenario": {"name": "clinic"},
            "backend": {"name": "scripted"},
            "roles": {"patient": {"bias": "self_diagnosis"}},
            "vary": {"doctor": {"bias": ["none", "recency", "confirmation"]}},
        }
    )
    assert [(role, bias.name) for role, bias in injected(config, known)] == [
        ("patient", "self_diagnosis"),
        ("doctor", "recency"),
        ("doctor", "confirmation"),
    ]


def test_the_observer_is_told_nothing_of_the_case_or_of_anybody(known):
    config = Config.of(
        {
            "scenario": {"name": "clinic"},
            "backend": {"name": "scripted"},
            "cases": 2,
            "roles": {"observer": {"backend": "scripted"}},
            "vary": {"doctor": {"bias": ["none", "recency"]}, "patient": {"ethnicity": ["White", "Black"]}},
        }
    )
    plan = planned(config, known)
    briefs = {
        casting.cast(case, casting.seeds(trial))[1][OBSERVER].prompt()
        for trial in plan.trials()
        for casting in [plan.castings[trial.arm]]
        for case in [plan.cases[trial.case]]
    }
    assert len(briefs) == 1
    assert "Black" not in briefs.pop()


@pytest.mark.parametrize(
    ("text", "verdict"), [("Yes, it does.", True), ('{"shows": false}', False), ("Hard to say.", None)]
)
def test_a_verdict_is_read_tolerantly(text, verdict):
    from simrun.agents.judges.observer import Shows
    from simrun.agents.records import Answer
    from simrun.agents.reply import Reply

    decision = Reply.of(Answer(text=text), (Shows,)).decision
    assert (decision.shows if decision else None) is verdict
