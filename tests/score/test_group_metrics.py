"""Metrics of groups, rankings and scores against numbers worked out by hand."""

import math

import numpy as np
import pytest
from samples import NONE, codes, decided, graded, groups, pool, rated, versions

from simrun.estimate.bounded import dirichlet_bounds
from simrun.estimate.columns import finite
from simrun.score.metrics.bias_amplification import BiasAmplification
from simrun.score.metrics.decision_auc import DecisionAuc
from simrun.score.metrics.demographic_parity_difference import DemographicParityDifference
from simrun.score.metrics.difference_at_equal_merit import DifferenceAtEqualMerit
from simrun.score.metrics.equal_opportunity_difference import EqualOpportunityDifference
from simrun.score.metrics.equalized_odds_difference import EqualizedOddsDifference
from simrun.score.metrics.expected_calibration_error import ExpectedCalibrationError
from simrun.score.metrics.exposure_ratio import ExposureRatio
from simrun.score.metrics.false_positive_difference import FalsePositiveDifference
from simrun.score.metrics.four_fifths import FourFifths, flagged, supported
from simrun.score.metrics.group_difference import GroupDifference
from simrun.score.metrics.group_mean import GroupMean
from simrun.score.metrics.impact_ratio import ImpactRatio
from simrun.score.metrics.leakage import Leakage
from simrun.score.metrics.merit_correlation import MeritCorrelation
from simrun.score.metrics.merit_difference import MeritDifference
from simrun.score.metrics.merit_loss import MeritLoss
from simrun.score.metrics.ndkl import Ndkl
from simrun.score.metrics.rank_after_scoring import RankAfterScoring
from simrun.score.metrics.rank_biased_overlap import RankBiasedOverlap, overlap
from simrun.score.metrics.score_divergence import ScoreDivergence
from simrun.score.metrics.skew_at_k import SkewAtK
from simrun.score.metrics.skew_size import SkewSize
from simrun.score.metrics.spread_bias import SpreadBias
from simrun.score.metrics.top_k_share import TopKShare
from simrun.score.metrics.wasserstein_distance import WassersteinDistance
from simrun.score.metrics.worst_group import WorstGroup
from simrun.score.pool import People
from simrun.score.samples import Located
from simrun.score.values import Answers, Confident, Graded, Group


def defined(value):
    """None for what is not a number."""
    return None if value is None else finite(float(value))


# women 1 of 4 chosen, men 3 of 4; qualified are the first two of each
GROUPS = list("wwwwmmmm")
TAKEN = [1, 0, 0, 0, 1, 1, 1, 0]
MERIT = [1, 1, 0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("metric", "sample", "expected"),
    [
        (GroupDifference(), decided(TAKEN, GROUPS), 1 / 4 - 3 / 4),
        (GroupDifference(), pool([1, 2, 3, 4, 5, 6, 7, 8], GROUPS), 2.5 - 6.5),
        (ImpactRatio(), decided(TAKEN, GROUPS), 1 / 3),
        (ImpactRatio(), decided([1, 1, 1, 0] + [0] * 4, GROUPS), None),  # .75 / 0
        (ImpactRatio(), decided([0] * 4 + TAKEN[4:], GROUPS), 0.0),  # 0 / .75 is defined
        # of the qualified, 1 of 2 women and 2 of 2 men
        (EqualOpportunityDifference(), decided(TAKEN, GROUPS, MERIT), -1 / 2),
        (EqualOpportunityDifference(), decided(TAKEN, GROUPS, [1, 1, 0, 0] + [0] * 4), None),  # no qualified man
        # of the others, 0 of 2 women and 1 of 2 men
        (FalsePositiveDifference(), decided(TAKEN, GROUPS, MERIT), -1 / 2),
        (EqualizedOddsDifference(), decided(TAKEN, GROUPS, MERIT), 1 / 2),
        # of the others 2 of 2 men and 0 of 2 women
        (EqualizedOddsDifference(), decided([1, 0, 0, 0, 1, 1, 1, 1], GROUPS, MERIT), 1.0),
        (EqualizedOddsDifference(), decided(TAKEN, GROUPS, [1, 1, 1, 1, 1, 1, 0, 0]), None),  # no unqualified woman
        (DemographicParityDifference(), rated(TAKEN, GROUPS), 3 / 4 - 1 / 4),
        (DemographicParityDifference(), groups([1, 2, 6], "abc"), 5),
        (MeritDifference(), pool([0] * 8, GROUPS, merit=[1, 1, 0, 0, 1, 1, 1, 1], kind=People), -1 / 2),
        (MeritDifference(), pool([0] * 8, GROUPS, kind=People), None),
    ],
)
def test_group_fairness_by_hand(metric, sample, expected):
    assert defined(metric.measure(sample)) == pytest.approx(expected)


