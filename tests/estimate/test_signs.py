"""Exact sign-flip p values, alone and of several outcomes, by hand and against all patterns."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from simrun.estimate.families import behind, holm, holm_groups
from simrun.estimate.signs import SignedSum, max_t, sign_flip, whole


def alone(values) -> float | None:
    return sign_flip(values, range(len(values)))


@pytest.mark.parametrize(
    ("values", "p"),
    [
        ([3, 2, 2, -1], 0.25),
        ([1] * 6, 0.03125),
        ([1] * 24, 2.0**-23),
        ([1] * 14 + [-1] * 2, 0.004180908203125),
        ([0, 0, 0], 1),
        ([0.1] * 5, 0.0625),
    ],
)
def test_by_hand(values, p):
    assert alone(values) == pytest.approx(p, rel=1e-9)


def test_every_pattern_is_counted():
    rng = np.random.default_rng(1)
    for values in (rng.integers(-4, 5, 9) / 3, rng.normal(size=9).round(3)):
        patterns = np.array(list(product((1, -1), repeat=9))) @ values
        assert alone(values) == pytest.approx(np.mean(np.abs(patterns) >= abs(values.sum()) - 1e-9))


def test_the_sign_is_a_whole_cases_and_its_mean_counts():
    assert sign_flip([1, 1, 1, 1, 1], list("aabbb")) == 0.5
    assert sign_flip([1, 0, 1], list("aab")) == 0.5  # means .5 and 1: whole numbers 1 and 2
    assert sign_flip([], []) is None


def test_whole_numbers_are_exact_where_they_can_be_and_mirror_each_other():
    assert whole([1 / 3, -0.5, 0]).tolist() == [2, -3, 0]
    odd = np.random.default_rng(0).normal(size=50)
    assert (whole(odd, 4.0) == -whole(-odd, 4.0)).all()
    assert abs(whole(odd, 4.0) / 250 - odd).max() <= 0.002


def test_long_sums_by_halves_are_those_case_by_case(monkeypatch):
    values = np.random.default_rng(3).integers(-30, 40, 60)
    one = SignedSum(values)
    monkeypatch.setattr("simrun.estimate.signs.WORK", 100)
    other = SignedSum(values)
    for least in (1, 100, 300, 600):
        assert other.tail(least) == pytest.approx(one.tail(least), rel=1e-6, abs=1e-14)


def test_a_mean_of_0_is_not_what_is_tested():
    """Nine cases in ten gain .1 and one loses .9: the mean is 0, and the arms are not interchangeable."""
    rng = np.random.default_rng(5)
    alarms = [alone(np.where(rng.random(12) < 0.1, -0.9, 0.1)) <= 0.05 for _ in range(400)]
    assert 0.2 < np.mean(alarms) < 0.34


def test_several_outcomes_share_their_signs_by_hand():
    """Of 64 patterns two reach the first; 16 let the greater of both reach 3 / sqrt 3."""
    assert max_t([[1] * 6, [1, 1, 1, 0, 0, 0]], [1, 1]) == [0.03125, 0.25]
    assert max_t([[1] * 6, [0] * 6], [1, 1]) == [0.03125, 1]
    assert max_t([[1] * 24], [1]) == [2.0**-23]


def test_of_many_cases_the_deep_tail_is_bounded_by_exact_ones():
    once = np.ones(40)
    assert max_t([once, once], [1, 1]) == pytest.approx([2 * 2.0**-39] * 2)


@pytest.mark.slow
def test_the_family_of_outcomes_keeps_its_level():
    """Five outcomes that go together: any false alarm in at most .05 of 600 nulls, within what 600 can tell."""
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(600):
        common = rng.normal(size=16)
        columns = [np.rint(3 * (0.7 * common + rng.normal(size=16))) for _ in range(5)]
        alarms += min(max_t(columns, [None] * 5)) <= 0.05
    assert stats.binomtest(alarms, 600, 0.05, alternative="greater").pvalue > 1e-3
    assert alarms > 0.02 * 600


def test_holm_over_groups_of_one_is_holms():
    p = [0.01, 0.04, 0.03, 0.2]
    assert [one for (one,) in holm_groups([[each] for each in p])] == pytest.approx(holm(p))


def test_a_group_counts_until_all_of_it_is_rejected_by_hand():
    """Two comparisons: (.01, .30) never is; (.02,) is at 2 x .02; then .01 is taken once only if that is less."""
    assert holm_groups([[0.01, 0.30], [0.02]]) == [pytest.approx([0.02, 0.30]), pytest.approx([0.04])]


def test_what_lies_behind_a_gate_by_hand():
    """Two gates; three questions behind one whose own adjusted p is .03: never below it, and 2 x Holm."""
    assert behind(0.03, 2, [0.001, 0.01, 0.4]) == pytest.approx([0.03, 2 * 0.02, 0.8])
    assert behind(0.2, 2, [1e-9]) == [0.2]
    assert behind(0.01, 2, []) == []
