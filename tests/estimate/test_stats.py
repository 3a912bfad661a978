"""Figures worked out by hand, and the interval's coverage where the truth is known."""

import numpy as np
import pytest
from samples import paired, right
from scipy import stats

from simrun.estimate.families import benjamini_hochberg, holm
from simrun.estimate.paired import clustered_mean, margin, unseen, worst_case
from simrun.score.metrics.accuracy import Accuracy


def test_one_value_a_case_is_the_ordinary_t_interval():
    data = [1.0, 2.0, 4.0, 5.0]  # mean 3, standard deviation sqrt(10/3), standard error sqrt(10/12)
    found = clustered_mean(data, list("abcd"))
    assert (found.value, found.n, found.clusters) == (3.0, 4, 4)
    assert found.error == pytest.approx((10 / 12) ** 0.5)
    low, high = stats.ttest_1samp(data, 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((low, high))


def test_repeats_of_a_case_add_no_independent_evidence():
    once = clustered_mean([1.0, 2.0, 4.0, 5.0], list("abcd"))
    thrice = clustered_mean([1.0, 2.0, 4.0, 5.0] * 3, list("abcd") * 3)
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))
    assert thrice.n == 12


def test_agreement_of_all_cases_is_not_certainty():
    # with 10 cases, a share of 1 - .05^(1/10) = .2589 would go unseen with probability 5 %
    assert unseen(10) == pytest.approx(0.2589, abs=1e-4)
    # at each end of an interval half of that probability: 1 - .025^(1/10) = .3085
    none = Accuracy().measure(right([0.0] * 10))
    assert (none.value, none.low, none.high) == pytest.approx((0, 0, 0.3085), abs=1e-4)
    every = Accuracy().measure(right([1.0] * 10))
    assert (every.low, every.high) == pytest.approx((0.6915, 1), abs=1e-4)
    same = paired([1.0] * 10, [1.0] * 10, range(10), span=1)
    assert (same.low, same.high) == pytest.approx((-0.3085, 0.3085), abs=1e-4)


def test_nothing_and_one_case_without_bounds_give_no_interval():
    assert clustered_mean([], []).value is None
    assert clustered_mean([1.0, 2.0], ["a", "a"]).low is None
    assert clustered_mean([2.0, 2.0], ["a", "b"]).low is None


def test_a_paired_difference_is_the_arm_minus_the_reference():
    found = paired([1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 0.0], list("abcd"), span=1)
    assert found.value == 0.5
    assert found.low >= -1
    assert found.high <= 1


@pytest.mark.parametrize("delta", [0.0, 0.1])
@pytest.mark.parametrize("repeats", [1, 3])
def test_intervals_cover_a_planted_difference(delta: float, repeats: int):
    """Paired binary outcomes under common random numbers, cases of different
    difficulty: 95 % within what 400 audits can tell."""
    rng = np.random.default_rng([7, repeats, round(delta * 100)])
    covered = 0
    for _ in range(400):
        easy = np.repeat(rng.uniform(0.3, 0.9, 40), repeats)
        luck, noise = rng.random((2, 40 * repeats))
        reference, arm = luck < easy, np.where(noise < 0.5, luck, rng.random(40 * repeats)) < easy - delta
        found = paired(arm, reference, np.repeat(np.arange(40), repeats), span=1)
        covered += found.low <= -delta <= found.high
    assert covered / 400 >= 0.93


def test_holm_and_benjamini_hochberg_by_hand():
    p = [0.01, 0.04, 0.03]
    assert holm(p) == pytest.approx([0.03, 0.06, 0.06])  # .01 * 3; then .03 * 2; then .04 * 1, not below the one before
    assert benjamini_hochberg(p) == pytest.approx([0.03, 0.04, 0.04])  # .01 * 3; .03 * 3 / 2 = .045, not above .04
    assert holm([]) == []


def test_both_adjustments_are_those_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = list(np.random.default_rng(5).random(40) ** 3)
    assert holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]), abs=1e-12)
    assert benjamini_hochberg(p) == pytest.approx(list(multipletests(p, method="fdr_bh")[1]), abs=1e-12)


def test_the_margin_is_the_larger_end_of_the_90_percent_interval():
    data = [1.0, 2.0, 4.0, 5.0]  # no skewness: the t interval
    low, high = stats.ttest_1samp(data, 0).confidence_interval(0.9)
    assert margin(data, None, None) == pytest.approx(max(abs(low), abs(high)))
    assert margin([-each for each in data], None, None) == pytest.approx(max(abs(low), abs(high)))
    assert margin([0.0] * 10, -1, 1) == pytest.approx(0.2589, abs=1e-4)
    assert margin([], -1, 1) is None


def test_missing_values_are_bounded_by_the_worst():
    # two whole pairs differ by 1 and 0; of the third, the arm is missing beside a 1: it differs by -1 or by 0
    bounds = worst_case([1.0, 1.0, np.nan], [0.0, 1.0, 1.0], list("abc"), 0, 1)
    assert bounds.low == clustered_mean([1.0, 0.0, -1.0], list("abc"), -1, 1).low
    assert bounds.high == clustered_mean([1.0, 0.0, 0.0], list("abc"), -1, 1).high
    assert worst_case([], [], [], 0, 1) is None