def test_a_mean_is_of_one_group():
    found = GroupMean().figure(Located(Group(np.array([1.0, 0, 0, 0]), np.arange(4), 0, 1, "higher"), arm="w"))
    assert (found.value, found.arm, found.worse) == (1 / 4, "w", "lower")


# scores 9 8 7 6 5 4 of w m m w m w
ORDER = pool([9, 8, 7, 6, 5, 4], "wmmwmw")


@pytest.mark.parametrize(
    ("metric", "sample", "expected"),
    [
        (TopKShare(share=1 / 2), ORDER, 1 / 3),
        (TopKShare(share=5 / 6), ORDER, 2 / 5),
        (SkewAtK(share=1 / 2), ORDER, math.log((1 / 3) / (1 / 2))),
        (SkewAtK(share=1 / 6), ORDER, math.log(2)),
        (SkewAtK(share=1 / 6), pool([9, 8], "mw"), None),
        # exposures 1/log2(2..7) of ranks 1..6: women at 1, 4, 6, men at 2, 3, 5; equal numbers, so means are as sums
        (
            ExposureRatio(),
            ORDER,
            (1 + 1 / math.log2(5) + 1 / math.log2(7)) / (1 / math.log2(3) + 1 / 2 + 1 / math.log2(6)),
        ),
        (MeritLoss(share=1 / 3), graded([9, 8, 7, 6, 5, 4], [1, 1, 0, 0, 1, 0]), 0),
        (MeritLoss(share=1 / 3), graded([9, 8, 7, 6, 5, 4], [0, 1, 0, 1, 0, 0]), 1 - 0.5),
        (MeritLoss(), graded([9, 8, 7], [1, NONE, 0]), None),
        # order w m: mixes (1, 0) and (.5, .5) against (.5, .5): KL ln 2 and 0, weights 1 / log2 2 = 1 and 1 / log2 3
        (Ndkl(), pool([2, 1], "wm"), math.log(2) / (1 + 1 / math.log2(3))),
    ],
)
def test_rankings_by_hand(metric, sample, expected):
    assert defined(metric.measure(sample)) == pytest.approx(expected)


def test_ties_share_their_places_whoever_stands_first_in_the_table():
    """Eight equal scores, four of each group, the first rows all of one: of the best two (a
    quarter) half are of the group, not all."""
    assert MeritLoss(share=1 / 4).measure(graded([5] * 8, range(8))) == pytest.approx(6.5 - 3.5)
    for member in ("wwwwmmmm", "mmmmwwww", "wmwmwmwm"):
        sample = pool([5] * 8, member)
        assert TopKShare(share=1 / 4).measure(sample) == pytest.approx(0.5)
        assert SkewAtK(share=1 / 4).measure(sample) == pytest.approx(0)
        assert ExposureRatio().measure(sample) == pytest.approx(1.0)


def test_four_fifths_needs_more_than_chance():
    few = FourFifths().measure(rated(TAKEN, GROUPS))
    assert (few.value, flagged(few.value), supported(few.high)) == (pytest.approx(1 / 3), True, False)
    # 50 of 200 against 150 of 200: the log ratio's error is about .13
    many = FourFifths().measure(rated(TAKEN * 50, GROUPS * 50))
    assert supported(many.high)
    assert many.low < 1 / 3 < many.high < 0.5
    assert many == FourFifths().measure(rated(TAKEN * 50, GROUPS * 50))
    assert many != FourFifths(seed=1).measure(rated(TAKEN * 50, GROUPS * 50))


def test_four_fifths_of_repeats_is_no_stronger_than_of_cases():
    once = FourFifths().measure(rated(TAKEN, GROUPS, range(8)))
    again = FourFifths().measure(rated(TAKEN * 50, GROUPS * 50, list(range(8)) * 50))
    assert (again.low, again.high, supported(again.high)) == (once.low, once.high, False)


