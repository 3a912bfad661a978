"""Metrics of pairs and of judges against numbers worked out by hand, and all against other people's code on the same arrays."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from simrun.score.metrics.bias_amplification import bias_amplification
from simrun.score.metrics.covariate_balance import covariate_balance
from simrun.score.metrics.decision_agreement import decision_agreement
from simrun.score.metrics.decision_auc import decision_auc
from simrun.score.metrics.demographic_parity_difference import demographic_parity_difference
from simrun.score.metrics.demographic_parity_ratio import demographic_parity_ratio
from simrun.score.metrics.dose_slope import dose_slope
from simrun.score.metrics.equal_opportunity_difference import equal_opportunity_difference
from simrun.score.metrics.equalized_odds_difference import equalized_odds_difference
from simrun.score.metrics.evenhanded_share import evenhanded_share
from simrun.score.metrics.excess_flip_rate import excess_flip_rate
from simrun.score.metrics.exposure_ratio import exposure_ratio
from simrun.score.metrics.four_fifths import four_fifths
from simrun.score.metrics.group_mean import group_mean
from simrun.score.metrics.gwet_ac1 import gwet_ac1
from simrun.score.metrics.interaction import interaction
from simrun.score.metrics.judge_confusion import judge_confusion
from simrun.score.metrics.length_slope import length_slope
from simrun.score.metrics.manipulation_success import manipulation_success
from simrun.score.metrics.net_flip import net_flip
from simrun.score.metrics.odds_ratio import odds_ratio
from simrun.score.metrics.polarity_consistency import polarity_consistency
from simrun.score.metrics.position_consistency import position_consistency
from simrun.score.metrics.score_divergence import score_divergence
from simrun.score.metrics.selection_rate import selection_rate
from simrun.score.metrics.self_preference import self_preference
from simrun.score.metrics.signed_parity_difference import signed_parity_difference
from simrun.score.metrics.skew_size import skew_size
from simrun.score.metrics.standardised_difference import standardised_difference
from simrun.score.metrics.top_k_share import top_k_share
from simrun.score.metrics.worst_group import worst_group

# women 1 of 4 selected, men 3 of 4; qualified are the first two of each
GROUPS = list("wwwwmmmm")
TAKEN = [1, 0, 0, 0, 1, 1, 1, 0]
MERIT = [1, 1, 0, 0, 1, 1, 0, 0]


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
    silent = skew_size(
        attributes, list("ynynyynnyyyy"), labels
    )  # one answer to r: no effect to measure, two are too few
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


def test_excess_flips_by_hand():
    # swapped: flips in 3 of 4; the reference again: in 1 of 4; by pair 1 1 0 0, mean .5, deviation sqrt(1 / 3)
    found = excess_flip_rate(list("yyyn"), list("nnnn"), list("nnyn"), range(4))
    assert (found.value, found.n) == (0.5, 4)
    assert found.error == pytest.approx(math.sqrt(1 / 3 / 4))
    assert excess_flip_rate([], [], [], []).value is None
    with pytest.raises(ValueError, match="one length"):
        excess_flip_rate([1], [1], [1, 0], ["a"])


def test_self_preference_by_hand():
    # item p: own 8 against 5 and 7; q: own 6 and 8 against 6; r has no text of its own model: (2 + 1) / 2
    scores, own, items = [8, 5, 7, 6, 8, 6, 9], [1, 0, 0, 1, 1, 0, 0], list("pppqqqr")
    found = self_preference(scores, own, items)
    assert (found.value, found.n, found.clusters) == (1.5, 2, 2)
    # people gave its own texts 2 more in p and 1 more in q: nothing is left
    assert self_preference(scores, own, items, [8, 6, 6, 7, 7, 6, 1]).value == 0
    assert self_preference([1, 2], [1, 1], ["p", "q"]).value is None


def test_covariate_balance_by_hand():
    # frequencies 1 2 3 and 3 4 5: difference -2, both variances 1; tokens 2 2 2 and 2 2 2 do not vary
    found = covariate_balance({"frequency": [1, 2, 3, 3, 4, 5], "tokens": [2] * 6}, list("bbbwww"), "w")
    assert found == {"frequency": {"b": pytest.approx(-2)}, "tokens": {"b": None}}
    assert covariate_balance({"class": [0, 1, 1]}, list("bbw"), "w") == {"class": {"b": None}}
    with pytest.raises(ValueError, match="not among"):
        covariate_balance({"class": [0, 1]}, list("bw"), "x")


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
    assert demographic_parity_difference(taken, groups) == pytest.approx(
        max(rates.values()) - min(rates.values()), **near
    )
    assert demographic_parity_ratio(taken, groups) == pytest.approx(min(rates.values()) / max(rates.values()), **near)
    assert four_fifths(taken, groups, draws=10).ratio == pytest.approx(
        fairlearn.demographic_parity_ratio(merit, taken, sensitive_features=groups), **near
    )
    confusion = judge_confusion(taken, merit, groups)
    assert equal_opportunity_difference(taken, merit, groups) == pytest.approx(confusion.tpr_gap, **near)
    assert equalized_odds_difference(taken, merit, groups) == pytest.approx(
        max(confusion.tpr_gap, confusion.fpr_gap), **near
    )
    frame = fairlearn.MetricFrame(
        metrics=fairlearn.false_positive_rate, y_true=merit, y_pred=taken, sensitive_features=groups
    )
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
    assert standardised_difference(scores, merit) == pytest.approx(
        stats.ttest_1samp(difference, 0).statistic / math.sqrt(200), **near
    )
    words = rng.integers(5, 500, 200)
    assert length_slope(scores, words) == pytest.approx(np.polyfit(np.log(words), scores, 1)[0], **near)


def test_listing_metrics_loads_no_library_that_computes_them():
    code = "import sys; from simrun.catalogue import metrics; metrics(); print({'fairlearn', 'sklearn', 'statsmodels', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
