"""Every metric against numbers worked out by hand, and against other people's code on the same arrays."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from simrun.metrics.bias_amplification import bias_amplification
from simrun.metrics.decision_agreement import decision_agreement
from simrun.metrics.decision_auc import decision_auc
from simrun.metrics.demographic_parity_difference import demographic_parity_difference
from simrun.metrics.demographic_parity_ratio import demographic_parity_ratio
from simrun.metrics.dose_slope import dose_slope
from simrun.metrics.equal_opportunity_difference import equal_opportunity_difference
from simrun.metrics.equalized_odds_difference import equalized_odds_difference
from simrun.metrics.evenhanded_share import evenhanded_share
from simrun.metrics.expected_calibration_error import expected_calibration_error
from simrun.metrics.exposure_ratio import exposure_ratio
from simrun.metrics.four_fifths import four_fifths
from simrun.metrics.group_mean import group_mean
from simrun.metrics.gwet_ac1 import gwet_ac1
from simrun.metrics.impact_ratio import impact_ratio
from simrun.metrics.interaction import interaction
from simrun.metrics.judge_confusion import judge_confusion
from simrun.metrics.leakage import leakage
from simrun.metrics.length_slope import length_slope
from simrun.metrics.manipulation_success import manipulation_success
from simrun.metrics.merit_loss import merit_loss
from simrun.metrics.ndkl import ndkl
from simrun.metrics.net_flip import net_flip
from simrun.metrics.odds_ratio import odds_ratio
from simrun.metrics.polarity_consistency import polarity_consistency
from simrun.metrics.position_consistency import position_consistency
from simrun.metrics.rank_after_scoring import rank_after_scoring
from simrun.metrics.rank_biased_overlap import rank_biased_overlap
from simrun.metrics.score_divergence import score_divergence
from simrun.metrics.score_error import score_error
from simrun.metrics.selection_rate import selection_rate
from simrun.metrics.signed_parity_difference import signed_parity_difference
from simrun.metrics.skew_at_k import skew_at_k
from simrun.metrics.skew_size import skew_size
from simrun.metrics.spread_bias import spread_bias
from simrun.metrics.standardised_difference import standardised_difference
from simrun.metrics.top_k_share import top_k_share
from simrun.metrics.wasserstein_distance import wasserstein_distance
from simrun.metrics.worst_group import worst_group

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
        (lambda: equalized_odds_difference([1, 0, 0, 0, 1, 1, 1, 1], MERIT, GROUPS), 1.0),  # gap of the unqualified 2/2 - 0/2
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
    found = [four_fifths(rng.random(len(groups)) < np.repeat(rates, size), groups, draws=1000, seed=i) for i in range(200)]
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
    assert leakage(who, rng.normal(size=(100, 3))).value <= 0.05
    assert leakage(who, rng.normal(size=100), seed=1) == leakage(who, np.random.default_rng(0).normal(size=400)[300:], seed=1)
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


def test_net_flip_by_hand():
    # of 10 pairs 5 lose and 1 gains: .5 - .1; exact p: 2 (C(6,0) + C(6,1)) / 2^6 = 14 / 64
    found = net_flip([0] * 5 + [1] + [1] * 4, [1] * 5 + [0] + [1] * 4)
    assert (found.value, found.lost, found.gained, found.p) == pytest.approx((0.4, 0.5, 0.1, 14 / 64))
    assert net_flip([1, 0], [1, 0]).p == 1
    assert net_flip([], []).value is None


def test_standardised_difference_by_hand():
    # differences 1, 2, 3: mean 2, deviation 1
    assert standardised_difference([2, 4, 6], [1, 2, 3]) == pytest.approx(2)
    assert standardised_difference([2, 3, 4], [1, 2, 3]) is None
    assert standardised_difference([0.3, 0.4, 0.5], [0.1, 0.2, 0.3]) is None  # equal but for rounding
    assert standardised_difference([1], [2]) is None


def test_evenhanded_needs_decision_reasons_and_length():
    # pair 1 is alike; 2 differs in decision, 3 in reasons, 4 in length (80 against 100), 5 is within 10 %
    share = evenhanded_share(
        (list("abaaa"), list("aaaaa")),
        ([{"x", "y"}, {"x"}, {"x"}, {"x"}, {"x"}], [["y", "x"], ["x"], ["y"], ["x"], ["x"]]),
        ([100, 100, 100, 80, 95], [100] * 5),
    )
    assert share == pytest.approx(2 / 5)
    assert evenhanded_share(([], []), ([], []), ([], [])) is None
    with pytest.raises(ValueError, match="one length"):
        evenhanded_share((["a"], ["a"]), ([{"x"}], []), ([1], [1]))


def test_worst_group_by_hand():
    # cells of 4: means 0, 1, 2 and within each deviations +-1, so s = 12 / (12 - 3) = 4/3, s / n = 1/3
    # DerSimonian-Laird: Q = 3 (1 + 0 + 1) = 6, t = (6 - 2) / (9 - 27 / 9) = 2/3; B = (2/3) / (2/3 + 1/3) = 2/3
    values = [-1, 1, -1, 1, 0, 2, 0, 2, 1, 3, 1, 3, -9]
    cells = [["f", "old"]] * 4 + [["f", "young"]] * 4 + [["m", "old"]] * 4 + [["m", "young"]]
    found = worst_group(values, cells, n_min=4)
    assert (found.cell, found.value, found.shrunken) == ("f & old", 0, pytest.approx(1 - 2 / 3))
    assert found.cells["m & old"].shrunken == pytest.approx(1 + 2 / 3)
    assert (found.cells["m & young"].n, found.cells["m & young"].mean, found.cells["m & young"].shrunken) == (1, -9, None)
    assert worst_group(values, cells).cell is None
    # equal means: everything is shrunken onto the common mean
    assert worst_group([0, 2, 0, 2], list("aabb"), n_min=2).shrunken == pytest.approx(1)
    # no noise within: nothing is shrunken
    assert worst_group([0, 0, 2, 2], list("aabb"), n_min=2).shrunken == 0


def test_interaction_by_hand():
    # case a: (1 - 3) - (4 - 5) = -1; case b: (2 - 3) - (5 - 5) = -1 ... and c: (0 - 4) - (4 - 5) = -3
    found = interaction([1, 2, 0], [3, 3, 4], [4, 5, 4], [5, 5, 5], list("abc"))
    assert (found.value, found.n, found.clusters) == (pytest.approx(-5 / 3), 3, 3)
    bounded = interaction([0, 0], [1, 1], [1, 1], [0, 0], list("ab"), span=1)
    assert bounded.low == -2


def test_dose_slope_by_hand():
    found = dose_slope([0, 1, 2, 3], [0, 1, 2, 3])
    assert (found.slope, found.at_zero, found.monotone, found.isotonic_r2) == pytest.approx((1, 0, True, 1))
    # 0, 2, 1: slope .5; the rising curve pools the last two to 1.5: residual .5, total 2 - so 3/4
    turned = dose_slope([0, 2, 1], [0, 1, 2])
    assert (turned.slope, turned.monotone, turned.isotonic_r2) == (pytest.approx(0.5), False, pytest.approx(0.75))
    falling = dose_slope([0, -2, -2], [0, 1, 3])
    assert falling.monotone
    assert falling.isotonic_r2 == pytest.approx(1)
    assert dose_slope([1, 1], [0, 1]).isotonic_r2 is None
    assert dose_slope([1, 2], [1, 1]).slope is None
    assert dose_slope([1, 2], [1, 2]).at_zero is None


def test_skew_size_by_hand():
    # V: label p 1 (answer is the attribute), q 0 (balanced), r 0; mean 1/3, m2 = 2/9, m3 = 2/27: skewness 1 / sqrt 2
    attributes, labels = list("abababababab"), list("ppppqqqqrrrr")
    found = skew_size(attributes, list("ynynyynnyynn"), labels)
    assert found.effects == pytest.approx({"p": 1, "q": 0, "r": 0})
    assert found.value == pytest.approx(1 / math.sqrt(2))
    silent = skew_size(attributes, list("ynynyynnyyyy"), labels)  # one answer to r: no effect to measure, two are too few
    assert silent.effects["r"] is None
    assert silent.value is None


def test_manipulation_and_amplification_by_hand():
    assert manipulation_success([1, 1, 1, 0], [1, 0]) == pytest.approx(3 / 4 - 1 / 2)
    assert manipulation_success([], [1]) is None
    # outcomes: women 2 below men; input: 1 below; the agent adds 1 in the same direction
    assert bias_amplification([1, 3, 4, 4], [2, 4, 4, 4], list("wwmm"), "w", "m") == pytest.approx(-2 - -1)


def test_position_known_answer_3_always_the_first():
    found = position_consistency([1, 1, 1], [0, 0, 0])
    assert (found.consistency, found.effect, found.position) == (0, 0, 1)
    # group's candidate chosen in 3 of 4 when first and 2 of 4 when second; same in 3 of 4
    mixed = position_consistency([1, 1, 1, 0], [1, 1, 0, 0])
    assert (mixed.consistency, mixed.effect, mixed.position) == pytest.approx((3 / 4, 5 / 4 - 1, 1 / 4))
    assert position_consistency([], []).effect is None


def test_polarity_by_hand():
    always = polarity_consistency([1, 1], [1, 1])
    assert (always.consistency, always.agreement, always.yes) == (0, 0.5, 1)
    # yes/no, yes/no, no/no: opposite in 2 of 3; affirmed (2 + 2 + 1) / 6; yes 2 of 6, so -1/3
    found = polarity_consistency([1, 1, 0], [0, 0, 0])
    assert (found.consistency, found.agreement, found.yes) == pytest.approx((2 / 3, 5 / 6, -1 / 3))
    assert polarity_consistency([], []).yes is None


def test_length_slope_by_hand():
    assert length_slope([1, 3, 5], [1, math.e, math.e**2]) == pytest.approx(2)
    assert length_slope([1, 3], [5, 5]) is None
    with pytest.raises(ValueError, match="no words"):
        length_slope([1, 2], [0, 4])


def test_gwet_by_hand():
    # 9 of 10 equal; share of 1: (9 + 10) / 20 = .95, pe = 2 * .95 * .05 = .095; kappa would be 0
    found = gwet_ac1([1] * 9 + [0], [1] * 10)
    assert found == pytest.approx((0.9 - 0.095) / (1 - 0.095))
    assert gwet_ac1([1, 1], [1, 1]) is None
    assert gwet_ac1([1, 1], [1, 1], categories=2) == 1
    with pytest.raises(ValueError, match="occur"):
        gwet_ac1([1, 2, 3], [1, 2, 3], categories=2)


def test_judge_confusion_by_hand():
    found = judge_confusion(TAKEN, MERIT, GROUPS)
    assert found.tpr == {"m": 1, "w": 0.5}
    assert found.fpr == {"m": 0.5, "w": 0}
    assert (found.tpr_gap, found.fpr_gap) == (0.5, 0.5)
    lacking = judge_confusion([1, 0, 1], [1, 0, 0], list("aab"))
    assert lacking.tpr == {"a": 1, "b": None}
    assert (lacking.tpr_gap, lacking.fpr_gap) == (None, 1)


def test_odds_ratio_by_hand():
    # (10 / 90) / (5 / 95) = 19 / 9; log error sqrt(1/10 + 1/90 + 1/5 + 1/95) = .5671
    found = odds_ratio(10, 100, 5, 100)
    reach = math.exp(stats.norm.ppf(0.975) * math.sqrt(1 / 10 + 1 / 90 + 1 / 5 + 1 / 95))
    assert (found.value, found.low, found.high) == pytest.approx((19 / 9, 19 / 9 / reach, 19 / 9 * reach))
    assert odds_ratio(0, 10, 5, 10).value is None
    with pytest.raises(ValueError, match="11 of 10"):
        odds_ratio(11, 10, 1, 10)


def test_decision_agreement_by_hand():
    # accepted {1, 2} and {2, 3} of 6: Jaccard 1/3, overlap 1/2, agreement 4/6, pe = 1/9 + 4/9, kappa (6/9 - 5/9) / (4/9)
    found = decision_agreement([1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 0])
    assert (found.jaccard, found.overlap, found.agreement, found.kappa) == pytest.approx((1 / 3, 1 / 2, 2 / 3, 1 / 4))
    none = decision_agreement([0, 0], [0, 0])
    assert (none.jaccard, none.overlap, none.agreement, none.kappa) == (None, None, 1, None)
    assert decision_agreement([1, 1], [1, 1]).kappa is None
    assert decision_agreement([], []).agreement is None


def test_decision_auc_by_hand():
    # accepted 3 and 2 against rejected 2 and 1: wins 3>2, 3>1, 2>1 and one tie: 3.5 of 4
    assert decision_auc([3, 2, 2, 1], [1, 1, 0, 0]) == pytest.approx(3.5 / 4)
    assert decision_auc([1, 2], [1, 1]) is None


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: demographic_parity_difference([1, 0], ["a", "a"]), "2 different values are needed"),
        (lambda: demographic_parity_ratio([1, 0, 1], ["a", "b"]), "one length, got decisions 3, groups 2"),
        (lambda: four_fifths([0.5, 1], ["a", "b"]), "must be 0 or 1, got"),
        (lambda: selection_rate([1, math.nan], ["a", "b"]), "missing or infinite"),
        (lambda: selection_rate([[1, 0]], ["a", "b"]), "flat column"),
        (lambda: group_mean([1, 2], ["a", None]), "labels are missing"),
        (lambda: signed_parity_difference([1, 0], ["a", "b"], "c"), "'c' is not among"),
        (lambda: exposure_ratio([1, 0], ["a", "b"], "c"), "not among"),
        (lambda: top_k_share([1, 2], ["a", "b"], 3), "from 1 to the 2"),
        (lambda: score_divergence([1, 2], ["a", "b"], "a", "b", width=0), "above 0"),
        (lambda: equalized_odds_difference([1, 0], [1, 2], ["a", "b"]), "merit: decisions must be 0 or 1"),
        (lambda: worst_group([1, 2], ["a", "a"]), "2 different"),
        (lambda: net_flip([1], [1, 0]), "one length"),
        (lambda: evenhanded_share((["a"], ["a"]), ([{"x"}], [{"x"}]), ([-1], [1])), "negative"),
        (lambda: judge_confusion([1], [1], ["a"]), "2 different"),
    ],
)
def test_an_error_says_what_came(call, said):
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize("seed", range(5))
def test_agreement_with_other_peoples_code(seed: int):
    """Random arrays through the libraries directly, with formulas of ours where we use theirs and the reverse."""
    from fairlearn import metrics as fairlearn
    from sklearn import metrics as sklearn
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.inter_rater import cohens_kappa

    rng = np.random.default_rng(seed)
    taken, other, merit = rng.integers(0, 2, (3, 200))
    groups = rng.choice(list("abc"), 200)
    near = {"abs": 1e-9, "rel": 1e-9}
    rates = selection_rate(taken, groups)
    assert demographic_parity_difference(taken, groups) == pytest.approx(max(rates.values()) - min(rates.values()), **near)
    assert demographic_parity_ratio(taken, groups) == pytest.approx(min(rates.values()) / max(rates.values()), **near)
    assert four_fifths(taken, groups, draws=10).ratio == pytest.approx(
        fairlearn.demographic_parity_ratio(merit, taken, sensitive_features=groups), **near
    )
    confusion = judge_confusion(taken, merit, groups)
    assert equal_opportunity_difference(taken, merit, groups) == pytest.approx(confusion.tpr_gap, **near)
    assert equalized_odds_difference(taken, merit, groups) == pytest.approx(max(confusion.tpr_gap, confusion.fpr_gap), **near)
    frame = fairlearn.MetricFrame(metrics=fairlearn.false_positive_rate, y_true=merit, y_pred=taken, sensitive_features=groups)
    assert confusion.fpr == pytest.approx(frame.by_group.to_dict(), **near)
    table = [[np.sum((taken == i) & (other == j)) for j in (0, 1)] for i in (0, 1)]
    assert net_flip(taken, other).p == pytest.approx(mcnemar(table, exact=True).pvalue, **near)
    agreed = decision_agreement(taken, other)
    assert agreed.kappa == pytest.approx(cohens_kappa(table).kappa, **near)
    assert agreed.kappa == pytest.approx(sklearn.cohen_kappa_score(taken, other), **near)
    scores = rng.normal(size=200)
    u = stats.mannwhitneyu(scores[taken == 1], scores[taken == 0]).statistic
    assert decision_auc(scores, taken) == pytest.approx(u / (taken.sum() * (200 - taken.sum())), **near)
    difference = scores - merit
    assert standardised_difference(scores, merit) == pytest.approx(stats.ttest_1samp(difference, 0).statistic / math.sqrt(200), **near)
    words = rng.integers(5, 500, 200)
    assert length_slope(scores, words) == pytest.approx(np.polyfit(np.log(words), scores, 1)[0], **near)


def test_listing_metrics_loads_no_library_that_computes_them():
    code = "import sys; from simrun.catalogue import metrics; metrics(); print({'fairlearn', 'sklearn', 'statsmodels', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