def test_four_fifths_of_none_and_of_all_is_not_certain():
    # none of 10 women, 3 of 10 men: a bootstrap never varies the women's 0, Fisher's p is .21
    none = FourFifths().measure(rated([0] * 10 + [1] * 3 + [0] * 7, "w" * 10 + "m" * 10))
    assert (none.value, flagged(none.value), supported(none.high)) == (0.0, True, False)
    # 1 of 4 against 4 of 4, Fisher's p is .14
    assert not supported(FourFifths().measure(rated([1, 0, 0, 0, 1, 1, 1, 1], GROUPS)).high)
    assert FourFifths().measure(rated([0] * 8, GROUPS)).value is None
    equal = FourFifths().measure(rated([1, 1, 0, 0] * 2, GROUPS))
    assert (equal.value, flagged(equal.value)) == (1.0, False)
    assert equal.low < 1
    assert FourFifths().measure(rated(TAKEN, GROUPS, ["one"] * 8)).high is None
    assert not list(FourFifths.asked(rated([0.5, 1], "ab")))


@pytest.mark.parametrize(("rates", "size"), [((0.4, 0.5), 30), ((0.3,) * 6, 20)])
def test_four_fifths_seldom_calls_chance_a_finding(rates: tuple[float, ...], size: int):
    """At the threshold itself, and among six equal groups where the raw flag is nearly always up."""
    rng = np.random.default_rng(3)
    names = np.repeat(np.arange(len(rates)), size)
    found = [
        FourFifths(draws=1000, seed=i).measure(rated(rng.random(len(names)) < np.repeat(rates, size), names))
        for i in range(200)
    ]
    assert np.mean([flagged(one.value) for one in found]) > 0.4
    assert np.mean([supported(one.high) for one in found]) <= 0.06  # 2.5 % and three standard errors


def test_score_divergence_by_hand():
    # cells of .5: women .5 and .5, men .25 and .75: .5 ln(.5 / .25) + .5 ln(.5 / .75) = .5 ln(4 / 3)
    half = ScoreDivergence(width=0.5)
    sample = pool([0.1, 0.2, 0.6, 0.7, 0.1, 0.6, 0.7, 0.8], "wwwwmmmm")
    assert (half.measure(sample), half.dropped(sample)) == pytest.approx((0.5 * math.log(4 / 3), 0))
    # half of the women lie where no man does: that cell is dropped, .5 ln(.5 / 1) is left, and it is said
    partly = pool([0.1, 0.6, 0.1, 0.1], "wwmm")
    assert (half.measure(partly), half.dropped(partly)) == pytest.approx((0.5 * math.log(0.5), 0.5))
    apart = pool([0.1, 0.6], "wm")
    assert (defined(half.measure(apart)), half.dropped(apart)) == (None, 1.0)
    # .06 / .02 is 2.9999999999999996 or 3 by accident of binary fractions; both belong to cell 3
    assert ScoreDivergence(width=0.02).dropped(pool([0.06, 0.061], "wm")) == 0
    with pytest.raises(ValueError, match="above 0"):
        ScoreDivergence(width=0).measure(apart)
    assert ScoreDivergence().told(pool([1, 2], "wm", cell=0.2)) == "Kullback-Leibler divergence, cells of 0.2"


def test_wasserstein_by_hand_and_by_quantiles():
    assert WassersteinDistance().measure(pool([0, 1, 3, 5, 6, 8], "wwwmmm")) == pytest.approx(5)  # each moved by 5
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=50), rng.normal(1, 2, 50)
    found = WassersteinDistance().measure(pool(np.r_[a, b], "w" * 50 + "m" * 50))
    assert found == pytest.approx(np.abs(np.sort(a) - np.sort(b)).mean(), abs=1e-9)


def test_spread_bias_by_hand():
    # variances of 0, 4, 8, 4 and 1, 2, 3, 2: 32 / 3 and 2 / 3, ratio 16
    assert SpreadBias().measure(versions([0, 4, 8, 4], [1, 2, 3, 2])) == pytest.approx(math.log(16))
    assert defined(SpreadBias().measure(versions([1, 1, 1], [1, 2, 3]))) is None
    assert defined(SpreadBias().measure(versions([1, 2, 3], [0.1, 0.1, 0.1]))) is None
    assert defined(SpreadBias().measure(versions([1], [2]))) is None


