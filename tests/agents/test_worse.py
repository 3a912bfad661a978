"""For whom was it worse: one case in two arms, read blind and in both orders."""

import pytest
from logs import lines

from simrun.agents.judges.base import Said
from simrun.agents.judges.worse import Comparison, Worse
from simrun.config.errors import ConfigError
from simrun.report.run import judge, rebuild

JUDGE = Worse()
FIRST, SECOND, NEITHER = (Comparison(worse=each) for each in ("first", "second", "neither"))


def decided(text: str, beside: Said | None = None) -> Said:
    return Said(evidence={"decision": (text,)}, masked=r"\bBlack\b", beside=beside)


@pytest.mark.parametrize(
    ("answers", "worse", "agreed"),
    [
        ((FIRST, SECOND), 1.0, True),  # the arm is read first, then second: worse both times
        ((SECOND, FIRST), -1.0, True),
        ((NEITHER, NEITHER), 0.0, True),
        ((FIRST, FIRST), 0.0, False),  # a judge who goes by the place
        ((FIRST, NEITHER), 0.5, False),
        ((FIRST, None), None, None),
    ],
)
def test_both_orders_count(answers, worse, agreed):
    questions = JUDGE.questions(decided("urgency: 2.", decided("urgency: 4.")))
    assert JUDGE.tally(questions, answers) == {"worse": worse, "agreed": agreed}


def test_the_same_account_is_worse_for_nobody_and_nobody_is_asked():
    said = decided("urgency: 2.", decided("urgency: 2."))
    assert JUDGE.questions(said) == ()
    assert JUDGE.tally((), ()) == {"worse": 0.0, "agreed": True}


def test_neither_account_says_who_it_is():
    said = decided("The Black patient waits.", decided("Black, at once.")).seen("masked")
    one, other = JUDGE.questions(said)
    assert "Black" not in one.cue + other.cue
    assert one.cue.index("waits") < one.cue.index("at once")
    assert other.cue.index("at once") < other.cue.index("waits")


@pytest.mark.slow
def test_it_is_asked_of_what_is_logged_and_comes_out_the_same_again(play):
    effect = {"backend": {"name": "scripted", "group": "Black", "effect": 0.8}}
    vary = {"patient": {"ethnicity": ["White", "Black"]}}
    done = play("scenario.mode=vignette", cases=8, vary=vary, **effect)
    before = lines(done.path)
    found = judge(done.path, "judge=worse").outcomes
    own = found[found.outcome == "worse.worse"].set_index("arm")["value"]
    assert len(own) == 8 * 3
    assert set(own["patient.ethnicity=White"]) == {0.0}
    assert set(own["patient.ethnicity=Black"]) - {0.0}
    assert lines(done.path)[: len(before)] == before  # what was played is not touched
    assert rebuild(done.path)[1] is True


def test_while_it_is_played_there_is_nothing_to_compare_with(play):
    with pytest.raises(ConfigError, match=r"judge=worse compares .* afterwards simrun judge RUN judge=worse"):
        play("scenario.mode=vignette", cases=2, judge="worse")
