"""Metrics of turns, of subjects and of counts against numbers worked out by hand."""

import math

import numpy as np
import pytest
from samples import NONE, counts, series, shifts, subjects
from scipy import stats

from simrun.score.metrics.accumulation import Accumulation
from simrun.score.metrics.anchoring_rate import AnchoringRate
from simrun.score.metrics.association_score import AssociationScore
from simrun.score.metrics.attack_success_rate import AttackSuccessRate
from simrun.score.metrics.conformity import Conformity
from simrun.score.metrics.cumulative_ratio import CumulativeRatio
from simrun.score.metrics.dirichlet_log_odds import DirichletLogOdds
from simrun.score.metrics.disagreement import Disagreement
from simrun.score.metrics.disagreement_change import DisagreementChange
from simrun.score.metrics.final_rate import FinalRate
from simrun.score.metrics.intraclass_correlation import IntraclassCorrelation
from simrun.score.metrics.krippendorff_alpha import KrippendorffAlpha
from simrun.score.metrics.late_emergence import LateEmergence
from simrun.score.metrics.mean_reciprocal_rank import MeanReciprocalRank
from simrun.score.metrics.odds_ratio import OddsRatio
from simrun.score.metrics.pairwise_kappa import PairwiseKappa
from simrun.score.metrics.re_emergence import ReEmergence
from simrun.score.metrics.score_shift import ScoreShift
from simrun.score.metrics.top_k_accuracy import TopKAccuracy
from simrun.score.metrics.turn_rate import TurnRate
from simrun.score.samples import Both, Located
from simrun.score.values import Anchored, Places

AT_3 = series(["0010"] * 2)
AT_2_AND_5 = series(["01001"] * 2)
REFUSES = series(["----"] * 3)


def by_turn(metric, sample):
    return [each.measure(sample) for each in metric.asked(sample)]


def test_known_answer_5_biased_at_turn_3_only():
    assert by_turn(TurnRate, AT_3) == [0, 0, 1, 0]
    assert by_turn(CumulativeRatio, AT_3) == [0, 0, 1, 1]
    assert (FinalRate().measure(AT_3), LateEmergence().measure(AT_3), ReEmergence().measure(AT_3)) == (0, 1, 0)


def test_known_answer_5_biased_at_2_and_5():
    assert by_turn(TurnRate, AT_2_AND_5) == [0, 1, 0, 0, 1]
    assert by_turn(CumulativeRatio, AT_2_AND_5) == [0, 1, 1, 1, 1]
    assert (FinalRate().measure(AT_2_AND_5), LateEmergence().measure(AT_2_AND_5)) == (1, 0)  # by turn 2 all had been
    assert ReEmergence().measure(AT_2_AND_5) == 1
    assert [each.measure(AT_2_AND_5) for each in AttackSuccessRate.asked(AT_2_AND_5)] == [2 / 5, 2 / 5]


def test_known_answer_5_one_that_always_refuses_has_no_rate_of_valid_replies():
    for metric in (TurnRate(), FinalRate(), CumulativeRatio(), AttackSuccessRate()):
        found = metric.figure(Located(REFUSES))
        assert (found.value, found.why) == (None, "nothing was observed")
    mixed = series(["--1", "---"])
    assert AttackSuccessRate(of="valid").measure(mixed) == 1
    assert AttackSuccessRate(of="all").measure(mixed) == pytest.approx(1 / 6)


def test_refusals_and_ends_are_in_no_rate():
    # turn 2: one biased of two valid; turn 3: one dialogue is left
    sample = series(["01", "0-", "000"])
    assert by_turn(TurnRate, sample) == [0, 1 / 2, 0]
    assert by_turn(CumulativeRatio, sample) == [0, 1 / 3, 1 / 3]
    assert FinalRate().measure(sample) == pytest.approx(1 / 3)
    assert ReEmergence().measure(series(["1-0-1", "101", "11"])) == pytest.approx(2 / 3)


def test_accumulation_by_hand():
    # after 1: 1, 0 (.5); after 0: 1, 0, 0 (1/3)
    assert Accumulation().measure(series(["110", "01", "000"])) == pytest.approx(1 / 2 - 1 / 3)
    assert Accumulation().measure(series(["000"])) is None


def test_a_difference_between_arms_is_of_the_same_pairs():
    both = Both(series(["1", "1", "0", "1"]), series(["0", "1", "0", "0"]))
    found = TurnRate().figure(Located(both, "biased", arm="a", reference="b"))
    assert (found.name, found.value, found.fair, found.worse) == ("rate at turn 1, difference", 0.5, 0, "higher")
    # one case left out at a time is the t interval of the differences 1 0 0 1: error sqrt(1/3 / 4), t of 3 degrees
    reach = stats.t.ppf(0.975, 3) * math.sqrt(1 / 12)
    assert (found.low, found.high) == pytest.approx((0.5 - reach, 1))  # no difference of rates is greater than 1


def test_disagreement_and_its_change_by_hand():
    # papers: 2 and 4 (sqrt 2), 5 alone (left out), 1 2 3 (1)
    assert Disagreement().measure(subjects([[2, 4, NONE], [5, NONE, NONE], [1, 2, 3]])) == pytest.approx(
        (math.sqrt(2) + 1) / 2
    )
    # 2 4 becomes 3 3: nothing is left
    assert DisagreementChange().measure(shifts([[2, 4]], [[3, 3]])) == -1
    assert DisagreementChange().measure(shifts([[3, 3]], [[3, 4]])) is None


