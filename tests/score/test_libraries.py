"""Our figures against other people's code on the same arrays."""

import math

import numpy as np
import pytest
from samples import codes, decided, groups, judged, pairs, pool, rated, subjects
from scipy import stats

from simrun.score.crossed import Doses
from simrun.score.metrics.cohen_kappa import CohenKappa
from simrun.score.metrics.decision_auc import DecisionAuc
from simrun.score.metrics.demographic_parity_difference import DemographicParityDifference
from simrun.score.metrics.dose_slope import DoseSlope
from simrun.score.metrics.equal_opportunity_difference import EqualOpportunityDifference
from simrun.score.metrics.equalized_odds_difference import EqualizedOddsDifference
from simrun.score.metrics.false_positive_difference import FalsePositiveDifference
from simrun.score.metrics.four_fifths import FourFifths
from simrun.score.metrics.group_difference import GroupDifference
from simrun.score.metrics.impact_ratio import ImpactRatio
from simrun.score.metrics.intraclass_correlation import IntraclassCorrelation
from simrun.score.metrics.jaccard import Jaccard
from simrun.score.metrics.judge_confusion import JudgeConfusion
from simrun.score.metrics.judge_kappa import JudgeKappa
from simrun.score.metrics.krippendorff_alpha import KrippendorffAlpha
from simrun.score.metrics.length_slope import LengthSlope
from simrun.score.metrics.net_flip import NetFlip
from simrun.score.metrics.pairwise_kappa import PairwiseKappa
from simrun.score.metrics.skew_size import SkewSize
from simrun.score.metrics.standardised_difference import StandardisedDifference
from simrun.score.values import Answers, Graded

NEAR = {"abs": 1e-9, "rel": 1e-9}


@pytest.fixture(params=range(5))
def drawn(request) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(request.param)
    taken, other, merit = rng.integers(0, 2, (3, 200)).astype(float)
    scores = rng.normal(size=200)
    return {"taken": taken, "other": other, "merit": merit, "scores": scores, "group": rng.choice(list("abc"), 200)}


def test_group_fairness_is_fairlearns(drawn):
    fairlearn = pytest.importorskip("fairlearn.metrics")
    taken, merit, group = (drawn[name] for name in ("taken", "merit", "group"))
    several = {"sensitive_features": group}
    assert DemographicParityDifference().measure(rated(taken, group)) == pytest.approx(
        fairlearn.demographic_parity_difference(merit, taken, **several), **NEAR
    )
    assert FourFifths(draws=10).measure(rated(taken, group)).value == pytest.approx(
        fairlearn.demographic_parity_ratio(merit, taken, **several), **NEAR
    )
    member = group == "a"
    two, sample = {"sensitive_features": member}, decided(taken, member, merit)
    assert abs(GroupDifference().measure(sample)) == pytest.approx(
        fairlearn.demographic_parity_difference(merit, taken, **two), **NEAR
    )
    ratio = ImpactRatio().measure(sample)
    assert min(ratio, 1 / ratio) == pytest.approx(fairlearn.demographic_parity_ratio(merit, taken, **two), **NEAR)
    for metric, oracle in (
        (EqualOpportunityDifference(), fairlearn.true_positive_rate_difference),
        (FalsePositiveDifference(), fairlearn.false_positive_rate_difference),
        (EqualizedOddsDifference(), fairlearn.equalized_odds_difference),
    ):
        assert abs(metric.measure(sample)) == pytest.approx(oracle(merit, taken, **two), **NEAR)
    frame = fairlearn.MetricFrame(metrics=fairlearn.false_positive_rate, y_true=merit, y_pred=taken, **several)
    rates = JudgeConfusion(of="false positive").rates(judged(taken, merit, group))
    assert rates == pytest.approx(frame.by_group.to_dict(), **NEAR)


