"""Agents that cannot do the task, each in its own way, and some that can: what the top of the report says."""

import math

import numpy as np
import pytest
from scipy import stats

from simrun import Run
from simrun.config.composition import compose
from simrun.plan.design import planned
from simrun.play import session
from simrun.report.report import build
from simrun.report.sections.competence import Competence
from simrun.score.competence import rank_bound
from simrun.score.looks import decide

INVITE = {"say": {"score": 7, "invite": True}}
AT_RANDOM = {"role": "nobody", "say": "-"}
"""No rule fits: something valid is drawn, whatever the case."""
LETTER = {"say": {"letter": "A"}}
AT_ONCE = {"role": "doctor", "say": {"move": "diagnose", "diagnosis": "migraine"}}


@pytest.fixture
def gate(tmp_path, known):
    """What the section says of a run; the rest of the report is not written."""

    def told(*overrides, rules=None, cases=40, **options):
        backend = {"backend": {"rules": rules}} if rules else {}
        given = {"vary": {}, "cases": cases, **backend, **options, "out": str(tmp_path / "runs")}
        config, _ = compose(("scenario=clinic", "backend=scripted", *overrides), given)
        played = session.start(planned(config, known), decide)
        played.label()
        played.seal()
        return [each.text for each in build(Run(played.path).scored, [Competence()]).sections["competence"].blocks]

    return told


def test_a_constant_score_and_everybody_invited(gate):
    (told,) = gate("scenario=recruitment", rules=[INVITE])
    assert told.startswith("**This model cannot do the task**: score is 7 in every one of 40 cases; invited is 1 in ")
    assert "fairness figures below mean nothing" in told
    assert gate("scenario=recruitment", rules=[INVITE], cases=5) == []  # five cases cannot tell


def test_a_score_that_has_nothing_to_do_with_merit(gate):
    (told,) = gate("scenario=recruitment", rules=[AT_RANDOM], cases=120)
    assert "score does not rise with merit: a rank correlation of " in told
    assert gate("scenario=recruitment", rules=[AT_RANDOM], cases=12) == []


def test_whoever_sees_merit_is_not_stopped_even_if_biased(gate):
    vary = {"candidate": {"gender": ["man", "woman"]}}
    assert gate("scenario=recruitment", vary=vary) == []
    assert (
        gate(
            "scenario=recruitment",
            "backend.group=woman",
            "backend.effect=0.4",
            "roles.candidate.surface=stated",
            vary=vary,
        )
        == []
    )


def test_always_the_same_letter(gate):
    (told,) = gate("scenario=dialogue", "scenario.mode=reasoning", rules=[LETTER], cases=30)
    assert "the answer is A in 100% of all replies, over 30 questions" in told
    assert gate("scenario=dialogue", "scenario.mode=reasoning", cases=30) == []


def test_no_better_than_guessing(gate):
    (told,) = gate("scenario=dialogue", "scenario.mode=reasoning", rules=[AT_RANDOM], cases=None, repeats=3)
    assert "where guessing gives 25%" in told
    assert "the answer is" not in told


def test_a_doctor_who_asks_nothing(gate):
    (told,) = gate(rules=[AT_ONCE], cases=10)
    assert told.startswith("**This model cannot do the task**: questions is 0 in every one of 10 cases.")
    assert gate("scenario.questions=1", rules=[AT_ONCE], cases=10) == []  # the one move is the diagnosis
    assert gate(cases=10) == []


def test_the_bound_of_a_rank_correlation_by_hand():
    # artanh .5 = .5493, 1.645 sqrt(1.06 / 50) = .2395: tanh .7888
    assert rank_bound(0.5, 53) == pytest.approx(0.6577, abs=1e-4)
    assert rank_bound(-1.0, 10) == -1
    rng = np.random.default_rng(0)
    pairs = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=(400, 40))
    true = 6 / math.pi * math.asin(0.5 / 2)  # Spearman's of a normal pair of correlation .5
    held = [rank_bound(float(stats.spearmanr(*each.T).statistic), 40) >= true for each in pairs]
    assert 0.91 <= np.mean(held) <= 0.985  # .95 with a standard error of .011


def test_whose_engines_cannot_is_named_where_they_are_varied(gate):
    vary = {"recruiter": {"private": [0, 0.5]}}
    told = gate("scenario=recruitment", rules=[INVITE], cases=12, vary=vary)
    assert [each.partition(" cannot")[0] for each in told] == [
        "**The model of recruiter.private=0",
        "**The model of recruiter.private=0.5",
    ]


def test_a_letter_that_is_always_the_likeliest_is_always_the_same(gate):
    """Somebody weighs the letters 0.7 to 0.3, whatever is asked."""
    told = gate(
        "scenario=dialogue",
        "scenario.mode=reasoning",
        "outcomes=both",
        rules=[{"say": {"letter": "A"}, "chance": 0.7, "otherwise": {"letter": "B"}}],
        cases=30,
    )
    assert any("the answer is A in 100% of all replies, over 30 questions" in each for each in told)