def test_shift_and_conformity_by_hand():
    # 2 4 6 become 3 4 5: each moves by a third of the way to the mean of the others, 5 4 3
    sample = shifts([[2, 4, 6]], [[3, 4, 5]])
    assert Conformity().measure(sample) == pytest.approx(1 / 3)
    assert ScoreShift().measure(sample) == 0
    assert ScoreShift().measure(shifts([[2, 4]], [[3, None]])) == 1
    assert Conformity().measure(shifts([[3, 3]], [[4, 4]])) is None


def test_agreement_of_raters_by_hand():
    # papers 1 1, 3 3, 5 5 agree in all; 1 3, 3 1: between 0 and within 2: ICC -1
    assert IntraclassCorrelation().measure(subjects([[1, 1], [3, 3], [5, 5]])) == 1
    assert IntraclassCorrelation().measure(subjects([[1, 3], [3, 1]])) == -1
    # 1 1, 3 3, 5 7: MSB = 2 (9/... means 1 3 6, grand 10/3: 2 x (49 + 1 + 64) / 9 / 2 = 114 / 9; MSW = 2 / 3
    assert IntraclassCorrelation().measure(subjects([[1, 1], [3, 3], [5, 7]])) == pytest.approx(
        (114 / 9 - 2 / 3) / (114 / 9 + 2 / 3)
    )
    # observed: 2 x (1^2) / 4 x ... ratings 1 2, 4 4: ordered pairs (1 + 1) / 4 = .5; expected over 12 ordered pairs of
    # 1 2 4 4: 2 (1 + 9 + 9 + 4 + 4 + 0) / 12 = 4.5
    assert KrippendorffAlpha().measure(subjects([[1, 2], [4, 4]])) == pytest.approx(1 - 0.5 / 4.5)
    assert KrippendorffAlpha().measure(subjects([[1, 2], [4, 4], [9, NONE]])) == pytest.approx(1 - 0.5 / 4.5)
    assert KrippendorffAlpha().measure(subjects([[1, NONE]])) is None
    # x 1 3, y 1 5: (0 + 4) / 2 = 2 against all pairs (0 + 16 + 4 + 4) / 4 = 6
    assert PairwiseKappa().measure(subjects([[1, 1], [3, 5]])) == pytest.approx(1 - 2 / 6)
    assert PairwiseKappa().measure(subjects([[1, 1], [1, 1]])) is None


def test_places_of_the_truth_by_hand():
    # first, third, fourth, not named
    sample = Places(np.array([1.0, 3, 4, 0]), np.arange(4))
    assert TopKAccuracy().measure(sample) == 0.5
    assert TopKAccuracy(k=1).measure(sample) == 0.25
    assert TopKAccuracy().told(sample) == "truth among the first 3"
    assert MeanReciprocalRank().measure(sample) == pytest.approx((1 + 1 / 3 + 1 / 4) / 4)


def test_anchoring_is_among_the_wrong():
    sample = Anchored(np.array([1.0, 0, NONE, 0]), np.arange(4))  # the third was right
    assert AnchoringRate().measure(sample) == pytest.approx(1 / 3)
    right = AnchoringRate().figure(Located(Anchored(np.array([NONE]), np.arange(1))))
    assert right.value is None


def test_odds_ratio_by_hand():
    # (10 / 90) / (5 / 95) = 19 / 9
    assert OddsRatio().measure(counts(10, 100, 5, 100)).value == pytest.approx(19 / 9)
    assert OddsRatio().measure(counts(10, 100, 5, 100)).value == pytest.approx(
        stats.contingency.odds_ratio([[10, 90], [5, 95]], kind="sample").statistic
    )
    assert OddsRatio().measure(counts(0, 10, 5, 10)).value is None
    assert AssociationScore().measure(counts(10, 100, 5, 100)) == pytest.approx(0.1 - 0.05)


def test_association_is_the_iat_score():
    # N(a, X) 3 of 4, N(b, Y) 3 of 4: 3/4 + 3/4 - 1
    assert AssociationScore().measure(counts(3, 4, 1, 4)) == pytest.approx(0.5)
    assert AssociationScore().measure(counts(3, 4, 0, 0)) is None


def test_log_odds_of_words_by_hand():
    """10 and 5 of 100 each, prior 20 words: a = 20 x 15 / 200 = 1.5; 11.5 of 120 against 6.5 of 120."""
    by_hand = math.log(11.5 / 108.5) - math.log(6.5 / 113.5)
    assert DirichletLogOdds(strength=20).measure(counts(10, 100, 5, 100)) == pytest.approx(by_hand)
    found = DirichletLogOdds(strength=20).of(
        np.array([10.0, 90, 0]), np.float64(100), np.array([5.0, 95, 0]), np.float64(100)
    )
    assert found[:2] == pytest.approx([by_hand, -by_hand])
    assert np.isnan(found[2])
    with pytest.raises(ValueError, match="below 0"):
        DirichletLogOdds().measure(counts(-1, 3, 1, 3))