def test_agreement_is_scikit_learns_and_statsmodels(drawn):
    from sklearn import metrics as sklearn
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.inter_rater import cohens_kappa

    taken, other = drawn["taken"], drawn["other"]
    table = [[np.sum((taken == i) & (other == j)) for j in (0, 1)] for i in (0, 1)]
    sample = pairs(taken, other)
    assert NetFlip().measure(sample).p == pytest.approx(mcnemar(table, exact=True).pvalue, **NEAR)
    assert CohenKappa().measure(sample) == pytest.approx(cohens_kappa(table).kappa, **NEAR)
    assert JudgeKappa().measure(judged(taken, other)) == pytest.approx(sklearn.cohen_kappa_score(taken, other), **NEAR)
    assert Jaccard().measure(sample) == pytest.approx(sklearn.jaccard_score(taken, other), **NEAR)
    ratings = np.random.default_rng(1).integers(1, 6, (50, 2))
    assert PairwiseKappa().measure(subjects(ratings)) == pytest.approx(
        sklearn.cohen_kappa_score(*ratings.T, weights="quadratic"), **NEAR
    )


def test_how_well_scores_tell_is_scikit_learns(drawn):
    from sklearn.metrics import roc_auc_score

    taken, scores = drawn["taken"], np.round(drawn["scores"], 1)  # with ties
    sample = Graded(scores, np.full(200, np.nan), taken, np.arange(200))
    assert DecisionAuc().measure(sample) == pytest.approx(roc_auc_score(taken, scores), **NEAR)


def test_slopes_are_scipys_and_scikit_learns(drawn):
    from sklearn.isotonic import IsotonicRegression

    effect, dose = drawn["scores"], np.random.default_rng(0).integers(0, 4, 200).astype(float)
    found = DoseSlope().measure(Doses(effect, dose, np.arange(200)))
    assert found.value == pytest.approx(stats.linregress(dose, effect).slope, **NEAR)
    curve = IsotonicRegression(increasing=found.value >= 0)
    assert found.isotonic_r2 == pytest.approx(curve.fit(dose, effect).score(dose, effect), **NEAR)
    words = np.random.default_rng(1).integers(5, 500, 200)
    assert LengthSlope().measure(judged(effect, words=words)) == pytest.approx(
        np.polyfit(np.log(words), effect, 1)[0], **NEAR
    )


def test_the_standardised_difference_is_a_t_statistic(drawn):
    sample = pairs(drawn["scores"], drawn["merit"], low=None, high=None)
    oracle = stats.ttest_1samp(drawn["scores"] - drawn["merit"], 0).statistic / math.sqrt(200)
    assert StandardisedDifference().measure(sample) == pytest.approx(oracle, **NEAR)


def test_skew_size_is_scipys(drawn):
    from scipy.stats.contingency import association, crosstab

    label, answer, attribute = np.repeat(np.arange(10), 20), drawn["taken"], drawn["group"]
    found = SkewSize().measure(Answers(answer.astype(int), codes(attribute, 200), label, label))
    effects = [
        association(np.asarray(crosstab(attribute[label == at], answer[label == at]).count), method="cramer")
        for at in range(10)
    ]
    assert list(found.effects.values()) == pytest.approx(effects, **NEAR)
    assert found.value == pytest.approx(float(stats.skew(effects)), **NEAR)


def test_icc_is_an_analysis_of_variance():
    rng = np.random.default_rng(2)
    ratings = rng.normal(size=(30, 4)) + rng.normal(size=(30, 1))
    f = stats.f_oneway(*ratings).statistic
    assert IntraclassCorrelation().measure(subjects(ratings)) == pytest.approx((f - 1) / (f + 3), **NEAR)


def test_krippendorffs_published_example():
    """The example of reliability data with missing ratings of Hayes and Krippendorff: interval alpha .849."""
    none = float("nan")
    coders = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3],
        [none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none],
    ]
    assert KrippendorffAlpha().measure(subjects(np.array(coders).T)) == pytest.approx(0.849, abs=5e-4)


def test_two_groups_are_the_smallest_several(drawn):
    member = drawn["group"] == "a"
    one, several = pool(drawn["scores"], member), groups(drawn["scores"], member)
    assert DemographicParityDifference().measure(several) == pytest.approx(abs(GroupDifference().measure(one)), **NEAR)