def test_rank_after_scoring_by_hand():
    # the group is above in one of three, below in one, equal in one: (1 + 2 + 1.5) / 3
    assert RankAfterScoring().measure(versions([9, 4, 5], [7, 8, 5])) == pytest.approx(1.5)
    assert RankAfterScoring().measure(versions([1, 4, 5], [7, 8, 5])) == pytest.approx((2 + 2 + 1.5) / 3)
    assert not list(RankAfterScoring.asked(ORDER))  # different people have no two versions


@pytest.mark.parametrize(
    ("first", "second", "p", "expected"),
    [
        ("abc", "abc", 0.9, 1.0),
        ("abc", "def", 0.9, 0.0),
        # agreements 0, 1, 1: .5 (0 + .5 + .25) + .125
        ("abc", "bac", 0.5, 0.5),
        # agreements 1, 1, 2/3: .5 (1 + .5 + 1/6) + .125 * 2/3
        ("abc", "abd", 0.5, 0.5 * (1.5 + 1 / 6) + 0.125 * 2 / 3),
    ],
)
def test_rank_biased_overlap_by_hand(first, second, p, expected):
    assert overlap(first, second, p) == pytest.approx(expected)


def test_rank_biased_overlap_of_people():
    # three people: as both 3 2 1, and as the other 2 3 1: the first two change places
    assert RankBiasedOverlap(p=0.5).measure(versions([3, 2, 1], [2, 3, 1])) == pytest.approx(0.5)
    assert RankBiasedOverlap().measure(versions([3], [2])) is None
    for first, second, p in (("ab", "a", 0.9), ("aa", "ab", 0.9), ("ab", "ba", 1.0), ("", "", 0.9)):
        with pytest.raises(ValueError, match="got"):
            overlap(first, second, p)


def test_calibration_by_hand():
    # cell [.5, 1]: three rows, mean 1/3, mean confidence .8; cell [0, .5): one row, 0 against .2
    # (3 |1/3 - .8| + 1 |0 - .2|) / 4 = (1.4 + .2) / 4 = .4
    def of(right, stated, bins):
        return ExpectedCalibrationError(bins=bins).measure(
            Confident(np.array(right), np.array(stated), np.arange(len(right)))
        )

    assert of([1.0, 0, 0, 0], [0.9, 0.8, 0.7, 0.2], 2) == pytest.approx(0.4)
    assert of([1.0, 0], [1.0, 0], 10) == 0
    with pytest.raises(ValueError, match="divide percentages"):
        of([1.0, 0], [90.0, 10], 10)


def test_leakage_of_all_and_of_nothing():
    who, rng = [True] * 40 + [False] * 60, np.random.default_rng(0)
    told = pool(np.r_[np.zeros(40), np.ones(60)], who)
    assert Leakage().measure(told) == pytest.approx(1 - 0.6)
    # of one draw chance alone makes up to .1 either way, of the mean of twenty nothing
    assert np.mean([Leakage().measure(pool(rng.normal(size=(100, 3)), who)) for _ in range(20)]) <= 0.01
    few = Leakage().figure(Located(pool([1, 2, 3], "wwm")))
    assert (few.value, few.why) == (None, "a group has fewer cases than there are folds, or all scores are equal")


def test_leakage_keeps_a_case_on_one_side():
    # 20 cases with features of their own and one group each: seen on both sides, the case itself would be recognised
    rng = np.random.default_rng(5)
    cases, who = np.repeat(np.arange(20), 10), np.repeat(rng.permutation([0, 1] * 10), 10)
    features = np.eye(20)[cases]
    assert Leakage().measure(pool(features, who)) == pytest.approx(0.5)
    assert Leakage().measure(pool(features, who, cases=cases)) <= 0.1


def test_what_is_left_at_equal_merit_and_what_is_added_to_the_input():
    # women 2 below men in a score of 0 to 10, .1 below in merit: .2 of the range, .1 more than planted
    sample = pool([3, 5, 5, 7], "wwmm", merit=[0.2, 0.4, 0.3, 0.5], low=0.0, high=10.0)
    assert BiasAmplification().measure(sample) == pytest.approx(-0.2 + 0.1)
    # 10 times merit, less 1 for women: what is left is -1
    assert DifferenceAtEqualMerit().measure(sample) == pytest.approx(-1)
    assert not list(BiasAmplification.asked(pool([3, 5], "wm", merit=[20, 40], low=0.0, high=10.0)))
    assert not list(DifferenceAtEqualMerit.asked(versions([1], [2], [0.5])))


