"""What certainty costs: the arithmetic of the benchmark, by hand, and that its verdicts are those of the report."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from simrun.estimate.paired import interval
from simrun.estimate.signs import sign_flip
from simrun.score.verdict import verdict

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
certainty, reaching = import_module("certainty"), import_module("reaching")
Law, Tokens, Way = reaching.Law, certainty.Tokens, certainty.Way


@pytest.mark.parametrize(("bound", "sides", "cases"), [(1, 2, 21), (0.5, 2, 11), (1, 1, 17), (0.5, 1, 9)])
def test_no_valid_method_finds_it_in_fewer_cases_and_the_report_does_in_as_many(bound, sides, cases):
    """ln .025 / ln(1 / 1.2) = 20.2, ln .025 / ln(.5 / .7) = 10.96; ln .05 in place of ln .025: 16.4, 8.9."""
    assert reaching.floor(-0.2, bound, sides) == cases
    assert [reaching.found(np.full(count, -0.2), bound, sides) for count in (cases - 1, cases)] == [False, True]


@pytest.mark.parametrize("bound", [1.0, 0.5])
def test_what_is_found_is_what_the_report_calls_a_difference(bound):
    rng, told = np.random.default_rng(1), []
    for _ in range(40):
        each = rng.uniform(-0.6, 0.25, rng.integers(8, 30))
        reach = bound if np.abs(each).max() <= bound else 1.0
        low, high = interval(each, -reach, reach)
        said = verdict(sign_flip(each, np.arange(len(each)), reach), low, high, None, None)
        told.append(said.kind == "difference" and high < 0)
        assert reaching.found(each, bound) == told[-1]
    assert 0 < sum(told) < 40


def test_independent_arms_need_what_the_formulas_say():
    """(1.96 sqrt(2 x .4 x .6) + .8416 sqrt(.25 + .21))^2 / .04 = 93.0; 1.96^2 x .46 / .0025 = 707."""
    assert reaching.independent(Law(0.5)) in (93, 94, 95)
    assert reaching.independent_width(Law(0.5)) == 707


@pytest.mark.parametrize("history", [0.0, 1.0])
def test_the_planted_effect_is_there_and_expected_differences_are_its_unbiased_estimate(history):
    rng = np.random.default_rng(1)
    study = reaching.drawn(Law(0.5, history), 100, rng)
    assert (study.reference.mean(), study.arm.mean()) == pytest.approx((0.5, 0.3), abs=0.005)
    assert study.expected().mean() == pytest.approx(-0.2, abs=0.005)
    for private in (0.0, 0.5):
        assert study.sampled(private, rng).mean() == pytest.approx(-0.2, abs=0.01)
    up = (study.sampled(0.0, rng) > 0).mean()
    assert up < 0.005 if not history else up > 0.02  # luck that is shared flips one way alone


def test_a_constant_difference_stops_a_run_where_betting_has_left_0():
    """1.2 to the n reaches 40 at n = 20.2; a mean over 20 bets s of (1 + .2 s)^n does at 26, and a look comes at 28."""
    bets = np.cos((2 * np.arange(1, 21) - 1) * np.pi / 80)
    assert [((1 + 0.2 * bets) ** count).mean() >= 40 for count in (25, 26)] == [False, True]
    assert reaching.ending(np.full(40, -0.2), 40, 1.0, False) == 28
    assert reaching.ending(np.full(20, -0.2), 20, 1.0, False) is None


def test_tokens_are_cases_of_two_arms_times_what_an_episode_costs():
    ways = [Way("a", False, 90), Way("c", True, 10), Way("d", True, None)]
    rows = certainty.table(ways, Tokens(100, 50), Tokens(150, 60))
    assert rows[1] == {
        **{"way": "c", "cases": 10, "episodes": 20},
        **{"episodes_ratio": 0.111, "all_ratio": 0.167, "read_ratio": 0.133},
    }
    assert rows[2] == {"way": "d", "cases": None}


def test_tokens_of_fields_that_are_asked_on_their_own_are_counted():
    """A forced choice is asked as ever, and weighed by two questions of a token; a screening is asked twice."""
    one, other = (certainty.tokens(certainty.SHAPES["forced choice"], each) for each in ("sampled", "expected"))
    assert (other.all, other.read) == pytest.approx((one.all, one.read + 4))
    joint, apart = (certainty.tokens(certainty.SHAPES["screening"], each) for each in ("sampled", "expected"))
    assert 1.9 < apart.all / joint.all < 2.1
    assert 1 < apart.read / joint.read < 1.3
