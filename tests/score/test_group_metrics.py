"""Metrics of groups, rankings and scores against numbers worked out by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from simrun.score.metrics.demographic_parity_difference import demographic_parity_difference
from simrun.score.metrics.demographic_parity_ratio import demographic_parity_ratio
from simrun.score.metrics.equal_opportunity_difference import equal_opportunity_difference
from simrun.score.metrics.equalized_odds_difference import equalized_odds_difference
from simrun.score.metrics.expected_calibration_error import expected_calibration_error
from simrun.score.metrics.exposure_ratio import exposure_ratio
from simrun.score.metrics.four_fifths import four_fifths
from simrun.score.metrics.group_mean import group_mean
from simrun.score.metrics.impact_ratio import impact_ratio
from simrun.score.metrics.leakage import leakage
from simrun.score.metrics.merit_loss import merit_loss
from simrun.score.metrics.ndkl import ndkl
from simrun.score.metrics.rank_after_scoring import rank_after_scoring
from simrun.score.metrics.rank_biased_overlap import rank_biased_overlap
from simrun.score.metrics.score_divergence import score_divergence
from simrun.score.metrics.score_error import score_error
from simrun.score.metrics.selection_rate import selection_rate
from simrun.score.metrics.signed_parity_difference import signed_parity_difference
from simrun.score.metrics.skew_at_k import skew_at_k
from simrun.score.metrics.spread_bias import spread_bias
from simrun.score.metrics.top_k_share import top_k_share
from simrun.score.metrics.wasserstein_distance import wasserstein_distance
from simrun.score.metrics.worst_group import worst_group

# women 1 of 4 selected, men 3 of 4; qualified are the first two of each
GROUPS = list("wwwwmmmm")
TAKEN = [1, 0, 0, 0, 1, 1, 1, 0]
MERIT = [1, 1, 0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: selection_rate(TAKEN, GROUPS), {"m": 3 / 4, "w": 1 / 4}),
        (lambda: group_mean([1, 2, 3, 4, 5, 6, 7, 8], GROUPS), {"m": 6.5, "w": 2.5}),
        (lambda: demographic_parity_difference(TAKEN, GROUPS), 3 / 4 - 1 / 4),
        (lambda: signed_parity_difference(TAKEN, GROUPS, "m"), {"w": -1 / 2}),
        (lambda: demographic_parity_ratio(TAKEN, GROUPS), 1 / 3),
        (lambda: demographic_parity_ratio([0] * 8, GROUPS), None),  # 0 / 0
        (lambda: demographic_parity_ratio([0] * 4 + TAKEN[4:], GROUPS), 0.0),  # 0 / .75 is defined
        (lambda: impact_ratio(TAKEN, GROUPS, "m"), {"w": 1 / 3}),
        (lambda: impact_ratio([0] * 4 + TAKEN[4:], GROUPS, "w"), {"m": None}),  # .75 / 0
        # of the qualified, 1 of 2 women and 2 of 2 men
        (lambda: equal_opportunity_difference(TAKEN, MERIT, GROUPS), 1 / 2),
        (lambda: equal_opportunity_difference(TAKEN, [1, 1, 0, 0] + [0] * 4, GROUPS), None),  # no qualified man
        # of the unqualified, 0 of 2 women and 1 of 2 men: both gaps are .5
        (lambda: equalized_odds_difference(TAKEN, MERIT, GROUPS), 1 / 2),
        (
            lambda: equalized_odds_difference([1, 0, 0, 0, 1, 1, 1, 1], MERIT, GROUPS),
            1.0,
        ),  # gap of the unqualified 2/2 - 0/2
        (lambda: equalized_odds_difference(TAKEN, [1, 1, 1, 1, 1, 1, 0, 0], GROUPS), None),  # no unqualified woman
    ],
)
def test_group_fairness_by_hand(found, expected):
    assert found() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # order of rows by score: w m m w (9 8 7 6), then m w (5 5, the earlier row first)
        (lambda s, g: top_k_share(s, g, 3), {"m": 2 / 3, "w": 1 / 3}),
        (lambda s, g: top_k_share(s, g, 5), {"m": 3 / 5, "w": 2 / 5}),
        (lambda s, g: top_k_share(s, list("wmmwwm"), 5), {"m": 2 / 5, "w": 3 / 5}),
        (lambda s, g: skew_at_k(s, g, 3), {"m": math.log((2 / 3) / (1 / 2)), "w": math.log((1 / 3) / (1 / 2))}),
        (lambda s, g: skew_at_k(s, g, 1), {"m": None, "w": math.log(2)}),
        # exposures 1/log2(2..7) of ranks 1..6: women at 1, 4, 6, men at 2, 3, 5; equal numbers, so means are as sums
        (
            lambda s, g: exposure_ratio(s, g, "m"),
            {"w": (1 + 1 / math.log2(5) + 1 / math.log2(7)) / (1 / math.log2(3) + 1 / 2 + 1 / math.log2(6))},
        ),
        (lambda s, g: merit_loss([1, 1, 0, 0, 1, 0], s, 2), 1 - 1.0),  # rows 0 and 1 are chosen: merit 1 and 1
        (lambda s, g: merit_loss([0, 1, 0, 1, 0, 0], s, 2), 1 - 0.5),
    ],
)
def test_rankings_by_hand(found, expected):
    assert found([9, 8, 7, 6, 5, 5], list("wmmwmw")) == pytest.approx(expected)


def test_ndkl_by_hand():
    # order w m: mixes (1, 0) and (.5, .5) against (.5, .5): KL ln 2 and 0, weights 1 / log2 2 = 1 and 1 / log2 3
    assert ndkl([2, 1], ["w", "m"]) == pytest.approx(math.log(2) / (1 + 1 / math.log2(3)))


def test_four_fifths_needs_more_than_chance():
    few = four_fifths(TAKEN, GROUPS)
    assert (few.ratio, few.flag, few.supported) == (pytest.approx(1 / 3), True, False)
    many = four_fifths(TAKEN * 50, GROUPS * 50)  # 50 of 200 against 150 of 200: the log ratio's error is about .13
    assert many.supported
    assert many.low < 1 / 3 < many.high < 0.5
    assert many == four_fifths(TAKEN * 50, GROUPS * 50)
    assert many != four_fifths(TAKEN * 50, GROUPS * 50, seed=1)


def test_four_fifths_of_repeats_is_no_stronger_than_of_cases():
    once, clusters = four_fifths(TAKEN, GROUPS, range(8)), list(range(8)) * 50
    again = four_fifths(TAKEN * 50, GROUPS * 50, clusters)
    assert (again.low, again.high, again.supported) == (once.low, once.high, False)


def test_four_fifths_of_none_and_of_all_is_not_certain():
    # none of 10 women, 3 of 10 men: a bootstrap never varies the women's 0, Fisher's p is .21
    none = four_fifths([0] * 10 + [1] * 3 + [0] * 7, list("w" * 10 + "m" * 10))
    assert (none.ratio, none.flag, none.supported) == (0.0, True, False)
    assert not four_fifths([1, 0, 0, 0, 1, 1, 1, 1], GROUPS).supported  # 1 of 4 against 4 of 4, Fisher's p is .14
    assert four_fifths([0] * 8, GROUPS).ratio is None
    equal = four_fifths([1, 1, 0, 0] * 2, GROUPS)
    assert (equal.ratio, equal.flag) == (1.0, False)
    assert equal.low < 1
    assert four_fifths(TAKEN, GROUPS, ["one"] * 8).high is None


@pytest.mark.parametrize(("rates", "size"), [((0.4, 0.5), 30), ((0.3,) * 6, 20)])
def test_four_fifths_seldom_calls_chance_a_finding(rates: tuple[float, ...], size: int):
    """At the threshold itself, and among six equal groups where the raw flag is nearly always up."""
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(len(rates)), size)
    found = [
        four_fifths(rng.random(len(groups)) < np.repeat(rates, size), groups, draws=1000, seed=i) for i in range(200)
    ]
    assert np.mean([one.flag for one in found]) > 0.4
    assert np.mean([one.supported for one in found]) <= 0.06  # 2.5 % and three standard errors


def test_score_divergence_by_hand():
    # cells of .5: men .5 and .5, women .25 and .75: .5 ln(.5 / .25) + .5 ln(.5 / .75) = .5 ln(4 / 3)
    found = score_divergence([0.1, 0.2, 0.6, 0.7, 0.1, 0.6, 0.7, 0.8], list("mmmmwwww"), "m", "w", width=0.5)
    assert (found.value, found.dropped) == pytest.approx((0.5 * math.log(4 / 3), 0))
    # half of the men lie where no woman does: that cell is dropped, .5 ln(.5 / 1) is left, and it is said
    partly = score_divergence([0.1, 0.6, 0.1, 0.1], list("mmww"), "m", "w", width=0.5)
    assert (partly.value, partly.dropped) == pytest.approx((0.5 * math.log(0.5), 0.5))
    apart = score_divergence([0.1, 0.6], list("mw"), "m", "w", width=0.5)
    assert (apart.value, apart.dropped) == (None, 1.0)
    # .06 / .02 is 2.9999999999999996 or 3 by accident of binary fractions; both belong to cell 3
    assert score_divergence([0.06, 0.061], list("mw"), "m", "w").dropped == 0


def test_wasserstein_by_hand_and_by_quantiles():
    assert wasserstein_distance([0, 1, 3, 5, 6, 8], list("aaabbb"), "a", "b") == pytest.approx(5)  # each moved by 5
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=50), rng.normal(1, 2, 50)
    found = wasserstein_distance(np.r_[a, b], ["a"] * 50 + ["b"] * 50, "a", "b")
    assert found == pytest.approx(np.abs(np.sort(a) - np.sort(b)).mean(), abs=1e-9)


def test_spread_bias_by_hand():
    # variances of 0, 4, 8, 4 and 1, 2, 3, 2: 32 / 3 and 2 / 3, ratio 16
    found = spread_bias([0, 4, 8, 4], [1, 2, 3, 2])
    assert found.value == pytest.approx(math.log(16))
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 30))
    x = 2 * x + y
    f, r = x.var() / y.var(), np.corrcoef(x, y)[0, 1]
    t = (f - 1) * math.sqrt(28) / (2 * math.sqrt(f * (1 - r * r)))  # Pitman 1939 in its other form
    assert spread_bias(x, y).p == pytest.approx(2 * stats.t.sf(abs(t), 28), abs=1e-9)
    assert spread_bias([1, 1, 1], [1, 2, 3]).value is None
    assert spread_bias([1, 2], [2, 4]).p is None
    assert spread_bias([1, 2, 3], [1, 2, 3]).p is None  # no differences to correlate


def test_rank_after_scoring_by_hand():
    # CV 1: 9, 7, 5 are ranks 1, 2, 3; CV 2: 4, 8, 8 are 3, 1.5, 1.5
    found = rank_after_scoring([9, 7, 5, 4, 8, 8], list("xyzxyz"), list("111222"))
    assert found == pytest.approx({"x": 2, "y": 1.75, "z": 2.25})
    with pytest.raises(ValueError, match="average repeats first"):
        rank_after_scoring([1, 2, 3], list("xyx"), list("111"))


@pytest.mark.parametrize(
    ("first", "second", "p", "expected"),
    [
        ("abc", "abc", 0.9, 1.0),
        ("abc", "def", 0.9, 0.0),
        # agreements 0, 1, 1: .5 (0 + .5 + .25) + .125
        ("abc", "bac", 0.5, 0.5),
        # agreements 1, 1, 2/3: .5 (1 + .5 + 1/6) + .125 * 2/3
        ("abc", "abd", 0.5, 0.5 * (1.5 + 1 / 6) + 0.125 * 2 / 3),
        ("", "", 0.9, None),
    ],
)
def test_rank_biased_overlap_by_hand(first, second, p, expected):
    assert rank_biased_overlap(first, second, p) == pytest.approx(expected)


def test_rank_biased_overlap_refuses():
    for first, second, p in (("ab", "a", 0.9), ("aa", "ab", 0.9), ("ab", "ba", 1.0)):
        with pytest.raises(ValueError, match="got"):
            rank_biased_overlap(first, second, p)


def test_calibration_by_hand():
    # a: cell [.5, 1]: three rows, mean outcome 1/3, mean confidence .8; cell [0, .5): one row, 0 against .2
    # (3 |1/3 - .8| + 1 |0 - .2|) / 4 = (1.4 + .2) / 4 = .4; b is perfect
    found = expected_calibration_error([1, 0, 0, 0, 1, 0], [0.9, 0.8, 0.7, 0.2, 1, 0], list("aaaabb"), bins=2)
    assert found.groups == pytest.approx({"a": 0.4, "b": 0})
    assert found.gap == pytest.approx(0.4)
    with pytest.raises(ValueError, match="divide percentages"):
        expected_calibration_error([1, 0], [90, 10], list("ab"))


def test_leakage_of_all_and_of_nothing():
    who, rng = ["a"] * 40 + ["b"] * 60, np.random.default_rng(0)
    told = leakage(who, np.r_[np.zeros(40), np.ones(60)])
    assert (told.accuracy, told.majority, told.value) == pytest.approx((1, 0.6, 0.4))
    # of one draw chance alone makes up to .1 either way, of the mean of twenty nothing
    assert np.mean([leakage(who, rng.normal(size=(100, 3))).value for _ in range(20)]) <= 0.01
    assert leakage(who, rng.normal(size=100), seed=1) == leakage(
        who, np.random.default_rng(0).normal(size=6100)[6000:], seed=1
    )
    with pytest.raises(ValueError, match="lower folds"):
        leakage(list("aab"), [1, 2, 3])


def test_leakage_keeps_a_case_on_one_side():
    # 20 cases with features of their own and one attribute each: seen on both sides, the case itself would be recognised
    rng = np.random.default_rng(5)
    cases, who = np.repeat(np.arange(20), 10), np.repeat(rng.permutation([0, 1] * 10), 10)
    features = np.eye(20)[cases]
    assert leakage(who, features).accuracy == 1
    assert leakage(who, features, cases).accuracy <= 0.6


def test_score_error_by_hand():
    assert score_error([1, 2, 3], [1, 4, 2]) == pytest.approx((0 + 2 + 1) / 3)
    assert score_error([], []) is None


def test_worst_group_by_hand():
    # cells of 4: means 0, 1, 2 and within each deviations +-1, so s = 12 / (12 - 3) = 4/3, s / n = 1/3
    # DerSimonian-Laird: Q = 3 (1 + 0 + 1) = 6, t = (6 - 2) / (9 - 27 / 9) = 2/3; B = (2/3) / (2/3 + 1/3) = 2/3
    values = [-1, 1, -1, 1, 0, 2, 0, 2, 1, 3, 1, 3, -9]
    cells = [["f", "old"]] * 4 + [["f", "young"]] * 4 + [["m", "old"]] * 4 + [["m", "young"]]
    found = worst_group(values, cells, n_min=4)
    assert (found.cell, found.value, found.shrunken) == ("f & old", 0, pytest.approx(1 - 2 / 3))
    assert found.cells["m & old"].shrunken == pytest.approx(1 + 2 / 3)
    assert (found.cells["m & young"].n, found.cells["m & young"].mean, found.cells["m & young"].shrunken) == (
        1,
        -9,
        None,
    )
    assert worst_group(values, cells).cell is None
    # equal means: everything is shrunken onto the common mean
    assert worst_group([0, 2, 0, 2], list("aabb"), n_min=2).shrunken == pytest.approx(1)
    # no noise within: nothing is shrunken
    assert worst_group([0, 0, 2, 2], list("aabb"), n_min=2).shrunken == 0