def test_how_well_scores_tell_by_hand():
    # accepted 3 and 2 against rejected 2 and 1: wins 3>2, 3>1, 2>1 and one tie: 3.5 of 4
    def graded(score, qualified, merit=None):
        unknown = np.full(len(score), np.nan) if merit is None else np.array(merit, dtype=float)
        return Graded(np.array(score, dtype=float), unknown, np.array(qualified, dtype=float), np.arange(len(score)))

    assert DecisionAuc().measure(graded([3, 2, 2, 1], [1, 1, 0, 0])) == pytest.approx(3.5 / 4)
    assert DecisionAuc().measure(graded([1, 2], [1, 1])) is None
    # ranks 1 2 3 4 against 2 1 4 3: squared distances 4, 1 - 6 x 4 / (4 x 15)
    assert MeritCorrelation().measure(graded([1, 2, 3, 4], [0] * 4, [2, 1, 4, 3])) == pytest.approx(0.6)
    assert MeritCorrelation().measure(graded([1, 2], [0, 1])) is None


def test_skew_size_by_hand():
    # V: case p 1 (answer is the attribute), q 0 (balanced), r 0; mean 1/3, m2 = 2/9, m3 = 2/27: skewness 1 / sqrt 2
    def of(answers):
        labels = np.repeat([0, 1, 2], 4)
        return SkewSize().measure(Answers(codes(answers, 12), codes("ab" * 6, 12), labels, labels))

    found = of("ynynyynnyynn")
    assert found.effects == pytest.approx({"0": 1, "1": 0, "2": 0})
    assert found.value == pytest.approx(1 / math.sqrt(2))
    silent = of("ynynyynnyyyy")  # one answer to the last: no effect to measure, two are too few
    assert (silent.effects["2"], silent.value) == (None, None)


def test_worst_group_by_hand():
    # groups of 4: means 0, 1, 2 and within each deviations +-1, so s = 12 / (12 - 3) = 4/3, s / n = 1/3
    # DerSimonian-Laird: Q = 3 (1 + 0 + 1) = 6, t = (6 - 2) / (9 - 27 / 9) = 2/3; B = (2/3) / (2/3 + 1/3) = 2/3
    values = [-1, 1, -1, 1, 0, 2, 0, 2, 1, 3, 1, 3, -9]
    names = ["f & old"] * 4 + ["f & young"] * 4 + ["m & old"] * 4 + ["m & young"]
    found = WorstGroup(n_min=4).measure(groups(values, names))
    assert (found.note, found.observed, found.value) == ("f & old", 0, pytest.approx(1 - 2 / 3))
    assert found.cells["m & old"].shrunken == pytest.approx(1 + 2 / 3)
    alone = found.cells["m & young"]
    assert (alone.n, alone.mean, alone.shrunken) == (1, -9, None)
    assert WorstGroup(n_min=4).measure(groups(values, names, better="lower")).note == "m & old"
    assert WorstGroup().figure(Located(groups(values, names))).value is None
    # equal means: everything is shrunken onto the common mean
    assert WorstGroup(n_min=2).measure(groups([0, 2, 0, 2], "aabb")).value == pytest.approx(1)
    # no noise within: nothing is shrunken
    assert WorstGroup(n_min=2).measure(groups([0, 0, 2, 2], "aabb")).value == 0


def test_four_fifths_holds_where_few_cases_differ_all_one_way():
    """Of 30 cases 24 choose both, three only the one: .889; the ends by trying every ratio with the bound itself."""
    one, other = np.r_[np.ones(24), np.zeros(3), np.zeros(3)], np.r_[np.ones(27), np.zeros(3)]
    value, group = np.r_[one, other], ["w"] * 30 + ["m"] * 30
    found = FourFifths().measure(rated(value.tolist(), group, [*range(30), *range(30)]))
    held = [t for t in np.linspace(0, 1, 401) if np.prod(dirichlet_bounds(one - t * other, -t, 1)) <= 0]
    assert found.value == pytest.approx(24 / 27)
    assert (found.low, found.high) == pytest.approx((min(held), max(held)), abs=0.003)
    assert found.low < 0.8
